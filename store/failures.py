"""What SQLite and the file system complain about, in words a user can act on."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ..errors import StoreError

BUSY_TIMEOUT_S = 5.0
"""How long a write waits for another process's write before it gives up, in seconds."""

_FULL = "Nothing was half written. Make room on the disk, or move the store with ROMEBENCH_HOME."
_WRITABLE = "Check the permissions of the file and its folder; reading needs no writing rights."
_DAMAGED = "Copy the file away before anything else; `sqlite3 FILE .recover` saves what is left."
_BUSY = "Try again, or close the other romebench; nothing was written."

_KNOWN: dict[str, tuple[str, str]] = {
    "SQLITE_FULL": ("the disk is full", _FULL),
    "SQLITE_BUSY": (f"another process has been writing for over {BUSY_TIMEOUT_S:g} s", _BUSY),
    "SQLITE_LOCKED": (f"another process has been writing for over {BUSY_TIMEOUT_S:g} s", _BUSY),
    "SQLITE_READONLY": ("it is not writable", _WRITABLE),
    "SQLITE_CANTOPEN": ("it can't be opened", _WRITABLE),
    "SQLITE_PERM": ("it can't be opened", _WRITABLE),
    "SQLITE_AUTH": ("it can't be opened", _WRITABLE),
    "SQLITE_NOTADB": ("it is no SQLite file", "Name another file, or move this one away."),
    "SQLITE_CORRUPT": ("the file is damaged", _DAMAGED),
    "SQLITE_IOERR": ("reading or writing it failed", "Check the disk, then try again."),
}


def primary_name(error: sqlite3.Error) -> str:
    """The primary result code's name, "SQLITE_BUSY" for "SQLITE_BUSY_SNAPSHOT" too."""
    name: str = getattr(error, "sqlite_errorname", None) or ""
    return "_".join(name.split("_")[:2])


def from_sqlite(path: Path, error: sqlite3.Error) -> StoreError | None:
    """The named failure behind an SQLite error; None where it is a defect of ours."""
    known = _KNOWN.get(primary_name(error))
    if known is None:
        return None
    what, hint = known
    return StoreError(f"the store {path}: {what} ({error})", hint)


def from_os(path: Path, error: OSError, what: str = "the store") -> StoreError:
    """The named failure behind a file system error."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"{what} {path}: the disk is full ({error.strerror})", _FULL)
    reason = error.strerror or str(error)
    return StoreError(f"{what} {path}: {reason.lower()}", _WRITABLE)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Turns SQLite's errors inside the block into `StoreError` for `path`.

    Raises:
        StoreError: Naming the path, the cause and the way out. Errors that only a defect of ours
            can cause (broken constraints, wrong SQL) go through as they are.
    """
    try:
        yield
    except DBAPIError as error:
        known = from_sqlite(path, error.orig) if isinstance(error.orig, sqlite3.Error) else None
        if known is None:
            raise
        raise known from error
    except sqlite3.Error as error:
        known = from_sqlite(path, error)
        if known is None:
            raise
        raise known from error
    except PoolTimeoutError as error:
        raise StoreError(f"the store {path}: no free connection", _BUSY) from error
    except UnicodeEncodeError as error:
        bad = error.object[error.start : error.end]
        raise StoreError(
            f"the store can't keep {bad!r}: it is no valid text", "Retype the text in UTF-8."
        ) from error


@contextmanager
def opening(path: Path, what: str = "the store") -> Iterator[None]:
    """`named`, and the file system's errors too: folders are made and files copied inside.

    Raises:
        StoreError: Naming the path, the cause and the way out.
    """
    try:
        with named(path):
            yield
    except OSError as error:
        raise from_os(path, error, what) from error
