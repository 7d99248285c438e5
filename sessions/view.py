"""A session as it stands in the store, for reading: its record, history and all that was recorded.

Knows no model and writes nothing; works while another process writes. Never imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import StoreError
from ..store.records import (
    BASE,
    BranchRecord,
    CursorRecord,
    GenerationRecord,
    MeasurementRecord,
    OperationRecord,
    QueueRecord,
    SessionRecord,
    StepLine,
    StepRecord,
)
from .history import History, Node

if TYPE_CHECKING:
    from ..store.repository import Repository


class SessionView:
    """One session of the store, read.

    Args:
        repository: The store it is in.
        record: The session.

    Attributes:
        repository: The store it is in.
        history: Its tree, branches and cursor, as they stand in the store.

    Raises:
        StoreError: The stored history is damaged.
    """

    def __init__(self, repository: Repository, record: SessionRecord) -> None:
        self.repository = repository
        self._record = record
        self._lines: dict[int, StepLine] = {}
        self.history = self._read()

    @property
    def record(self) -> SessionRecord:
        """What the session was made with."""
        return self._record

    @property
    def cursor(self) -> CursorRecord:
        """Where the session stands."""
        return self.history.cursor

    @property
    def verdict(self) -> str:
        """The verdict of the cursor's step; empty at the base."""
        line = self._lines.get(self.cursor.step)
        return line.verdict if line else ""

    @property
    def weight_sha256(self) -> str:
        """The recorded hash of the edited weight at the cursor."""
        return self.weight_sha256_at(self.cursor.step)

    def weight_sha256_at(self, step: int) -> str:
        """The recorded hash of the edited weight at a step."""
        if step == BASE:
            return self._record.base_weight_sha256
        return self._lines[self.history.node(step).step].weight_sha256

    def path_weights(self, step: int) -> list[tuple[int, str]]:
        """The path from the base to a step: each step's number and the weight it edits."""
        return [(number, self._lines[number].weight_name) for number in self.history.path(step)]

    def refresh(self) -> None:
        """Read again what another process may have written.

        Raises:
            StoreError: The session is gone, or its history is damaged.
        """
        self.history = self._read()

    def branches(self) -> list[BranchRecord]:
        """The branches, oldest first."""
        return self.repository.branches(self._record.id)

    def lines(self) -> list[StepLine]:
        """Every step in short, in the order of their numbers."""
        return list(self._lines.values())

    def step(self, number: int) -> StepRecord:
        """All that is recorded of a step.

        Raises:
            StoreError: There is no such step.
        """
        return self.repository.step(self._record.id, number)

    def records(self, numbers: Sequence[int]) -> list[StepRecord]:
        """All that is recorded of several steps, in the order asked for.

        Raises:
            StoreError: There is no such step.
        """
        return list(self.repository.steps(self._record.id, numbers))

    def operations(self, limit: int | None = None) -> list[OperationRecord]:
        """The operations, oldest first; the last so many where a limit is given."""
        return self.repository.operations(self._record.id, limit)

    def generations(self, step: int | None = None) -> list[GenerationRecord]:
        """The texts the model wrote, at one step or at all."""
        return self.repository.generations(self._record.id, step)

    def measurements(self, step: int | None = None) -> list[MeasurementRecord]:
        """What probes found, at one step or at all."""
        return self.repository.measurements(self._record.id, step)

    def queue(self, status: str | None = None) -> list[QueueRecord]:
        """The queue's entries, of one status or all, by position."""
        return self.repository.queue(self._record.id, status)

    def _read(self) -> History:
        session_id = self._record.id
        lines = self.repository.step_lines(session_id)
        branches = {branch.name: branch.tip for branch in self.repository.branches(session_id)}
        cursor = self.repository.cursor(session_id)
        self._lines = {line.step: line for line in lines}
        try:
            return History(
                (Node(line.step, line.parent, line.depth) for line in lines), branches, cursor
            )
        except ValueError as error:
            raise StoreError(
                f"the history of session {self._record.name!r} is damaged: {error}",
                "restore the store from a copy, or import an export of the session",
            ) from None
