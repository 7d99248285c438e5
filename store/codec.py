"""From records to the values of rows, and the digests and times that go with them.

Knows no transactions. A step, tip or cursor at the base is 0 in a record and NULL in the file.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from .columns import canonical
from .records import (
    BASE,
    BranchRecord,
    DeltaRecord,
    GenerationRecord,
    Json,
    MeasurementRecord,
    OperationRecord,
    QueueRecord,
    SessionRecord,
    StepDraft,
    StepRecord,
)


def utc_now() -> str:
    """The time as the records hold it: ISO 8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def or_null(step: int) -> int | None:
    """A step number with the base as NULL."""
    return None if step == BASE else step


def hparams_values(content: Json) -> Json:
    """A row of `hparams`; equal content has an equal digest, whatever the order of its keys."""
    return {"digest": sha256(canonical(content).encode()), "content": content}


def session_values(record: SessionRecord) -> Json:
    """A row of `sessions`, its number and its hyperparameters' digest aside."""
    names = (name for name in SessionRecord.__dataclass_fields__ if name not in ("id", "hparams"))
    return {name: getattr(record, name) for name in names}


def step_values(record: StepRecord, hparams: str) -> Json:
    """A row of `steps`; `hparams` is the digest."""
    return {
        "step": record.step,
        "parent": or_null(record.parent),
        "depth": record.depth,
        "created_at": record.created_at,
        "subject": str(record.request.get("subject", "")),
        "target_new": str(record.request.get("target_new", "")),
        "rule": record.rule,
        "weight_name": record.weight_name,
        "weight_sha256": record.weight_sha256,
        "verdict": record.verdict,
        "verdict_reason": record.verdict_reason,
        "delta_ratio": record.vitals.get("delta_ratio"),
        "perplexity_ratio": record.vitals.get("perplexity_ratio"),
        "hparams": hparams,
    }


def detail_values(record: StepRecord) -> Json:
    """A row of `step_details`."""
    return {
        "step": record.step,
        "request": record.request,
        "vitals": record.vitals,
        "diagnostics": record.diagnostics,
        "timings": record.timings,
        "tokens": record.tokens,
        "losses": list(record.losses),
    }


def delta_values(record: DeltaRecord) -> Json:
    """A row of `deltas`."""
    return {
        "step": record.step,
        "weight_name": record.weight_name,
        "digest": record.digest,
        "data": record.data,
    }


def branch_values(record: BranchRecord) -> Json:
    """A row of `branches`."""
    return {"name": record.name, "tip": or_null(record.tip), "created_at": record.created_at}


def queue_values(record: QueueRecord) -> Json:
    """A row of `queue`."""
    return {
        "position": record.position,
        "request": record.request,
        "origin": record.origin,
        "status": record.status,
        "step": record.step,
        "message": record.message,
    }


def generation_values(record: GenerationRecord) -> Json:
    """A row of `generations`."""
    return {
        "step": or_null(record.step),
        "role": record.role,
        "prompt": record.prompt,
        "parameters": record.parameters,
        "seed": record.seed,
        "token_ids": list(record.token_ids),
        "text": record.text,
        "created_at": record.created_at,
    }


def measurement_values(record: MeasurementRecord) -> Json:
    """A row of `measurements`."""
    return {
        "step": or_null(record.step),
        "probe": record.probe,
        "value": record.value,
        "detail": record.detail,
        "created_at": record.created_at,
    }


def operation_values(record: OperationRecord) -> Json:
    """A row of `operations`."""
    return {
        "number": record.number,
        "command": record.command,
        "params": record.params,
        "status": record.status,
        "result": record.result,
        "before_branch": record.before.branch,
        "before_step": record.before.step,
        "after_branch": record.after.branch,
        "after_step": record.after.step,
        "created_at": record.created_at,
        "elapsed_s": record.elapsed_s,
    }


def step_of(draft: StepDraft, *, step: int, depth: int, created_at: str) -> StepRecord:
    """The record a draft becomes once it has its number."""
    return StepRecord(
        step=step,
        parent=draft.parent,
        depth=depth,
        created_at=created_at,
        request=draft.request,
        rule=draft.rule,
        hparams=draft.hparams,
        weight_name=draft.weight_name,
        weight_sha256=draft.weight_sha256,
        tokens=draft.tokens,
        losses=draft.losses,
        diagnostics=draft.diagnostics,
        vitals=draft.vitals,
        verdict=draft.verdict,
        verdict_reason=draft.verdict_reason,
        timings=draft.timings,
    )
