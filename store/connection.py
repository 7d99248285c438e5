"""How SQLite is opened: pragmas, journal, and who begins a transaction.

Knows the driver; knows no tables.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from ..errors import StoreError
from .failures import BUSY_TIMEOUT_S, primary_name

_log = logging.getLogger(__name__)

WRITES = "romebench_writes"
"""Execution option of a connection whose transactions begin with BEGIN IMMEDIATE."""


def make_engine(path: Path, *, read_only: bool) -> Engine:
    """An engine over the file whose transactions are begun by us, not by the driver."""
    immutable = read_only and _needs_immutable(path)

    def connect() -> sqlite3.Connection:
        query = "mode=ro&immutable=1" if immutable else "mode=ro" if read_only else "mode=rwc"
        connection = sqlite3.connect(
            f"{path.as_uri()}?{query}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _needs_immutable(path: Path) -> bool:
    """Whether SQLite must be told that nobody writes: a WAL file whose folder can't be written.

    SQLite wants to make its `-wal` and `-shm` files beside such a file even to read it. With no
    log to take account of, the file alone is the whole truth.

    Raises:
        StoreError: A log is there but can't be read without writing beside it.
    """
    probe = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
    try:
        probe.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        if primary_name(error) not in ("SQLITE_CANTOPEN", "SQLITE_READONLY"):
            raise
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise StoreError(
                f"the store {path} has an unfinished log beside it and its folder is not writable",
                f"Copy {path.name} and {log.name} into a folder of your own and open that.",
            ) from error
        return os.access(path, os.R_OK)
    finally:
        probe.close()
    return False


def prefer_wal(engine: Engine) -> None:
    """Write-ahead log where the file system can, else the DELETE journal."""
    with engine.connect() as connection:
        driver = driver_of(connection)
        try:
            mode = driver.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if primary_name(error) in ("SQLITE_BUSY", "SQLITE_LOCKED"):
                # Another process has it open, so the mode is settled already.
                return
            if primary_name(error) in ("SQLITE_READONLY", "SQLITE_FULL"):
                raise
            _log.warning("no write-ahead log here (%s); using the DELETE journal", error)
            mode = driver.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        _log.debug("journal mode %s", mode)


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, for what must happen outside a transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
