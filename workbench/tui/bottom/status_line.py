"""The line above the input: what runs, how far it is, how long it will take, how to stop it."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from ....engine.progress import Progress
from ..lane.jobs import Job
from ..text import FAINT, MUTED, duration, ratio, said, verdict_glyph, verdict_style
from ..view import View

PATIENCE_S = 0.15
"""A job that is done sooner is not shown: nothing flickers."""

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 16
_SHORT_BAR = 8
_ROOMY = 100
"""Width from which there is room for a label beside the stage, and for the long bar."""

_TICK_S = 0.1
_ESTIMATE_AFTER_S = 0.5


def standing(view: View | None, redo: str = "alt+r") -> Content:
    """Which edits are in force, in a line; before the first edit, how to make one.

    Args:
        redo: The key that redoes.
    """
    if view is None or not view.lines:
        return Content.assemble(
            ("first edit: ", FAINT), ("tab", "bold $accent"),
            (" puts an example in the line, ", FAINT), ("enter", "bold $accent"),
            (" makes it", FAINT),
        )  # fmt: skip
    line = view.lines.get(view.cursor)
    if line is None:
        ahead = f" · {redo} redoes" if view.status.length else ""
        return Content.styled(f"at the base: the model is unedited{ahead}", FAINT)
    return Content.assemble(
        (f"at step {line.step}  ", FAINT),
        said(line.subject, MUTED),
        (" → ", FAINT),
        said(line.target_new.strip(), MUTED),
        (f"  ‖Δ‖/‖W₀‖ {ratio(line.delta_ratio)}  ", FAINT),
        (f"{verdict_glyph(line.verdict)} {line.verdict}", verdict_style(line.verdict)),
    )


class StatusLine(Static):
    """Activity while something runs, else a hint.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(id="status")
        self._clock = clock
        self._job: Job | None = None
        self._progress: Progress | None = None
        self._began = self._stage_began = 0.0
        self._stage_from = 0
        self._waiting = 0
        self._hint = Content("")
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """Tick only while something runs."""
        self._timer = self.set_interval(_TICK_S, self.tick, pause=True)

    def hint(self, text: Content) -> None:
        """What to show while nothing runs."""
        self._hint = text
        self.tick()

    def started(self, job: Job) -> None:
        """A job runs."""
        if job.quiet:
            return
        self._job, self._progress = job, None
        self._began = self._stage_began = self._clock()
        if self._timer is not None:
            self._timer.resume()

    def progressed(self, job: Job, progress: Progress) -> None:
        """It told where it is."""
        if job is not self._job:
            return
        if self._progress is None or self._progress.stage != progress.stage:
            self._stage_began, self._stage_from = self._clock(), progress.step
        self._progress = progress

    def ended(self, job: Job, waiting: int) -> None:
        """It is over."""
        self._waiting = waiting
        if job is self._job:
            self._job = None
            if self._timer is not None:
                self._timer.pause()
        self.tick()

    def waiting(self, count: int) -> None:
        """How many jobs wait behind the running one."""
        self._waiting = count

    def tick(self) -> None:
        """Draw."""
        job = self._job
        shown = job is not None and self._clock() - self._began >= PATIENCE_S
        self.set_class(shown, "-busy")
        # One line, whatever it says: nothing has to be laid out again.
        content = self._activity(job) if shown and job is not None else self._hint
        self.update(content, layout=False)

    def _activity(self, job: Job) -> Content:
        now = self._clock()
        frame = _FRAMES[int((now - self._began) / _TICK_S) % len(_FRAMES)]
        where = self._where(now)
        label = said(job.label, "bold", width=40)
        if where and self.size.width < _ROOMY:
            label = where.pop(0)
        parts = [
            Content.assemble((f"{frame} ", "$accent"), label),
            *where,
            Content.styled(duration(now - self._began), MUTED),
        ]
        if job.stop.is_set():
            parts.append(Content.styled("stopping…", "$warning"))
        else:
            parts.append(Content.assemble(("esc", "bold $accent"), (" cancels", MUTED)))
        if self._waiting:
            parts.append(Content.styled(f"{self._waiting} waiting", MUTED))
        return Content.styled(" · ", FAINT).join(parts)

    def _where(self, now: float) -> list[Content]:
        """Stage, bar, figure, and the time that is left."""
        progress = self._progress
        if progress is None:
            return []
        parts = [said(progress.stage, width=36)]
        if progress.total:
            done = min(progress.step / progress.total, 1.0)
            bar = _BAR if self.size.width >= _ROOMY else _SHORT_BAR
            full = int(done * bar)
            parts[0] = Content.assemble(
                parts[0],
                "  ",
                ("━" * full, "$accent"),
                ("━" * (bar - full), "$panel-lighten-2"),
                f" {progress.step:,}/{progress.total:,}",
            )
            left = self._left(progress, now)
            if left is not None:
                parts.append(Content.styled(f"ETA {duration(left)}", MUTED))
        if progress.detail:
            parts.insert(1, said(progress.detail, MUTED, width=24))
        return parts

    def _left(self, progress: Progress, now: float) -> float | None:
        """Seconds until the stage is done, at its speed so far."""
        spent, done = now - self._stage_began, progress.step - self._stage_from
        if progress.total is None or done <= 0 or spent < _ESTIMATE_AFTER_S:
            return None
        return spent / done * (progress.total - progress.step)
