"""What commands give back: one frozen dataclass per outcome, ready to be JSON.

`render/` turns a Result into something to look at; `to_json()` is what `--json` prints. Results
carry the store's plain records and never a tensor. Importing this module costs nothing but
dataclasses.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, ClassVar

from ...errors import ExitCode
from ...store.records import (
    BranchRecord,
    CursorRecord,
    GenerationRecord,
    Json,
    MeasurementRecord,
    OperationRecord,
    QueueRecord,
    SessionRecord,
    SessionSummary,
    StepLine,
    StepRecord,
)


def plain(value: Any) -> Any:
    """`value` as JSON has it: dataclasses become objects, numbers that aren't finite null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@dataclass(frozen=True, slots=True)
class Result:
    """Base of every outcome. `kind` names it in JSON under "result"."""

    kind: ClassVar[str] = ""

    @property
    def exit_code(self) -> ExitCode:
        """What the process tells the shell about it."""
        return ExitCode.OK

    def to_json(self) -> Json:
        """The outcome as one JSON object."""
        body: Json = plain(self)
        return {"result": self.kind, **body}


@dataclass(frozen=True, slots=True)
class StepBrief:
    """A step in one line, as `run` reports it.

    Attributes:
        step: Its number; None where the edit failed.
        position: Its place in the queue; None where it came from elsewhere.
        delta_ratio: ‖Δ‖_F/‖W₀‖_F.
        weight_ratio: ‖W−W₀‖_F/‖W₀‖_F after it.
        message: Why it failed; empty where it did not.
    """

    step: int | None
    position: int | None
    subject: str
    target_new: str
    verdict: str = ""
    efficacy: bool | None = None
    prob_before: float | None = None
    prob_new: float | None = None
    delta_ratio: float | None = None
    weight_ratio: float | None = None
    elapsed_s: float | None = None
    message: str = ""


def brief(record: StepRecord, position: int | None = None) -> StepBrief:
    """The one-line form of a committed step."""
    vitals = record.vitals
    return StepBrief(
        step=record.step,
        position=position,
        subject=str(record.request.get("subject", "")),
        target_new=str(record.request.get("target_new", "")),
        verdict=record.verdict,
        efficacy=vitals.get("efficacy"),
        prob_before=vitals.get("prob_new_before"),
        prob_new=vitals.get("prob_new"),
        delta_ratio=vitals.get("delta_ratio"),
        weight_ratio=vitals.get("weight_ratio"),
        elapsed_s=record.timings.get("total_s"),
    )


@dataclass(frozen=True, slots=True)
class Edited(Result):
    """An edit that landed as a step.

    Attributes:
        new_branch: The branch the edit opened; None where it went on at the tip.
    """

    kind: ClassVar[str] = "edit"
    session: str
    branch: str
    new_branch: str | None
    step: StepRecord


@dataclass(frozen=True, slots=True)
class Previewed(Result):
    """What an edit would start from; nothing was changed.

    Attributes:
        preview: Tokens, lookup position, target tokens, rank and probability of the target.
    """

    kind: ClassVar[str] = "preview"
    session: str
    request: Json
    preview: Json


@dataclass(frozen=True, slots=True)
class Written(Result):
    """A text the model wrote. `base`: what the unedited model wrote, where asked to compare."""

    kind: ClassVar[str] = "generate"
    session: str
    at: str
    generation: GenerationRecord
    base: GenerationRecord | None = None


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


@dataclass(frozen=True, slots=True)
class HistoryLog(Result):
    """The steps of a session as a tree.

    Attributes:
        steps: In order of their numbers; the newest of `total`.
    """

    kind: ClassVar[str] = "log"
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
    session: str
    operations: tuple[OperationRecord, ...]


@dataclass(frozen=True, slots=True)
class StepShown(Result):
    """All that is known of one step. `on_path`: the cursor's weights contain it."""

    kind: ClassVar[str] = "step"
    session: str
    step: StepRecord
    branches: tuple[str, ...]
    on_path: bool
    generations: tuple[GenerationRecord, ...]
    measurements: tuple[MeasurementRecord, ...]


@dataclass(frozen=True, slots=True)
class QueueShown(Result):
    """The queue of a session."""

    kind: ClassVar[str] = "queue"
    session: str
    entries: tuple[QueueRecord, ...]


@dataclass(frozen=True, slots=True)
class QueueChanged(Result):
    """Requests joined or left the queue. `action`: "added" or "cleared"."""

    kind: ClassVar[str] = "queue-change"
    session: str
    action: str
    count: int
    pending: int


@dataclass(frozen=True, slots=True)
class RunDone(Result):
    """The queue ran.

    Attributes:
        enqueued: How many requests were put in the queue first.
        steps: The requests that became steps.
        failed: Those that could not be edited; each says why.
        pending: How many requests wait on.
        end: Why it ended: "empty" (the queue is), "limit", or "verdict" (a step collapsed).
    """

    kind: ClassVar[str] = "run"
    session: str
    branch: str
    enqueued: int
    steps: tuple[StepBrief, ...]
    failed: tuple[StepBrief, ...]
    pending: int
    end: str

    @property
    def exit_code(self) -> ExitCode:
        """EDIT_FAILED where any edit failed."""
        return ExitCode.EDIT_FAILED if self.failed else ExitCode.OK


@dataclass(frozen=True, slots=True)
class Replayed(Result):
    """Stored deltas were applied again from the base, and each weight hash compared.

    Attributes:
        checked: Steps whose hash was compared.
        mismatch: The first step whose hash differs, with `expected` and `found`; None if none.
    """

    kind: ClassVar[str] = "replay"
    session: str
    checked: int
    mismatch: int | None
    expected: str | None
    found: str | None
    elapsed_s: float

    @property
    def exit_code(self) -> ExitCode:
        """EDIT_FAILED where a hash differs."""
        return ExitCode.OK if self.mismatch is None else ExitCode.EDIT_FAILED


@dataclass(frozen=True, slots=True)
class Verified(Result):
    """What a session's stored data says about itself; `problems` is empty for a sound one."""

    kind: ClassVar[str] = "verify"
    session: str
    steps: int
    deltas: int
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """STORE where something is wrong."""
        return ExitCode.STORE if self.problems else ExitCode.OK


@dataclass(frozen=True, slots=True)
class Exported(Result):
    """A session, or its deltas, went to a file. `what`: "session" or "deltas"."""

    kind: ClassVar[str] = "export"
    what: str
    session: str
    path: str
    steps: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Imported(Result):
    """A session came from a file.

    Attributes:
        copied_from: The name in the file, where the session got another here.
        same_session: It kept its identity; false for a copy of one the store holds already.
    """

    kind: ClassVar[str] = "import"
    session: str
    path: str
    steps: int
    copied_from: str | None
    same_session: bool


@dataclass(frozen=True, slots=True)
class SessionList(Result):
    """The sessions of the store, newest used first. `current`: the one commands act on."""

    kind: ClassVar[str] = "sessions"
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


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A model in a list. `preset`: the hparams preset that fits it, if any."""

    name: str
    about: str
    preset: str | None


@dataclass(frozen=True, slots=True)
class ModelList(Result):
    """The models romebench knows by name, and the architectures it can edit."""

    kind: ClassVar[str] = "models"
    models: tuple[ModelLine, ...]
    architectures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialEdit:
    """An edit that was computed, checked and taken back; see `engine.trial.Trial`."""

    weight_name: str
    rule: str
    residual: float
    agreement: float | None
    restored: bool
    prob_before: float
    prob_after: float
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class ModelShown(Result):
    """A model: where its weights lie, what it is, and how it is edited.

    Attributes:
        path: Folder the weights lie in.
        d_in: Width of a key.
        d_out: Width of a value.
        sites: The projections that can be edited, by weight name.
        facts: What the adapter knows of the architecture.
        probed: The adapter was found by structure, not looked up.
        trial: What a trial edit showed, where one was made.
    """

    kind: ClassVar[str] = "model"
    name: str
    revision: str | None
    path: str
    model_type: str
    parameters: int
    n_layers: int
    d_in: int
    d_out: int
    max_positions: int | None
    dtype: str
    device: str
    model_sha256: str
    tokenizer_sha256: str
    preset: str | None
    sites: tuple[str, ...]
    facts: Json
    probed: bool
    trial: TrialEdit | None = None


@dataclass(frozen=True, slots=True)
class HparamsLine:
    """A preset in a list. `mom2_adjustment`: uses C (C = I without it)."""

    name: str
    layer: int
    v_num_grad_steps: int
    mom2_adjustment: bool


@dataclass(frozen=True, slots=True)
class HparamsList(Result):
    """The hyperparameter presets."""

    kind: ClassVar[str] = "hparams-list"
    presets: tuple[HparamsLine, ...]


@dataclass(frozen=True, slots=True)
class HparamsShown(Result):
    """Hyperparameters, in the field's own JSON keys."""

    kind: ClassVar[str] = "hparams"
    name: str
    values: Json


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder romebench uses."""

    name: str
    path: str
    exists: bool


@dataclass(frozen=True, slots=True)
class Places(Result):
    """Where everything lies. `home`: what ROMEBENCH_HOME says, if it is set."""

    kind: ClassVar[str] = "where"
    home: str | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of `doctor`. `status`: "ok", "warn" or "fail"."""

    name: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class Diagnosis(Result):
    """What `doctor` found."""

    kind: ClassVar[str] = "doctor"
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> ExitCode:
        """STORE where a check fails."""
        failed = any(check.status == "fail" for check in self.checks)
        return ExitCode.STORE if failed else ExitCode.OK
