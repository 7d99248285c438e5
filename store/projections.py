"""What is selected for each record, and the way from a selected row to the record.

Each tuple of columns is in the order of the record's fields. Knows no transactions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, func
from sqlalchemy.orm import InstrumentedAttribute

from .records import (
    BASE,
    CursorRecord,
    GenerationRecord,
    OperationRecord,
    SessionRecord,
    StepLine,
    StepRecord,
)
from .schema import (
    BranchRow,
    CursorRow,
    DeltaRow,
    GenerationRow,
    HparamsRow,
    MeasurementRow,
    OperationRow,
    QueueRow,
    SessionRow,
    StepDetailRow,
    StepRow,
)


def or_base(column: InstrumentedAttribute[int | None]) -> ColumnElement[int]:
    """A nullable step column with the base as 0."""
    return func.coalesce(column, BASE).label(column.key)


SESSION = tuple(
    HparamsRow.content.label("hparams") if name == "hparams" else getattr(SessionRow, name)
    for name in SessionRecord.__dataclass_fields__
)
LINE = (
    StepRow.step,
    or_base(StepRow.parent),
    StepRow.depth,
    StepRow.subject,
    StepRow.target_new,
    StepRow.rule,
    StepRow.verdict,
    StepRow.delta_ratio,
    StepRow.perplexity_ratio,
    StepRow.weight_name,
    StepRow.weight_sha256,
    StepRow.created_at,
)
STEP = (
    StepRow.step,
    or_base(StepRow.parent),
    StepRow.depth,
    StepRow.created_at,
    StepDetailRow.request,
    StepRow.rule,
    HparamsRow.content.label("hparams"),
    StepRow.weight_name,
    StepRow.weight_sha256,
    StepDetailRow.tokens,
    StepDetailRow.losses,
    StepDetailRow.diagnostics,
    StepDetailRow.vitals,
    StepRow.verdict,
    StepRow.verdict_reason,
    StepDetailRow.timings,
)
DELTA = (DeltaRow.step, DeltaRow.weight_name, DeltaRow.data, DeltaRow.digest)
BRANCH = (BranchRow.name, or_base(BranchRow.tip), BranchRow.created_at)
CURSOR = (BranchRow.name, or_base(CursorRow.step))
QUEUE = (
    QueueRow.position,
    QueueRow.request,
    QueueRow.origin,
    QueueRow.status,
    QueueRow.step,
    QueueRow.message,
)
GENERATION = (
    or_base(GenerationRow.step),
    GenerationRow.prompt,
    GenerationRow.parameters,
    GenerationRow.seed,
    GenerationRow.token_ids,
    GenerationRow.text,
    GenerationRow.role,
    GenerationRow.created_at,
)
MEASUREMENT = (
    or_base(MeasurementRow.step),
    MeasurementRow.probe,
    MeasurementRow.value,
    MeasurementRow.detail,
    MeasurementRow.created_at,
)
OPERATION = (
    OperationRow.number,
    OperationRow.command,
    OperationRow.params,
    OperationRow.status,
    OperationRow.result,
    OperationRow.before_branch,
    OperationRow.before_step,
    OperationRow.after_branch,
    OperationRow.after_step,
    OperationRow.created_at,
    OperationRow.elapsed_s,
)


def session_record(row: Row[*tuple[Any, ...]]) -> SessionRecord:
    """From `SESSION`."""
    values = row._asdict()
    return SessionRecord(**{**values, "contexts": tuple(values["contexts"])})


def step_record(row: Row[*tuple[Any, ...]]) -> StepRecord:
    """From `STEP`."""
    values = row._asdict()
    return StepRecord(**{**values, "losses": tuple(values["losses"])})


def generation_record(row: Row[*tuple[Any, ...]]) -> GenerationRecord:
    """From `GENERATION`."""
    values = row._asdict()
    return GenerationRecord(**{**values, "token_ids": tuple(values["token_ids"])})


def operation_record(row: Row[*tuple[Any, ...]]) -> OperationRecord:
    """From `OPERATION`."""
    return OperationRecord(
        number=row.number,
        command=row.command,
        params=row.params,
        status=row.status,
        result=row.result,
        before=CursorRecord(row.before_branch, row.before_step),
        after=CursorRecord(row.after_branch, row.after_step),
        created_at=row.created_at,
        elapsed_s=row.elapsed_s,
    )


def line_record(row: Row[*tuple[Any, ...]]) -> StepLine:
    """From `LINE`."""
    return StepLine(*row)
