"""What the inspecting commands give back: lens, trace, vectors, explanation. Cheap to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ...store.records import Json
from .results import Result, plain

if TYPE_CHECKING:
    from ...engine.arithmetic import Arithmetic, Sweep
    from ...engine.average import Average
    from ...engine.lens import Lens, LensComparison
    from ...engine.trace import Trace
    from ...sessions.inspection import Explanation


@dataclass(frozen=True, slots=True)
class Inspected(Result):
    """Something that was read inside the model.

    Attributes:
        step: Where; 0 is the base.
        stored: It was kept as a measurement of that step.
        files: Files that were written.
        elapsed_s: How long the reading took, in seconds.
    """

    session: str
    step: int
    stored: bool
    files: tuple[str, ...]
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class LensShown(Inspected):
    """The logit lens; `comparison` holds it beside that of `against_step` where asked for."""

    kind: ClassVar[str] = "lens"
    lens: Lens
    against_step: int | None = None
    comparison: LensComparison | None = None

    def to_json(self) -> Json:
        """The lens with what is read off it."""
        body = {"result": self.kind, **plain(self)}
        body["answer"], body["settled"] = self.lens.answer, self.lens.settled
        return body

    def rows(self) -> Sequence[Json]:
        """The figures, one observation a row."""
        from .figures import figures

        return figures(self)


@dataclass(frozen=True, slots=True)
class TraceShown(Inspected):
    """A causal trace, and the one at `against_step` where asked for."""

    kind: ClassVar[str] = "trace"
    trace: Trace
    against_step: int | None = None
    against: Trace | None = None

    def rows(self) -> Sequence[Json]:
        """The figures, one observation a row."""
        from .figures import figures

        return figures(self)


@dataclass(frozen=True, slots=True)
class AverageShown(Inspected):
    """Average indirect effects over a file of facts."""

    kind: ClassVar[str] = "trace-average"
    average: Average

    def rows(self) -> Sequence[Json]:
        """The figures, one observation a row."""
        from .figures import figures

        return figures(self)


@dataclass(frozen=True, slots=True)
class VectorsShown(Inspected):
    """A vector's effect beside that of its controls."""

    kind: ClassVar[str] = "vectors"
    arithmetic: Arithmetic

    def to_json(self) -> Json:
        """The outcome with the score as one figure for each offset."""
        body = {"result": self.kind, **plain(self)}
        body["layer_scores"] = {
            str(each.offset): plain(each.score.value) for each in self.arithmetic.scores
        }
        return body

    def rows(self) -> Sequence[Json]:
        """The figures, one observation a row."""
        from .figures import figures

        return figures(self)


@dataclass(frozen=True, slots=True)
class SweepShown(Inspected):
    """A push at every start layer and scale."""

    kind: ClassVar[str] = "sweep"
    sweep: Sweep

    def rows(self) -> Sequence[Json]:
        """The figures, one observation a row."""
        from .figures import figures

        return figures(self)


@dataclass(frozen=True, slots=True)
class Explained(Inspected):
    """What an edit did."""

    kind: ClassVar[str] = "explain"
    explanation: Explanation
