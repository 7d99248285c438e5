"""Brings a store file to this version's schema, with a backup copy first.

The version is read with a plain query; alembic is imported only when there is something to do.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from ..errors import StoreError
from .connection import WRITES, driver_of
from .failures import BUSY_TIMEOUT_S
from .schema import APPLICATION_ID

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chain:
    """The migrations there are.

    Attributes:
        location: Alembic's script location.
        revisions: Their ids, oldest first.
    """

    location: str
    revisions: tuple[str, ...]

    @property
    def head(self) -> str:
        """The revision this version reads and writes."""
        return self.revisions[-1]


RELEASED = Chain(f"{__package__}:migrations", ("0001", "0002", "0003"))
"""The migrations in the package; a test compares the ids with the files."""


def revision(connection: Connection, path: Path, chain: Chain) -> str | None:
    """The schema revision of a file; None where it is empty.

    Raises:
        StoreError: Another program's file, or one of a newer romebench.
    """
    tables = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).scalars()
    names = set(tables)
    if not names:
        return None
    application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    if application != APPLICATION_ID or "alembic_version" not in names:
        raise StoreError(
            f"the store {path} is an SQLite file of another program",
            "Name another file, or move this one away.",
        )
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    if len(found) != 1:
        raise StoreError(
            f"the store {path} names {len(found)} schema versions instead of one",
            "Put back a backup copy from its folder.",
        )
    if found[0] not in chain.revisions:
        raise StoreError(
            f"the store {path} was written by a newer romebench "
            f"(schema {found[0]}; this one knows {chain.head})",
            "Update romebench, or name another store.",
        )
    return str(found[0])


def require_head(current: str | None, path: Path, chain: Chain) -> None:
    """Refuses to read a file that would have to be migrated first.

    Raises:
        StoreError: The file is empty or of an older schema.
    """
    if current is None:
        raise StoreError(f"the store {path} is empty", "The first edit fills it.")
    if current != chain.head:
        raise StoreError(
            f"the store {path} has the older schema {current}; this romebench reads {chain.head}",
            "Open it once for writing: that migrates it, and keeps a backup copy.",
        )


def upgrade(engine: Engine, path: Path, chain: Chain) -> None:
    """Migrates the file to the head in one transaction, or leaves it as it was.

    Foreign keys are off meanwhile (rebuilding a table would cascade) and checked before the
    commit. A file that holds anything is first copied beside itself.

    Raises:
        StoreError: The result breaks a foreign key, or the copy or the migration can't be written.
    """
    with engine.connect() as connection:
        driver = driver_of(connection)
        # Without effect inside a transaction, so on the driver before SQLAlchemy begins one.
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            connection = connection.execution_options(**{WRITES: True})
            with connection.begin():
                current = revision(connection, path, chain)
                if current == chain.head:  # Another process was quicker.
                    return
                if current is not None:
                    _log.info("migrating; the old store is kept as %s", _backup(path, current))
                _run(connection, chain)
                _check_foreign_keys(connection, path)
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _run(connection: Connection, chain: Chain) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", chain.location.replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, chain.head)


def _check_foreign_keys(connection: Connection, path: Path) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise StoreError(
            f"the store {path} can't be migrated: {len(broken)} rows of {broken[0][0]} point to "
            "rows that don't exist",
            "The file is as it was. Please report this with the output of `romebench doctor`.",
        )


def _backup(path: Path, current: str) -> Path:
    """Copies the file beside itself, under its final name only when it is whole."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    target = path.with_name(f"{path.name}.{current}-{stamp}.backup")
    part = target.with_name(target.name + ".part")
    try:
        _copy(path, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _copy(path: Path, target: Path) -> None:
    source = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
    try:
        copy = sqlite3.connect(target)
        try:
            source.backup(copy)
            # A copy that needs no second file beside it, wherever it is taken.
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
    finally:
        source.close()
