"""What the evaluation commands give back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ...errors import ExitCode
from .results import Result, names_of, plain

if TYPE_CHECKING:
    from ...sessions.evaluation.summary import Figure
    from ...store.records import Json


@dataclass(frozen=True, slots=True)
class FailedCase:
    """A case that could not be edited, and why."""

    case_id: int
    message: str


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run in a summary.

    Attributes:
        name: The session, or the run's folder.
        method: The rule or baseline; empty where the folder does not say.
        second_moment: "C", or "C=I"; empty where the method uses none or the folder does not say.
        cases: How many cases the figures are of.
        figures: Every metric, at the scale of the papers' tables.
    """

    name: str
    method: str
    second_moment: str
    cases: int
    figures: tuple[Figure, ...]


def figure_rows(runs: Iterable[RunFigures]) -> list[Json]:
    """One row for each metric of each run; `metric` is its label in the papers."""
    found: list[Json] = []
    for run in runs:
        head = {
            "run": run.name,
            "method": run.method,
            "second_moment": run.second_moment,
            "cases": run.cases,
        }
        for figure in run.figures:
            cells = plain(figure)
            found.append({**head, "metric": cells.pop("label"), **cells})
    return found


_FIGURE_COLUMNS = (
    "run", "method", "second_moment", "cases", "metric", "key", "mean", "std", "low", "high", "n"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evaluated(Result):
    """A run that is complete.

    Attributes:
        mode: "base" or "sequential".
        taken: Cases that were taken now; the others were done before.
        failed: Cases that could not be edited; they are in no figure.
        tokeniser: How texts were cut into words for GE; None where none was written.
        references: What RS was scored against; None where it was not.
        results: The run's folder of result files, where they were asked for.
    """

    kind: ClassVar[str] = "evaluation"
    columns: ClassVar[tuple[str, ...]] = _FIGURE_COLUMNS
    session: str
    dataset: str
    source: str
    mode: str
    taken: int
    failed: tuple[FailedCase, ...]
    run: RunFigures
    tokeniser: str | None
    references: Json | None
    results: str | None

    @property
    def exit_code(self) -> ExitCode:
        """EDIT_FAILED where a case could not be edited."""
        return ExitCode.EDIT_FAILED if self.failed else ExitCode.OK

    def rows(self) -> Sequence[Json]:
        """The figures."""
        return figure_rows((self.run,))


@dataclass(frozen=True, slots=True)
class EvalSummary(Result):
    """Runs side by side.

    Attributes:
        layout: "table", "csv" or "latex": how it is shown to people.
    """

    kind: ClassVar[str] = "evaluation-summary"
    columns: ClassVar[tuple[str, ...]] = _FIGURE_COLUMNS
    runs: tuple[RunFigures, ...]
    layout: str

    def rows(self) -> Sequence[Json]:
        """The figures, run by run."""
        return figure_rows(self.runs)


@dataclass(frozen=True, slots=True)
class ResultsWritten(Result):
    """Result files were written from the store. `cases`: how many were new."""

    kind: ClassVar[str] = "evaluation-results"
    session: str
    folder: str
    cases: int
    total: int


@dataclass(frozen=True, slots=True)
class DownstreamLine:
    """A probe at a step.

    Attributes:
        step: 0 is the base.
        depth: Edits between the base and it.
        probe: A task, or "me-ppl".
        value: Weighted F1 of a task, 0 to 1; or the perplexity.
        mcc: Matthews correlation; None for the perplexity, as are the counts.
        distance: |Δ|: ‖W−W₀‖_F over how many numbers the session's weight has.
        known: It was measured before.
    """

    step: int
    depth: int
    probe: str
    value: float
    mcc: float | None
    correct: int | None
    incorrect: int | None
    invalid: int | None
    distance: float
    known: bool


@dataclass(frozen=True, slots=True)
class Downstream(Result):
    """What a session's model can still do, along its path."""

    kind: ClassVar[str] = "downstream"
    table: ClassVar[str] = "lines"
    columns: ClassVar[tuple[str, ...]] = names_of(DownstreamLine)
    session: str
    lines: tuple[DownstreamLine, ...]
