"""Outcomes about sessions as wholes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....store.records import BranchRecord, CursorRecord, SessionRecord, SessionSummary
from .base import Result, names_of


@dataclass(frozen=True, slots=True)
class SessionList(Result):
    """The sessions of the store, newest used first. `current`: the one commands act on."""

    kind: ClassVar[str] = "sessions"
    table: ClassVar[str] = "sessions"
    columns: ClassVar[tuple[str, ...]] = names_of(SessionSummary)
    sessions: tuple[SessionSummary, ...]
    current: str | None


@dataclass(frozen=True, slots=True)
class SessionShown(Result):
    """A session: what must match for it to be resumed, and where it stands."""

    kind: ClassVar[str] = "session"
    record: SessionRecord
    cursor: CursorRecord
    branches: tuple[BranchRecord, ...]
    steps: int
    pending: int


@dataclass(frozen=True, slots=True)
class SessionChanged(Result):
    """A session was "created", "opened", "renamed" (`was` the old name) or "deleted"."""

    kind: ClassVar[str] = "session-change"
    action: str
    name: str
    was: str | None = None
    steps: int = 0
