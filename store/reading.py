"""Reading one session: its tree of steps, its deltas, and the records that hang on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from ..errors import StoreError
from .access import Access, no_step, read_cursor
from .codec import or_null, sha256
from .projections import (
    BRANCH,
    DELTA,
    GENERATION,
    LINE,
    MEASUREMENT,
    STEP,
    generation_record,
    line_record,
    step_record,
)
from .records import (
    BranchRecord,
    CursorRecord,
    DeltaRecord,
    GenerationRecord,
    MeasurementRecord,
    StepLine,
    StepRecord,
)
from .schema import (
    BranchRow,
    DeltaRow,
    GenerationRow,
    HparamsRow,
    MeasurementRow,
    StepDetailRow,
    StepRow,
)

AT_ONCE = 256
"""How many steps or deltas are read in one query: 8 MB of deltas at gpt2-xl's size."""


class Reading(Access):
    """The part of the repository that reads one session."""

    def step_lines(self, session_id: int) -> list[StepLine]:
        """Every step in the order of its number, in one query and without the heavy parts."""
        query = select(*LINE).where(StepRow.session_id == session_id).order_by(StepRow.step)
        with self.database.read() as connection:
            return [line_record(row) for row in connection.execute(query)]

    def step(self, session_id: int, number: int) -> StepRecord:
        """One step with all that was recorded of it.

        Raises:
            StoreError: There is no such step.
        """
        return next(self.steps(session_id, [number]))

    def steps(self, session_id: int, numbers: Sequence[int]) -> Iterator[StepRecord]:
        """Steps with all that was recorded of them, in the order asked for, a few at a time.

        Raises:
            StoreError: There is no such step.
        """
        for some in batched(numbers):
            found = self._some_steps(session_id, some)
            yield from (found[number] for number in some)

    def _some_steps(self, session_id: int, numbers: Sequence[int]) -> dict[int, StepRecord]:
        details = (StepDetailRow.session_id == StepRow.session_id) & (
            StepDetailRow.step == StepRow.step
        )
        query = (
            select(*STEP)
            .join_from(StepRow, StepDetailRow, details)
            .join(HparamsRow, HparamsRow.digest == StepRow.hparams)
            .where(StepRow.session_id == session_id, StepRow.step.in_(numbers))
        )
        with self.database.read() as connection:
            found = {row.step: step_record(row) for row in connection.execute(query)}
            for number in numbers:
                if number not in found:
                    raise no_step(connection, session_id, number)
        return found

    def delta(self, session_id: int, number: int) -> DeltaRecord:
        """One step's delta, its digest checked.

        Raises:
            StoreError: There is no such step, or its bytes are damaged.
        """
        return next(self.deltas(session_id, [number]))

    def deltas(self, session_id: int, steps: Sequence[int]) -> Iterator[DeltaRecord]:
        """The deltas of steps, in the order asked for, their digests checked.

        Read a few at a time, so that a long path never lies in memory whole; no transaction is
        open between two of them.

        Raises:
            StoreError: There is no such step, or its bytes are damaged.
        """
        for some in batched(steps):
            found = self._some_deltas(session_id, some)
            yield from (found[number] for number in some)

    def _some_deltas(self, session_id: int, steps: Sequence[int]) -> dict[int, DeltaRecord]:
        query = select(*DELTA).where(DeltaRow.session_id == session_id, DeltaRow.step.in_(steps))
        with self.database.read() as connection:
            found = {row.step: DeltaRecord(*row) for row in connection.execute(query)}
            for number in steps:
                if number not in found:
                    raise no_step(connection, session_id, number)
        for record in found.values():
            if sha256(record.data) != record.digest:
                raise StoreError(
                    f"the delta of step {record.step} is damaged: its bytes no longer give the "
                    f"digest {record.digest[:12]}… they were stored with",
                    "Restore the store from a copy, or go on from an earlier step.",
                )
        return found

    def branches(self, session_id: int) -> list[BranchRecord]:
        """The branches in the order they were made."""
        query = select(*BRANCH).where(BranchRow.session_id == session_id).order_by(BranchRow.id)
        with self.database.read() as connection:
            return [BranchRecord(*row) for row in connection.execute(query)]

    def cursor(self, session_id: int) -> CursorRecord:
        """Where the session stands.

        Raises:
            StoreError: There is no such session.
        """
        with self.database.read() as connection:
            return read_cursor(connection, session_id)

    def generations(self, session_id: int, step: int | None = None) -> list[GenerationRecord]:
        """The texts the model wrote, oldest first; only those at a step where one is given."""
        query = (
            select(*GENERATION)
            .where(GenerationRow.session_id == session_id, *_at(GenerationRow.step, step))
            .order_by(GenerationRow.id)
        )
        with self.database.read() as connection:
            return [generation_record(row) for row in connection.execute(query)]

    def measurements(self, session_id: int, step: int | None = None) -> list[MeasurementRecord]:
        """What probes found, oldest first; only at a step where one is given."""
        query = (
            select(*MEASUREMENT)
            .where(MeasurementRow.session_id == session_id, *_at(MeasurementRow.step, step))
            .order_by(MeasurementRow.id)
        )
        with self.database.read() as connection:
            return [MeasurementRecord(*row) for row in connection.execute(query)]


def batched(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """The numbers in runs of `AT_ONCE`."""
    for start in range(0, len(numbers), AT_ONCE):
        yield numbers[start : start + AT_ONCE]


def _at(
    column: InstrumentedAttribute[int | None], step: int | None
) -> tuple[ColumnElement[bool], ...]:
    """The condition on a step column: none, or this step (the base is NULL)."""
    return () if step is None else (column.is_not_distinct_from(or_null(step)),)
