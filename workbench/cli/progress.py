"""Progress on standard error: bars with the time left, on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from ...engine.progress import Progress
from ..commands.queue import RUNNING
from ..render.text import shortened

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_PATIENCE_S = 0.4
"""A call that is done sooner shows no bar."""


class Bars:
    """A ProgressSink that draws the stage under way, and above it the run it belongs to.

    Args:
        enabled: Whether standard error is a terminal that may be drawn on.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._started = time.monotonic()
        self._rich: RichProgress | None = None
        self._shown = False
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
            if self._rich is not None and self._shown:
                self._rich.stop()
                self._shown = False

    def _draw(self, report: Progress) -> None:
        bars = self._rich = self._rich if self._rich is not None else self._make()
        if not self._shown:
            bars.start()
            self._shown = True
        if report.total is not None and report.step >= report.total:
            self._drop(bars, report.stage)
            return
        if report.stage not in self._tasks:
            # A stage need not say that it is done: the next one says so.
            for stage in [stage for stage in self._tasks if stage != RUNNING]:
                self._drop(bars, stage)
            self._tasks[report.stage] = bars.add_task(shortened(report.stage, 36), detail="")
        bars.update(
            self._tasks[report.stage],
            completed=report.step,
            total=report.total,
            detail=shortened(report.detail, 24),
        )

    def _drop(self, bars: RichProgress, stage: str) -> None:
        done = self._tasks.pop(stage, None)
        if done is not None:
            bars.remove_task(done)

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

        return RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )


def bars_for_stderr(*, quiet: bool = False) -> Bars:
    """Bars where standard error is a terminal, else a sink that draws nothing."""
    return Bars(enabled=not quiet and sys.stderr.isatty())
