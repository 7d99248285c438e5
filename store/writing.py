"""Writing to the tree of one session: each method is one transaction, and one operation.

Every method takes the `command` and `params` the operation is recorded with, the `result` a front
end shows, and `elapsed_s`, the seconds the command took. The intent of the command, where one was
begun, ends in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import insert, update

from .access import (
    Access,
    Change,
    depth_of,
    store_hparams,
)
from .codec import (
    delta_values,
    detail_values,
    generation_values,
    measurement_values,
    sha256,
    step_of,
    step_values,
)
from .queueing import finish_entry
from .records import (
    THIS_STEP,
    BranchRecord,
    CursorRecord,
    DeltaRecord,
    GenerationRecord,
    Json,
    MeasurementRecord,
    StepDraft,
    StepRecord,
)
from .schema import (
    BranchRow,
    DeltaRow,
    GenerationRow,
    MeasurementRow,
    SessionRow,
    StepDetailRow,
    StepRow,
)
from .tree import (
    add_branch,
    branch_for,
    move,
    require_branch,
    require_new_branch,
    require_step,
    set_cursor,
    set_tip,
)

_Placed = TypeVar("_Placed", GenerationRecord, MeasurementRecord)


class Writing(Access):
    """The part of the repository that writes steps, branches, cursor and what hangs on steps."""

    def commit_step(
        self,
        session_id: int,
        draft: StepDraft,
        *,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> StepRecord:
        """Writes a step, its delta and all that came with it; moves branch tip and cursor to it.

        The step's number is the highest ever given in the session + 1. The operation's result gets
        the number as `step`.

        Raises:
            StoreError: The stored cursor is not at `draft.parent` on `draft.branch` (another
                process moved it), the branch goes on past it, or the file can't be written.
        """
        with self._change(session_id, command, params, result, elapsed_s) as change:
            branch = branch_for(change, draft)
            step = _number(change, draft)
            insert_step(change, step)
            insert_delta(change, step, draft.delta)
            _insert_records(change, step.step, draft)
            set_tip(change, branch, step.step)
            set_cursor(change, branch, step.step)
            if draft.queue_position is not None:
                finish_entry(change, draft.queue_position, "done", step=step.step)
            change.result["step"] = step.step
        return step

    def move_cursor(
        self,
        session_id: int,
        cursor: CursorRecord,
        *,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> None:
        """Puts the cursor on a step of a branch.

        Raises:
            StoreError: There is no such branch or step, or the step is not on that branch.
        """
        with self._change(session_id, command, params, result, elapsed_s) as change:
            move(change, cursor)

    def put_branch(
        self,
        session_id: int,
        branch: BranchRecord,
        cursor: CursorRecord,
        *,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> None:
        """Makes a branch with its tip at any step, and puts the cursor where it is told.

        Raises:
            StoreError: The name is taken or no name, there is no such step, or the cursor's step
                is not on the cursor's branch.
        """
        with self._change(session_id, command, params, result, elapsed_s) as change:
            require_step(change.connection, session_id, branch.tip)
            add_branch(change, branch)
            move(change, cursor)

    def rename_branch(
        self,
        session_id: int,
        old: str,
        new: str,
        *,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> None:
        """Gives a branch another name; the cursor stays on it.

        Raises:
            StoreError: There is no branch `old`, or `new` is taken or no name.
        """
        with self._change(session_id, command, params, result, elapsed_s) as change:
            branch = require_branch(change.connection, session_id, old)
            require_new_branch(change, new)
            change.connection.execute(
                update(BranchRow).where(BranchRow.id == branch.id).values(name=new)
            )

    def add_generation(
        self,
        session_id: int,
        generation: GenerationRecord,
        *,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> GenerationRecord:
        """Keeps a text the model wrote; gives it back with its time.

        Raises:
            StoreError: There is no such step.
        """
        with self._change(session_id, command, params, result, elapsed_s) as change:
            require_step(change.connection, session_id, generation.step)
            stored = replace(generation, created_at=generation.created_at or change.now)
            insert_generations(change, [stored])
        return stored

    def add_measurement(
        self,
        session_id: int,
        measurement: MeasurementRecord,
        *,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> MeasurementRecord:
        """Keeps what a probe found; gives it back with its time.

        Raises:
            StoreError: There is no such step.
        """
        with self._change(session_id, command, params, result, elapsed_s) as change:
            require_step(change.connection, session_id, measurement.step)
            stored = replace(measurement, created_at=measurement.created_at or change.now)
            insert_measurements(change, [stored])
        return stored


def insert_step(change: Change, step: StepRecord) -> None:
    """Writes both parts of a step."""
    owner = {"session_id": change.session_id}
    digest = store_hparams(change.connection, step.hparams)
    change.connection.execute(insert(StepRow), {**owner, **step_values(step, digest)})
    change.connection.execute(insert(StepDetailRow), {**owner, **detail_values(step)})


def insert_delta(change: Change, step: StepRecord, data: bytes) -> None:
    """Writes a delta with its digest."""
    record = DeltaRecord(step.step, step.weight_name, data, sha256(data))
    values = {"session_id": change.session_id, **delta_values(record)}
    change.connection.execute(insert(DeltaRow), values)


def insert_generations(change: Change, records: Iterable[GenerationRecord]) -> None:
    """Writes texts the model wrote."""
    owner = {"session_id": change.session_id}
    rows = [{**owner, **generation_values(record)} for record in records]
    if rows:
        change.connection.execute(insert(GenerationRow), rows)


def insert_measurements(change: Change, records: Iterable[MeasurementRecord]) -> None:
    """Writes what probes found."""
    owner = {"session_id": change.session_id}
    rows = [{**owner, **measurement_values(record)} for record in records]
    if rows:
        change.connection.execute(insert(MeasurementRow), rows)


def _number(change: Change, draft: StepDraft) -> StepRecord:
    """Gives the draft the session's next number, and counts it."""
    number = change.connection.execute(
        update(SessionRow)
        .where(SessionRow.id == change.session_id)
        .values(last_step=SessionRow.last_step + 1, step_count=SessionRow.step_count + 1)
        .returning(SessionRow.last_step)
    ).scalar_one()
    depth = depth_of(change.connection, change.session_id, draft.parent) + 1
    return step_of(draft, step=number, depth=depth, created_at=change.now)


def _insert_records(change: Change, number: int, draft: StepDraft) -> None:
    """Writes a draft's generations and measurements, now that the step has a number."""
    insert_generations(change, (_placed(record, number, change) for record in draft.generations))
    insert_measurements(change, (_placed(record, number, change) for record in draft.measurements))


def _placed(record: _Placed, number: int, change: Change) -> _Placed:
    """The record at its step, with its time."""
    step = number if record.step == THIS_STEP else record.step
    require_step(change.connection, change.session_id, step)
    return replace(record, step=step, created_at=record.created_at or change.now)
