"""Calls in the engine lane, and how they report to the screen.

A `Job` is one call with its stop flag; the `LaneBridge` queues jobs in the lane and turns what
happens into messages. Knows no widget.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from textual.message import Message

from ....engine.lane import EngineLane
from ....engine.progress import Progress
from ....errors import CancelledError, RomebenchError

if TYPE_CHECKING:
    from ...commands.context import Chunk
    from ...commands.results import StepBrief

logger = logging.getLogger(__name__)

_numbers = itertools.count(1)


class Job:
    """One call in the lane.

    Attributes:
        number: Tells jobs apart.
        label: What is done, in the user's words.
        quiet: Too small to be shown while it runs.
        stop: Set to ask it to stop.
        figures: What the stage that runs has told of each of its units, the first first: reports
            replace one another on their way, figures don't.
    """

    def __init__(self, label: str, *, quiet: bool = False) -> None:
        self.number = next(_numbers)
        self.label = label
        self.quiet = quiet
        self.stop = threading.Event()
        self.figures: list[Mapping[str, Any]] = []
        self._events: deque[Chunk | StepBrief] = deque()

    def told(self, progress: Progress) -> None:
        """Keep the figures of a report; called from the lane."""
        if progress.figures is not None:
            # A new list at the first unit: the screen may be reading the old one.
            first = progress.step <= 1
            self.figures = [progress.figures] if first else [*self.figures, progress.figures]

    def put(self, event: Chunk | StepBrief) -> None:
        """Keep what the call gave on its way; called from the lane."""
        self._events.append(event)

    def take(self) -> list[Chunk | StepBrief]:
        """What has come since the last time; called from the UI thread."""
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events


class JobMessage(Message):
    """Something happened to a job."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


class JobStarted(JobMessage):
    """Its turn came."""


class JobProgressed(JobMessage):
    """It told where it is; a later report replaces one that was not handled yet."""

    def __init__(self, job: Job, progress: Progress) -> None:
        super().__init__(job)
        self.progress = progress

    def can_replace(self, message: Message) -> bool:
        """Only the newest report of a job counts."""
        return isinstance(message, JobProgressed) and message.job is self.job


class JobStreamed(JobMessage):
    """It has events to be taken from it."""

    def can_replace(self, message: Message) -> bool:
        """One message is enough for all events that wait."""
        return isinstance(message, JobStreamed) and message.job is self.job


class JobFailed(JobMessage):
    """It raised; `error` may be anything."""

    def __init__(self, job: Job, error: BaseException) -> None:
        super().__init__(job)
        self.error = error

    @property
    def cancelled(self) -> bool:
        """The user wanted it to stop."""
        return isinstance(self.error, CancelledError)


class JobEnded(JobMessage):
    """It is over, one way or the other. Comes last."""


Post = Callable[[Message], bool]
"""Takes a message from any thread."""


class LaneBridge:
    """Queues jobs in the engine lane. All methods are called from the UI thread.

    Args:
        lane: The one thread that may touch the model and write to the store.
        post: Where messages go.

    Attributes:
        submitted: How many jobs there have been.
    """

    def __init__(self, lane: EngineLane, post: Post) -> None:
        self._lane = lane
        self._reader = EngineLane("reader")
        self._post = post
        self._jobs: deque[Job] = deque()
        self.submitted = 0

    @property
    def running(self) -> Job | None:
        """The oldest job that has not ended."""
        return self._jobs[0] if self._jobs else None

    @property
    def waiting(self) -> int:
        """How many jobs wait behind the running one."""
        return max(sum(not job.quiet for job in self._jobs) - 1, 0)

    def submit(self, job: Job, call: Callable[[Job], Message | None]) -> None:
        """Queue a call; the message it returns is posted."""
        self._jobs.append(job)
        self.submitted += 1
        self._lane.submit(self._run, job, call)

    def beside(self, read: Callable[[], Message]) -> None:
        """Read the store beside the lane; the message it returns is posted."""
        self._reader.submit(lambda: self._post(read()))

    @property
    def reads(self) -> bool:
        """Whether the store is being read beside the lane."""
        return self._reader.busy

    def close_reader(self, timeout: float) -> bool:
        """Read no more; whether nothing is being read."""
        return self._reader.close(timeout)

    def ended(self, job: Job) -> None:
        """Take note of a `JobEnded`."""
        if job in self._jobs:
            self._jobs.remove(job)

    def cancel(self) -> Job | None:
        """Ask everything that runs or waits to stop; gives the job that was running."""
        shown = [job for job in self._jobs if not job.quiet]
        for job in shown:
            job.stop.set()
        return shown[0] if shown else None

    def stop_all(self) -> None:
        """Ask every job to stop, the quiet ones too."""
        for job in self._jobs:
            job.stop.set()

    def post(self, message: Message) -> bool:
        """Post a message from the lane."""
        return self._post(message)

    def progress(self, job: Job) -> Callable[[Progress], None]:
        """A ProgressSink for a job."""

        def report(progress: Progress) -> None:
            job.told(progress)
            self._post(JobProgressed(job, progress))

        return report

    def emit(self, job: Job) -> Callable[[Chunk | StepBrief], None]:
        """Takes what a command gives on its way."""

        def put(event: Chunk | StepBrief) -> None:
            job.put(event)
            self._post(JobStreamed(job))

        return put

    def _run(self, job: Job, call: Callable[[Job], Message | None]) -> None:
        try:
            if job.stop.is_set():
                raise CancelledError(f"{job.label} was cancelled", "it had not begun")
            self._post(JobStarted(job))
            message = call(job)
            if message is not None:
                self._post(message)
        except Exception as error:
            if not isinstance(error, RomebenchError):
                logger.exception("%s failed", job.label)
            self._post(JobFailed(job, error))
        finally:
            self._post(JobEnded(job))
