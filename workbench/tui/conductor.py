"""Turns what the user wants into jobs in the engine lane. Knows the desk and no widget.

Whatever a job finds out is posted as a message (`messages.py`, `jobs.py`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from ...engine.request import EditRequest
from ...errors import CancelledError, RequestError, RomebenchError
from ..commands.parsing import Invocation
from ..commands.registry import find
from .lane.asks import Ask, Page, PageRead
from .lane.desk import Desk, Ears
from .lane.examples import examples_for
from .lane.jobs import Job, LaneBridge
from .messages import (
    Answered,
    ExamplesRead,
    Executed,
    ModelLoaded,
    Noted,
    PreviewRead,
    SessionOpened,
    StepRead,
    ViewChanged,
)
from .view import View

if TYPE_CHECKING:
    from ..commands.context import Chunk
    from ..commands.results import StepBrief

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.3
"""While a run lands step after step, the screen gets a new picture at most this often."""

_LOOK_SHARE = 0.1
"""And no more of the lane's time goes into pictures than this: a long session's take long."""


def invocation(name: str, /, **params: object) -> Invocation:
    """A command of the registry with its parameters."""
    command = find(name)
    return Invocation(command, command.params(**params))


class Conductor:
    """Submits jobs. All methods are called from the UI thread.

    Args:
        desk: What the jobs do; touched in the lane only.
        bridge: Where they go.
    """

    def __init__(self, desk: Desk, bridge: LaneBridge) -> None:
        self._desk = desk
        self.bridge = bridge
        self._loading: Job | None = None
        self._looking: Job | None = None
        self._reading: Ask | None = None
        self._look_s = 0.0

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        return self.bridge.running is not None

    def open(self) -> None:
        """Open the store and the session."""
        self._submit(Job("opening the session"), lambda _: SessionOpened(self._desk.open()))

    def load(self) -> None:
        """Load the model; make a session where there is none."""
        self._loading = Job("loading the model")
        self._submit(self._loading, lambda job: ModelLoaded(self._load(job)))

    @property
    def loading(self) -> bool:
        """Whether the model is being loaded, or will be in a moment."""
        return self._loading is not None

    def is_loading(self, job: Job) -> bool:
        """Whether it is this job that loads the model."""
        return job is self._loading

    def ended(self, job: Job) -> None:
        """Take note of the end of a job."""
        self.bridge.ended(job)
        if job is self._loading:
            self._loading = None
        if job is self._looking:
            self._looking = None

    def find_examples(self, model: str) -> None:
        """Find first edits to try."""
        job = Job("finding examples", quiet=True)
        self._submit(job, lambda _: ExamplesRead(examples_for(model)))

    def execute(self, asked: Invocation) -> Job:
        """Run a command; gives its job."""
        job = Job(asked.command.name)
        self._submit(job, lambda job: self._execute(asked, job))
        return job

    def preview(self, request: EditRequest) -> None:
        """Read tokens and the target's standing."""
        self._submit(Job("preview", quiet=True), lambda job: self._preview(request, job))

    def read(self, tab: str, asked: Ask) -> None:
        """Read what a tab asks for: in the lane where it takes the model, else beside it."""
        job = Job(asked.label, quiet=asked.quiet)
        if asked.looks_inside:
            self._looking = job
            self._submit(job, lambda job: self._page(tab, asked, job))
        else:
            self._reading = asked
            self.bridge.beside(lambda: self._page(tab, asked, job))

    def read_ended(self, asked: Ask) -> None:
        """Take note of a page that came back."""
        if asked is self._reading:
            self._reading = None

    @property
    def reading(self) -> bool:
        """Whether a tab is being read beside the lane."""
        return self._reading is not None

    def drop_look(self) -> bool:
        """Ask a look that runs or waits to stop; whether there was one."""
        if self._looking is None:
            return False
        self._looking.stop.set()
        return True

    def read_step(self, number: int) -> None:
        """Read a step."""
        job = Job("reading a step", quiet=True)
        self._submit(job, lambda _: StepRead(self._desk.step(number)))

    def _submit(self, job: Job, call: Callable[[Job], Message | None]) -> None:
        self.bridge.submit(job, call)

    # In the lane

    def _ears(self, job: Job) -> Ears:
        from ..commands.results import StepBrief

        emit = self.bridge.emit(job)
        looked = time.monotonic()

        def hear(event: Chunk | StepBrief) -> None:
            nonlocal looked
            emit(event)
            pause = max(_LOOK_EVERY_S, self._look_s / _LOOK_SHARE)
            if isinstance(event, StepBrief) and time.monotonic() - looked > pause:
                self._look()
                looked = time.monotonic()

        def note(text: str) -> None:
            self.bridge.post(Noted(text))

        return Ears(self.bridge.progress(job), job.stop, hear, note)

    def _load(self, job: Job) -> View | None:
        try:
            return self._desk.load(self._ears(job))
        except BaseException:
            self._look()
            raise

    def _execute(self, asked: Invocation, job: Job) -> Message | None:
        try:
            result = self._desk.execute(asked, self._ears(job))
        except BaseException:
            self._look()
            raise
        self.bridge.post(Executed(job, asked, result))
        self._look()
        return Answered(job, self._desk.answers(result, job.stop))

    def _preview(self, request: EditRequest, job: Job) -> Message:
        try:
            return PreviewRead(request, self._desk.preview(request, self._ears(job)))
        except RequestError as error:
            return PreviewRead(request, None, error.message)

    def _page(self, tab: str, asked: Ask, job: Job) -> Message:
        """Read a page; whatever goes wrong is told on it."""
        try:
            return PageRead(Page(tab, asked, asked.read(self._desk, self._ears(job))))
        except CancelledError:
            return PageRead(Page(tab, asked))
        except RomebenchError as error:
            return PageRead(Page(tab, asked, error=f"{error.message}: {error.hint}"))
        except Exception:
            logger.exception("%s failed", asked.label)
            return PageRead(Page(tab, asked, error=f"{asked.label} failed: the log file says why"))

    def _look(self) -> None:
        """Post a new picture; a store that can't be read is told of by the command itself."""
        began = time.monotonic()
        try:
            self.bridge.post(ViewChanged(self._desk.view()))
        except RomebenchError:
            logger.warning("the session could not be read", exc_info=True)
        self._look_s = time.monotonic() - began
