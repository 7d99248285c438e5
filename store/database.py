"""The open store file: connections, their pragmas, and read and write transactions.

Knows no tables and no records: what is read and written is the repository's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection, Engine

from ..errors import StoreError
from . import migrate
from .connection import WRITES, make_engine, prefer_wal
from .failures import named, opening

_MAGIC = b"SQLite format 3\0"


class Database:
    """A store file that is open and of this version's schema.

    Safe to share between threads: every transaction takes a connection of its own from a pool, and
    readers never wait for a writer (but with the DELETE journal, where WAL can't be had).

    Attributes:
        path: The file.
        read_only: Whether writing is refused.
    """

    def __init__(self, path: Path, engine: Engine, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._engine = engine

    @classmethod
    def open(
        cls, path: Path, *, read_only: bool = False, migrations: migrate.Chain = migrate.RELEASED
    ) -> Database:
        """Opens the file, making it (and its folder) or migrating it where that is needed.

        Args:
            path: The store file.
            read_only: Change nothing in the file, which must exist. Where the folder is writable
                SQLite may leave its (empty) `-wal` and `-shm` files beside it.
            migrations: The chain of migrations; another than the released one only in tests.

        Raises:
            StoreError: The file is missing (read-only), no SQLite file, another program's, of a
                newer schema, not readable or writable, busy, damaged, or the disk is full.
        """
        path = Path(path).resolve()
        with opening(path):
            _check_file(path, must_exist=read_only)
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            database = cls(path, make_engine(path, read_only=read_only), read_only=read_only)
            try:
                database._prepare(migrations)
            except BaseException:
                database.close()
                raise
        return database

    def _prepare(self, migrations: migrate.Chain) -> None:
        with self.read() as connection:
            current = migrate.revision(connection, self.path, migrations)
        if self.read_only:
            migrate.require_head(current, self.path, migrations)
            return
        prefer_wal(self._engine)
        if current != migrations.head:
            migrate.upgrade(self._engine, self.path, migrations)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: everything inside sees one state of the file.

        Raises:
            StoreError: The file can't be read.
        """
        with named(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction (BEGIN IMMEDIATE): committed whole at the end, or not at all.

        Raises:
            StoreError: Opened read-only, not writable, busy for too long, or the disk is full.
        """
        if self.read_only:
            raise StoreError(
                f"the store {self.path} is open read-only", "Open it for writing to change it."
            )
        with named(self.path), self._engine.connect() as connection:
            connection = connection.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection

    def check(self) -> tuple[str, ...]:
        """What is wrong with the file, in SQLite's words: pages, indexes, foreign keys.

        Reads the whole file. Empty where all is well.
        """
        with self.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
            problems = [line for line in pages if line != "ok"]
            for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
                problems.append(f"row {row[1]} of {row[0]} points to a missing row of {row[2]}")
        return tuple(problems)

    def close(self) -> None:
        """Closes every connection; the last one folds the write-ahead log into the file."""
        self._engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _check_file(path: Path, *, must_exist: bool) -> None:
    """Refuses what can't be a store before SQLite touches it."""
    if path.is_dir():
        raise StoreError(f"the store {path} is a folder", "Name a file in it.")
    if not path.exists():
        if must_exist:
            raise StoreError(f"there is no store at {path}", "The first edit makes it.")
        return
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    if head not in (b"", _MAGIC):
        raise StoreError(
            f"the store {path} is no SQLite file", "Name another file, or move this one away."
        )
