"""Outcomes of edits, generations and the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ....errors import ExitCode
from ....store.records import GenerationRecord, Json, MeasurementRecord, QueueRecord, StepRecord
from .base import Result, names_of, plain


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
    table: ClassVar[str] = "entries"
    columns: ClassVar[tuple[str, ...]] = names_of(QueueRecord)
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
    columns: ClassVar[tuple[str, ...]] = names_of(StepBrief)
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

    def rows(self) -> Sequence[Json]:
        """The steps, then the edits that failed."""
        return [plain(each) for each in (*self.steps, *self.failed)]
