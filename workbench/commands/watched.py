"""What the commands of the collapse watch give back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ...errors import ExitCode
from .results import Result, names_of, plain

if TYPE_CHECKING:
    from ...sessions.watch.calibration import Calibration
    from ...sessions.watch.compare import Comparison
    from ...sessions.watch.retention import Retention
    from ...store.records import Json


@dataclass(frozen=True, slots=True)
class Calibrated(Result):
    """What is normal for one edit at a site.

    Attributes:
        path: The file it lies in; None where it came with the model.
        made: It was made now.
        calibration: The ranges by rule, and their provenance.
    """

    kind: ClassVar[str] = "calibration"
    session: str
    path: str | None
    made: bool
    calibration: Calibration

    def rows(self) -> Sequence[Json]:
        """The range of each figure under each rule."""
        return [
            {"rule": rule, "figure": name, **plain(found)}
            for rule, ranges in self.calibration.rules.items()
            for name, found in ranges.items()
        ]


@dataclass(frozen=True, slots=True)
class ReplayedAnew(Result):
    """The requests of a session were made again in another.

    Attributes:
        source: The session they came from.
        session: The new one.
        changes: What is different in it.
        steps: The steps that were made.
        failed: Why requests could not be edited, one line each.
        pending: How many wait in its queue, where a guard ended the replay.
    """

    kind: ClassVar[str] = "replay-anew"
    source: str
    session: str
    changes: Json
    steps: tuple[int, ...]
    failed: tuple[str, ...]
    pending: int

    @property
    def exit_code(self) -> ExitCode:
        """EDIT_FAILED where any edit failed."""
        return ExitCode.EDIT_FAILED if self.failed else ExitCode.OK


@dataclass(frozen=True, slots=True)
class Compared(Result):
    """Sessions side by side; `comparison` has every curve."""

    kind: ClassVar[str] = "comparison"
    comparison: Comparison

    def rows(self) -> Sequence[Json]:
        """A row for each step of each session, by depth, with its figures."""
        return [
            {
                "session": curve.session,
                "rule": curve.rule,
                "depth": depth,
                "step": step,
                "subject": curve.subjects[depth - 1],
                "verdict": curve.verdicts[depth - 1],
                **{name: values[depth - 1] for name, values in curve.figures.items()},
            }
            for curve in self.comparison.curves
            for depth, step in enumerate(curve.steps, 1)
        ]


@dataclass(frozen=True, slots=True)
class Forgetting:
    """One column of a retention matrix in short.

    Attributes:
        step: The step the weights stood at.
        edits: How many edits were asked.
        kept: Share of them in force.
        forgotten: Share of those that had succeeded and fail now.
        paraphrase: Mean share of paraphrases that give the new target, where it was taken.
        neighbourhood: Mean share of neighbours that keep the true target, where it was taken.
    """

    step: int
    edits: int
    kept: float
    forgotten: float | None
    paraphrase: float | None
    neighbourhood: float | None


@dataclass(frozen=True, slots=True)
class Retained(Result):
    """Edits asked again at later steps.

    Attributes:
        curve: A line for each step that was measured.
        matrix: Every cell.
    """

    kind: ClassVar[str] = "retention"
    table: ClassVar[str] = "curve"
    columns: ClassVar[tuple[str, ...]] = names_of(Forgetting)
    session: str
    curve: tuple[Forgetting, ...]
    matrix: Retention


@dataclass(frozen=True, slots=True)
class ReportWritten(Result):
    """A report was written: one HTML page that needs nothing beside it."""

    kind: ClassVar[str] = "report"
    sessions: tuple[str, ...]
    path: str
    size_bytes: int
