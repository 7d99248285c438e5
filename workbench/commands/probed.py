"""What the harness's tasks gave along a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .results import Result, names_of


@dataclass(frozen=True, slots=True)
class HarnessLine:
    """A task at a step.

    Attributes:
        step: 0 is the base.
        depth: Edits between the base and it.
        task: As the harness names it.
        metric: The metric that is shown, likewise.
        value: Its value.
        stderr: Standard error of the mean over examples; None where it is no such mean.
        n: Examples.
        shots: Examples in front of each.
        cut: Requests that were longer than the model's context and lost their beginning.
        requests: All requests.
        distance: |Δ|: ‖W−W₀‖_F over how many numbers the session's weight has.
        known: It was measured before.
    """

    step: int
    depth: int
    task: str
    metric: str
    value: float
    stderr: float | None
    n: int
    shots: int
    cut: int
    requests: int
    distance: float
    known: bool


@dataclass(frozen=True, slots=True)
class HarnessAsked(Result):
    """Tasks of the harness along a session's path.

    Attributes:
        context: How many tokens the model takes; None where it has no limit.
        version: Of lm-eval.
    """

    kind: ClassVar[str] = "harness"
    table: ClassVar[str] = "lines"
    columns: ClassVar[tuple[str, ...]] = names_of(HarnessLine)
    session: str
    context: int | None
    version: str
    lines: tuple[HarnessLine, ...]
