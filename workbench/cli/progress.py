"""Progress on standard error: bars with the time left, on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from ...engine.progress import Progress
from ..render.text import shortened

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_PATIENCE_S = 0.4
"""A call that is done sooner shows no bar."""

_MOST_BARS = 3


class Bars:
    """A ProgressSink that draws one bar for each stage under way.

    Args:
        enabled: Whether standard error is a terminal that may be drawn on.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._started = time.monotonic()
        self._rich: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.RLock()

    def __call__(self, report: Progress) -> None:
        """Show where a call is."""
        if not self._enabled or time.monotonic() - self._started < _PATIENCE_S:
            return
        with self._lock:
            self._draw(report)

    def hide(self) -> None:
        """Take the bars away until the next report, so that a line can be written."""
        with self._lock:
            if self._rich is not None:
                self._rich.stop()
                self._rich = None
                self._tasks.clear()

    def _draw(self, report: Progress) -> None:
        bars = self._rich if self._rich is not None else self._make()
        self._rich = bars
        if report.total is not None and report.step >= report.total:
            done = self._tasks.pop(report.stage, None)
            if done is not None:
                bars.remove_task(done)
            return
        if report.stage not in self._tasks:
            self._room(bars)
            self._tasks[report.stage] = bars.add_task(shortened(report.stage, 36), detail="")
        bars.update(
            self._tasks[report.stage],
            completed=report.step,
            total=report.total,
            detail=shortened(report.detail, 24),
        )

    def _room(self, bars: RichProgress) -> None:
        """Drop the oldest bar where there are too many: a stage that never said it was done."""
        while len(self._tasks) >= _MOST_BARS:
            bars.remove_task(self._tasks.pop(next(iter(self._tasks))))

    def _make(self) -> RichProgress:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress

        bars = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        bars.start()
        return bars


def bars_for_stderr(*, quiet: bool = False) -> Bars:
    """Bars where standard error is a terminal, else a sink that draws nothing."""
    return Bars(enabled=not quiet and sys.stderr.isatty())
