"""The session store: SQLite through SQLAlchemy. Takes and gives plain records; knows no tensors.

`Database` is the open file, `Repository` what can be done with it, `WriterLock` the right to write
to one session. They are imported on first use, so that `romebench.store.records` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .database import Database
    from .lock import WriterLock
    from .repository import Repository

__all__ = ["Database", "Repository", "WriterLock"]

_HOMES = {"Database": "database", "Repository": "repository", "WriterLock": "lock"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
