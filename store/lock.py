"""The right to write to one session: a file lock that the system takes back when its holder dies.

Knows no tables. The file under `locks/` says who holds it, for the message the second one gets.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from ..errors import SessionBusyError, StoreError
from .codec import utc_now
from .failures import opening

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FOLDER = "locks"
"""The folder beside the store file that the locks lie in."""

_LOCKED_BYTE = 1 << 30
"""Windows locks are of bytes nobody else can read, so one far past the text is locked."""

_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who writes to a session. `since` is ISO 8601 in UTC."""

    pid: int
    host: str
    since: str


class WriterLock:
    """One writer for one session, over all processes and within this one.

    Args:
        store_path: The store file.
        session_uid: The session's random identity.
        name: The session's name, for the message.
    """

    def __init__(self, store_path: Path, session_uid: str, name: str = "") -> None:
        self.path = Path(store_path).resolve().parent / FOLDER / f"{session_uid}.lock"
        self._name = f"the session '{name}'" if name else "this session"
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def acquire(self) -> None:
        """Takes the lock; does nothing where this object holds it already.

        Raises:
            SessionBusyError: Another holds it; the message names its process and host.
            StoreError: The lock file can't be made.
        """
        if self._file is not None:
            return
        with opening(self.path, "the lock"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                self._take(file)
                _write(file, Holder(os.getpid(), socket.gethostname(), utc_now()))
            except BaseException:
                os.close(file)
                raise
        self._file = file

    def _take(self, file: int) -> None:
        try:
            _lock(file)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise StoreError(
                    f"{self.path} can't be locked: {error.strerror}",
                    "Move the store to a local disk with ROMEBENCH_HOME.",
                ) from error
            raise SessionBusyError(
                f"{self._name} is being written by {_words(_read(file))}",
                "End it there, or open the session read-only.",
            ) from error

    def release(self) -> None:
        """Gives the lock back; does nothing where it isn't held."""
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            os.ftruncate(file, 0)
            _unlock(file)
        finally:
            os.close(file)

    def __enter__(self) -> WriterLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _lock(file: int) -> None:
    if sys.platform == "win32":
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(file: int) -> None:
    if sys.platform == "win32":
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_UN)


def _write(file: int, holder: Holder) -> None:
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, json.dumps(asdict(holder)).encode())


def _read(file: int) -> Holder | None:
    """Who wrote into the lock file; None in the moment before they did."""
    os.lseek(file, 0, os.SEEK_SET)
    try:
        return Holder(**json.loads(os.read(file, 4096)))
    except (ValueError, TypeError):
        return None


def _words(holder: Holder | None) -> str:
    if holder is None:
        return "another process"
    return f"process {holder.pid} on {holder.host}, since {holder.since[:19]} UTC"
