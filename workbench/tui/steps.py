"""Which step the Edit tab shows: the one under the history's highlight. Keeps what was read.

Knows panes and the conductor; runs no command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from ...engine.request import EditRequest
from .conductor import Conductor
from .copying import Copy
from .lane.jobs import JobProgressed
from .side.history import HistoryList
from .tabs.edit import EditTab
from .tabs.inside import LensTab, TraceTab

if TYPE_CHECKING:
    from ...store.records import StepRecord

_MOST_RECORDS = 128


class Steps:
    """The records that were read, the newest read kept.

    Args:
        space: The screen the panes are on.
        conductor: Has steps read.
    """

    def __init__(self, space: Screen[None], conductor: Conductor) -> None:
        self._space = space
        self._conductor = conductor
        self._records: dict[int, StepRecord] = {}
        self._stale = False
        self._told: JobProgressed | None = None

    def forget(self) -> None:
        """Another session was taken up: its steps have the same numbers."""
        self._records.clear()

    @property
    def shown(self) -> StepRecord | None:
        """The highlighted step, if it was read."""
        return self._records.get(self._space.query_one(HistoryList).step or 0)

    def request(self) -> Copy | None:
        """The highlighted step's request, as it is typed."""
        record = self.shown
        if record is None:
            return None
        typed = EditRequest.from_json(record.request).typed
        return Copy(f"the request of step {record.step}", typed)

    def export_line(self) -> Copy | None:
        """The highlighted step's line in an export."""
        from ...sessions.lines import to_line

        record = self.shown
        if record is None:
            return None
        return Copy(f"the export line of step {record.step}", to_line(record))

    def keep(self, record: StepRecord) -> None:
        """Keep a record, and have the tabs that look inside begin with its fact."""
        self._records[record.step] = record
        marked = EditRequest.from_json(record.request).typed.rpartition(" => ")[0]
        for tab in (LensTab, TraceTab):
            self._space.query_one(tab).follow(marked)
        while len(self._records) > _MOST_RECORDS:
            del self._records[next(iter(self._records))]

    def read(self, record: StepRecord) -> None:
        """A record that was asked for has come."""
        self.keep(record)
        if self._space.query_one(HistoryList).step == record.step:
            self._space.query_one(EditTab).show(record)

    def live(self, message: JobProgressed, cursor: int) -> None:
        """Show a v* optimisation while it runs, unless another step is being looked at."""
        history, edit = self._space.query_one(HistoryList), self._space.query_one(EditTab)
        figures = message.job.figures
        self._told = message
        if figures and edit.is_on_screen and history.step in (None, cursor):
            edit.live(figures, message.progress.total)
            self._stale = True

    def opened(self, cursor: int) -> None:
        """The tab has come into sight: an optimisation that runs is shown without waiting."""
        if self._told is not None:
            self.live(self._told, cursor)

    def settle(self) -> None:
        """What ran is over: show a step again."""
        self._told = None
        if self._stale and not self._conductor.busy:
            self._stale = False
            self.follow()

    def follow(self) -> None:
        """Show the highlighted step."""
        step = self._space.query_one(HistoryList).step
        edit = self._space.query_one(EditTab)
        if not step:
            edit.show_nothing("the base is the unedited model: choose a step in the history")
        elif step in self._records:
            edit.show(self._records[step])
        elif self._conductor.busy:
            edit.show_nothing("this step is read when what runs is done")
            self._stale = True
        else:
            self._conductor.read_step(step)
