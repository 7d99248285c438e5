"""The plain records the store takes and gives. No tensors, no rows, no screen.

Everything is JSON-able but the bytes of a delta. Times are ISO 8601 in UTC with microseconds.
Step numbers count from 1 over the whole session and are never reused; 0 is the base model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

BASE = 0
"""The step number of the unedited model."""

THIS_STEP = -1
"""In the generations and measurements of a `StepDraft`: the step that is being committed."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session and all that must match for it to be resumed.

    Attributes:
        id: Row number in this store; another store gives another.
        uid: Random identity that travels with an export, 32 hex digits.
        name: Unique in the store.
        model: As the user named it: a preset name, a hub name or a folder.
        revision: The model's commit, where it was given.
        model_type: `config.model_type`.
        model_sha256: Fingerprint of config and all parameters.
        tokenizer_sha256: Fingerprint of the tokenizer.
        dtype: Parameter dtype, "float32".
        device: "cpu", "cuda:0".
        rule: Default rule of the session.
        hparams: Default hyperparameters, in the field's JSON keys.
        weight_name: The site's weight, "transformer.h.1.mlp.c_proj.weight".
        seed: Seeds contexts and, by default, generations.
        contexts: Context templates in `str.format` form, the bare "{}" included.
        statistics: Provenance of C; None means C = I.
        base_weight_sha256: Weight hash of the unedited site.
        versions: Versions of romebench, torch, transformers, python.
        source: Where the session came from ({"kind": "replay" | "import", …}); None where new.
        watch: How it is watched, {"vitals": …, "guard": …}; None where nothing was asked for.
    """

    id: int
    uid: str
    name: str
    created_at: str
    used_at: str
    model: str
    revision: str | None
    model_type: str
    model_sha256: str
    tokenizer_sha256: str
    dtype: str
    device: str
    rule: str
    hparams: Json
    weight_name: str
    seed: int
    contexts: tuple[str, ...]
    statistics: Json | None
    base_weight_sha256: str
    versions: Json
    source: Json | None = None
    watch: Json | None = None


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A line of the list of sessions. `verdict` is the cursor's step's; empty at the base."""

    name: str
    model: str
    rule: str
    steps: int
    cursor: int
    branch: str
    created_at: str
    used_at: str
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One committed step. `parent` is 0 on the base; `depth` counts along the path from 1."""

    step: int
    parent: int
    depth: int
    created_at: str
    request: Json
    rule: str
    hparams: Json
    weight_name: str
    weight_sha256: str
    tokens: Json
    losses: tuple[Json, ...]
    diagnostics: Json
    vitals: Json
    verdict: str
    verdict_reason: str
    timings: Json


@dataclass(frozen=True, slots=True)
class StepLine:
    """What a list of thousands of steps needs of each: cheap to read, no traces."""

    step: int
    parent: int
    depth: int
    subject: str
    target_new: str
    rule: str
    verdict: str
    delta_ratio: float | None
    perplexity_ratio: float | None
    weight_name: str
    weight_sha256: str
    created_at: str


@dataclass(frozen=True, slots=True)
class StepVitals:
    """What a curve needs of a step."""

    step: int
    parent: int
    subject: str
    target_new: str
    rule: str
    verdict: str
    verdict_reason: str
    vitals: Json


@dataclass(frozen=True, slots=True)
class DeltaRecord:
    """A step's rank-one delta: safetensors bytes with tensors `left` [d_in] and `right` [d_out].

    `digest` is the SHA-256 of `data` in hex.
    """

    step: int
    weight_name: str
    data: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """A text the model wrote at a step. `role` says why: console, base, before, after."""

    step: int
    prompt: str
    parameters: Json
    seed: int
    token_ids: tuple[int, ...]
    text: str
    role: str = "console"
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class MeasurementRecord:
    """What a probe found at a step."""

    step: int
    probe: str
    value: float | None
    detail: Json
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class BranchRecord:
    """A name for a line of steps; `tip` is its last step (0: still at the base)."""

    name: str
    tip: int
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class CursorRecord:
    """Where the session stands: a step on a branch."""

    branch: str
    step: int


@dataclass(frozen=True, slots=True)
class QueueRecord:
    """A request waiting its turn. `status`: pending, done, failed, cleared.

    `position` counts from 1 over the whole session and is never reused.
    """

    position: int
    request: Json
    origin: str
    status: str = "pending"
    step: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """One command and what came of it. `status`: ok, failed, cancelled, interrupted.

    `before` and `after` are the cursor around it; `elapsed_s` is in seconds.
    """

    number: int
    command: str
    params: Json
    status: str
    result: Json
    before: CursorRecord
    after: CursorRecord
    created_at: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class StepDraft:
    """All that one committed edit writes, in one transaction. The store numbers the step.

    Attributes:
        parent: The step the edit was made on; it must be where the stored cursor stands.
        branch: The cursor's branch when the cursor is at its tip, else a name that is new: the
            branch is made in the same transaction.
        delta: safetensors bytes with `left` and `right`; the store adds the digest.
        generations: Texts written around the edit; `step` is `THIS_STEP` or an earlier step.
        measurements: Probes taken around the edit; `step` as in `generations`.
        queue_position: The queue entry this edit was; it becomes `done` with the step's number.
    """

    parent: int
    branch: str
    request: Json
    rule: str
    hparams: Json
    weight_name: str
    weight_sha256: str
    tokens: Json
    losses: tuple[Json, ...]
    diagnostics: Json
    vitals: Json
    verdict: str
    verdict_reason: str
    timings: Json
    delta: bytes
    generations: tuple[GenerationRecord, ...] = ()
    measurements: tuple[MeasurementRecord, ...] = ()
    queue_position: int | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A writing command that has begun: what the next open names if the process dies."""

    command: str
    params: Json = field(default_factory=dict)
