"""Writing a file whole or not at all. Knows nothing of what is in it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import RomebenchError, StoreError, UsageError

_USERS = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG)
"""Causes that another path cures; the rest are the disk's."""


@contextmanager
def whole_file(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A file that appears at `path` when the block ends well, and never in part.

    It is written beside its place under another name, brought to the disk and renamed.

    Args:
        path: Where it goes.
        force: Put it in the place of a file that is there.

    Raises:
        UsageError: There is a file already and `force` is off, or the path can't be written.
        StoreError: The disk is full or fails; nothing is left behind.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file in it")
    if not force and path.exists():
        raise UsageError(f"there is a file {path} already", "--force writes over it")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise _named(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink()


def _named(path: Path, error: OSError) -> RomebenchError:
    reason = (error.strerror or str(error)).lower()
    if error.errno in _USERS:
        return UsageError(f"can't write {path}: {reason}", "name a file in a folder you can write")
    return StoreError(f"can't write {path}: {reason}", "nothing was left behind; make room")
