"""A run of the queue in the console: its newest steps as they land, and how it ended."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ..text import MUTED, percent, ratio, said, verdict_glyph, verdict_style
from .blocks import Block

if TYPE_CHECKING:
    from ...commands.results import RunDone, StepBrief

SHOWN = 8
"""The newest so many steps stay in sight; the history has all."""


class RunCard(Block):
    """One run. `job` is the number of the job that makes it."""

    def __init__(self, job: int) -> None:
        super().__init__(classes="-run")
        self.job = job
        self._newest: deque[StepBrief] = deque(maxlen=SHOWN)
        self._done = self._failed = self._unsaid = 0
        self._ended = False
        self._head = Static(Content.styled("running the queue…", MUTED))
        self._body = Static("")

    def compose(self) -> ComposeResult:
        """A line of counts over the newest steps."""
        yield self._head
        yield self._body

    @property
    def done(self) -> bool:
        """Whether the run has ended."""
        return self._ended

    def add(self, brief: StepBrief) -> None:
        """A request was taken."""
        self._newest.append(brief)
        if brief.step is None:
            self._failed += 1
        else:
            self._done += 1
            self._unsaid += brief.efficacy is False
        lines = [_line(each) for each in self._newest]
        # A card that is full keeps its height: nothing around it has to be laid out again.
        full = self._done + self._failed > SHOWN and self._fit(lines)
        self._head.update(self._counts("running the queue: "), layout=not full)
        self._body.update(Content("\n").join(lines), layout=not full)

    def _fit(self, lines: list[Content]) -> bool:
        """Whether none is broken, neither now nor as it was drawn last."""
        width, height = self._body.size
        return height == len(lines) and all(line.cell_length <= width for line in lines)

    def finish(self, result: RunDone) -> None:
        """It came to its end."""
        why = {"empty": "the queue is empty", "limit": "the limit is reached"}
        end = why.get(result.end, f"stopped by the {result.end}")
        self._ended = True
        rest = f" · {result.pending} left in the queue" if result.pending else ""
        self._head.update(self._counts("", f" · {end}{rest}"))

    def stop(self, why: str) -> None:
        """It ended before its end."""
        self._ended = True
        self._head.update(self._counts("", f" · {why}"))

    def _counts(self, before: str, after: str = "") -> Content:
        return Content.assemble(
            (before, MUTED),
            (f"{self._done:,} edit{'' if self._done == 1 else 's'}", "bold"),
            (f" · {self._failed:,} failed" if self._failed else "", "$error"),
            (f" · {self._unsaid:,} not said by the model" if self._unsaid else "", "$warning"),
            (after, MUTED),
        )


def _line(brief: StepBrief) -> Content:
    fact = Content.assemble(
        said(brief.subject, width=28),
        (" → ", MUTED),
        said(brief.target_new.strip(), width=20),
    )
    if brief.step is None:
        return Content.assemble(("✖ ", "$error"), fact, "  ", said(brief.message, "$error"))
    return Content.assemble(
        (f"{verdict_glyph(brief.verdict)} ", verdict_style(brief.verdict)),
        (f"{brief.step} ", MUTED),
        fact,
        (f"  {percent(brief.prob_before)} → {percent(brief.prob_new)}", ""),
        (f"  ‖W−W₀‖/‖W₀‖ {ratio(brief.weight_ratio)}", MUTED),
    )
