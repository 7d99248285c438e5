"""What runs, as the screen shows it: the status line, the Console, and what failed.

Also has the model loaded of a session that was taken up. Knows no command.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from ...errors import RomebenchError
from ..render.text import visible
from .bottom.status_line import StatusLine
from .conductor import Conductor
from .lane.jobs import JobEnded, JobFailed, JobProgressed, JobStarted
from .reporter import Reporter
from .tabs.console import Console
from .view import View

if TYPE_CHECKING:
    from .lane.jobs import Job


class Activity:
    """Follows jobs from their start to their end.

    Args:
        space: The screen the panes are on.
        conductor: Knows what runs.
        log: The log file, for what has no name.
    """

    def __init__(self, space: Screen[None], conductor: Conductor, log: Path) -> None:
        self._space = space
        self._conductor = conductor
        self._log = log
        self._unloadable: str | None = None
        self.reporter = Reporter(space.query_one(Console), self.tell, self.toast)

    @property
    def _status(self) -> StatusLine:
        return self._space.query_one(StatusLine)

    def started(self, message: JobStarted) -> None:
        """A job's turn came."""
        self._status.started(message.job)
        self._status.waiting(self._conductor.bridge.waiting)

    def progressed(self, message: JobProgressed) -> None:
        """It told where it is."""
        self._status.progressed(message.job, message.progress)

    def failed(self, message: JobFailed, view: View | None) -> None:
        """It raised."""
        if self._conductor.is_loading(message.job):
            self._unloadable = view.status.session if view is not None else ""
        self.reporter.failed(message)

    def ended(self, message: JobEnded) -> None:
        """It is over."""
        job: Job = message.job
        self._conductor.ended(job)
        self._status.ended(job, self._conductor.bridge.waiting)

    def load_if_needed(self, view: View | None) -> None:
        """Another session was taken up: have its model ready before it is asked for.

        A model that could not be loaded, or whose loading was cancelled, is left until a command
        needs it.
        """
        if view is None or self._conductor.busy:
            return
        status = view.status
        if status.writable and not status.loaded and status.session != self._unloadable:
            self._conductor.load()

    def toast(self, what: str, why: str) -> None:
        """Tell of a failure that a glance is enough for."""
        self._space.notify(visible(why), title=what, severity="warning", markup=False)

    def tell(self, label: str, error: BaseException) -> None:
        """Tell of a failure that wants to be read."""
        from .dialogs.error import ErrorDialog

        dialog = ErrorDialog(label, error, self._log)
        hint = error.hint if isinstance(error, RomebenchError) else f"details: {self._log}"
        self._space.query_one(Console).note(dialog.message, hint, "error")
        # One dialog is enough: what else fails meanwhile stands in the console.
        if not isinstance(self._space.app.screen, ErrorDialog):
            self._space.app.push_screen(dialog)
