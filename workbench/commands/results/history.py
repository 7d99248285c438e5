"""Outcomes of moving about in a history and of looking at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ....store.records import BranchRecord, CursorRecord, Json, OperationRecord, StepLine
from .base import Result, names_of, plain


@dataclass(frozen=True, slots=True)
class Moved(Result):
    """The cursor went from one step to another.

    Attributes:
        action: "undo", "redo" or "goto".
        steps: The steps left (undo) or entered (redo, goto), in the order they were crossed.
        depth: Steps between the base and the cursor now.
        weight_sha256: Weight hash the model has there.
    """

    kind: ClassVar[str] = "move"
    action: str
    session: str
    before: CursorRecord
    after: CursorRecord
    steps: tuple[int, ...]
    depth: int
    weight_sha256: str


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch in a list. `depth`: steps from the base to its tip."""

    name: str
    tip: int
    depth: int
    current: bool
    created_at: str


@dataclass(frozen=True, slots=True)
class Branches(Result):
    """The branches of a session."""

    kind: ClassVar[str] = "branches"
    table: ClassVar[str] = "branches"
    session: str
    branches: tuple[BranchLine, ...]


@dataclass(frozen=True, slots=True)
class BranchChanged(Result):
    """A branch was made ("created") or has a new name ("renamed", `was` the old one)."""

    kind: ClassVar[str] = "branch"
    session: str
    action: str
    name: str
    tip: int
    was: str | None = None

    def rows(self) -> Sequence[Json]:
        """The branch alone."""
        return [plain(self)]


@dataclass(frozen=True, slots=True)
class HistoryLog(Result):
    """The steps of a session as a tree.

    Attributes:
        steps: In order of their numbers; the newest of `total`.
    """

    kind: ClassVar[str] = "log"
    table: ClassVar[str] = "steps"
    columns: ClassVar[tuple[str, ...]] = names_of(StepLine)
    session: str
    model: str
    cursor: CursorRecord
    branches: tuple[BranchRecord, ...]
    steps: tuple[StepLine, ...]
    total: int


@dataclass(frozen=True, slots=True)
class OperationLog(Result):
    """The operations of a session, newest last; the newest of `total`."""

    kind: ClassVar[str] = "operations"
    table: ClassVar[str] = "operations"
    columns: ClassVar[tuple[str, ...]] = names_of(OperationRecord)
    session: str
    operations: tuple[OperationRecord, ...]
