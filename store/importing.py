"""Taking in a whole session, as an export gives it, in one transaction.

Checks what the store's own writes guarantee by their making: the tree is whole, depths are right,
every step has a delta whose bytes give its digest, branches and cursor stand on steps of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, update

from ..errors import StoreError
from .access import Access, store_hparams
from .codec import (
    branch_values,
    delta_values,
    detail_values,
    generation_values,
    measurement_values,
    operation_values,
    or_null,
    queue_values,
    sha256,
    step_values,
    utc_now,
)
from .records import (
    BASE,
    BranchRecord,
    CursorRecord,
    DeltaRecord,
    GenerationRecord,
    Json,
    MeasurementRecord,
    OperationRecord,
    QueueRecord,
    SessionRecord,
    StepRecord,
)
from .schema import (
    Base,
    BranchRow,
    CursorRow,
    DeltaRow,
    GenerationRow,
    MeasurementRow,
    OperationRow,
    QueueRow,
    SessionRow,
    StepDetailRow,
    StepRow,
)
from .sessions import insert_session, require_name

AT_ONCE = 500
"""How many rows are written in one go; what an import holds in memory besides the step numbers."""

_HINT = "The export is incomplete or was changed by hand; nothing was imported."
_Item = TypeVar("_Item")


class Importing(Access):
    """The part of the repository that takes in whole sessions."""

    def import_session(
        self,
        record: SessionRecord,
        steps: Iterable[StepRecord],
        deltas: Iterable[DeltaRecord],
        branches: Iterable[BranchRecord],
        cursor: CursorRecord,
        queue: Iterable[QueueRecord] = (),
        generations: Iterable[GenerationRecord] = (),
        measurements: Iterable[MeasurementRecord] = (),
        operations: Iterable[OperationRecord] = (),
    ) -> SessionRecord:
        """Writes a session with its own numbers, times and operations, and appends none.

        The iterables are read one after the other in the order of the arguments, a few records at
        a time, so that a large export need not lie in memory.

        Args:
            record: Its `id` is given here.
            steps: Parents before their children.
            cursor: On one of the branches.

        Returns:
            The session as stored.

        Raises:
            StoreError: The name or the session is in the store already, or the parts don't fit
                together; the message names the first that doesn't. Nothing is written then.
        """
        with self.database.write() as connection:
            stored = insert_session(connection, record, utc_now())
            taker = _Taker(connection, stored.id)
            taker.steps(steps)
            taker.deltas(deltas)
            taker.branches(branches, cursor)
            taker.plain(QueueRow, queue, queue_values, lambda entry: entry.step or BASE)
            taker.plain(GenerationRow, generations, generation_values, _step)
            taker.plain(MeasurementRow, measurements, measurement_values, _step)
            taker.plain(OperationRow, operations, operation_values, lambda _: BASE)
        return stored


class _Taker:
    """Writes the parts of one session and remembers enough of the tree to check the rest."""

    def __init__(self, connection: Connection, session_id: int) -> None:
        self._connection = connection
        self._owner = {"session_id": session_id}
        self._depths = {BASE: 0}
        self._parents: dict[int, int] = {}

    def steps(self, steps: Iterable[StepRecord]) -> None:
        """Writes the steps, and the session's counters."""
        for some in _some(steps):
            for step in some:
                self._check_step(step)
            digests = [store_hparams(self._connection, step.hparams) for step in some]
            light = [step_values(*both) for both in zip(some, digests, strict=True)]
            self._insert(StepRow, light)
            self._insert(StepDetailRow, [detail_values(step) for step in some])
        self._connection.execute(
            update(SessionRow)
            .where(SessionRow.id == self._owner["session_id"])
            .values(step_count=len(self._parents), last_step=max(self._depths))
        )

    def _check_step(self, step: StepRecord) -> None:
        where = f"step {step.step}"
        if step.step < 1 or step.step in self._depths:
            raise StoreError(f"{where} comes twice or is no step number", _HINT)
        if step.parent not in self._depths or step.parent >= step.step:
            raise StoreError(f"{where} stands on step {step.parent}, which is not before it", _HINT)
        depth = self._depths[step.parent] + 1
        if step.depth != depth:
            raise StoreError(f"{where} says depth {step.depth}, its path says {depth}", _HINT)
        self._depths[step.step] = depth
        self._parents[step.step] = step.parent

    def deltas(self, deltas: Iterable[DeltaRecord]) -> None:
        """Writes the deltas: one for each step, each with the right digest."""
        missing = set(self._parents)
        for some in _some(deltas):
            for delta in some:
                if delta.step not in missing:
                    raise StoreError(
                        f"a delta of step {delta.step} has no step, or is one too many", _HINT
                    )
                if sha256(delta.data) != delta.digest:
                    raise StoreError(
                        f"the delta of step {delta.step} does not give its digest", _HINT
                    )
                missing.remove(delta.step)
            self._insert(DeltaRow, [delta_values(delta) for delta in some])
        if missing:
            raise StoreError(f"step {min(missing)} has no delta", _HINT)

    def branches(self, branches: Iterable[BranchRecord], cursor: CursorRecord) -> None:
        """Writes branches and cursor."""
        tips: dict[str, int] = {}
        place: Json = {"step": or_null(cursor.step)}
        for branch in branches:
            require_name(branch.name, "branch")
            if branch.name in tips or branch.tip not in self._depths:
                raise StoreError(
                    f"the branch '{branch.name}' comes twice, or its tip {branch.tip} is no step",
                    _HINT,
                )
            tips[branch.name] = branch.tip
            number = self._connection.execute(
                insert(BranchRow).returning(BranchRow.id), {**self._owner, **branch_values(branch)}
            ).scalar_one()
            if branch.name == cursor.branch:
                place["branch_id"] = number
        if cursor.branch not in tips or not self._on_path(cursor.step, tips[cursor.branch]):
            raise StoreError(
                f"the cursor's step {cursor.step} is not on its branch '{cursor.branch}'", _HINT
            )
        self._insert(CursorRow, [place])

    def _on_path(self, step: int, tip: int) -> bool:
        while tip > step:
            tip = self._parents[tip]
        return tip == step

    def plain(
        self,
        row: type[Base],
        records: Iterable[_Item],
        values: Callable[[_Item], Json],
        step: Callable[[_Item], int],
    ) -> None:
        """Writes records that only have to stand on a step of the tree."""
        for some in _some(records):
            for record in some:
                if step(record) not in self._depths:
                    raise StoreError(
                        f"a line of {row.__tablename__} stands on step {step(record)}, "
                        "which is not there",
                        _HINT,
                    )
            self._insert(row, [values(record) for record in some])

    def _insert(self, row: type[Base], rows: Sequence[Json]) -> None:
        if rows:
            self._connection.execute(insert(row), [{**self._owner, **each} for each in rows])


def _step(record: Any) -> int:
    number: int = record.step
    return number


def _some(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """The items, so many at once."""
    rest = iter(items)
    while some := list(islice(rest, AT_ONCE)):
        yield some
