"""Taking requests from a session's queue: one, or one after the other until something stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ..engine.progress import ProgressSink, StopFlag
from ..engine.request import EditRequest
from ..errors import CancelledError, EditError, RequestError, StoreError
from ..store.records import QueueRecord, StepRecord
from .editing import make_step

if TYPE_CHECKING:
    from .live import LiveSession
    from .ways import Way


class RunEnd(StrEnum):
    """Why a run ended."""

    EMPTY = "empty"
    LIMIT = "limit"
    VERDICT = "verdict"


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was taken from the queue, and what became of it.

    Attributes:
        entry: The queue's entry as it was taken.
        step: The step it became; None where it failed.
        error: Why it failed; None where it became a step.
    """

    entry: QueueRecord
    step: StepRecord | None
    error: RequestError | EditError | None


OnStep = Callable[[Taken], None]
"""Is told of each request that was taken; called from the thread that works."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run of the queue did.

    Attributes:
        steps: Numbers of the steps that were committed.
        failed: Positions of the entries that could not be edited.
        pending: How many entries wait on.
        end: Why it ended.
    """

    steps: tuple[int, ...]
    failed: tuple[int, ...]
    pending: int
    end: RunEnd


def step_queue(
    live: LiveSession, *, way: Way | None = None, progress: ProgressSink, stop: StopFlag
) -> StepRecord | None:
    """Make the edit the queue has next; see `LiveSession.step_queue`."""
    entry = next(iter(live.session.queue("pending")), None)
    return None if entry is None else _take(live, entry, way, progress, stop)


def run_queue(
    live: LiveSession,
    limit: int | None,
    *,
    until: str | None = None,
    way: Way | None = None,
    progress: ProgressSink,
    stop: StopFlag,
    on_step: OnStep | None,
) -> RunReport:
    """Take one request after the other; see `LiveSession.run_queue`."""
    before, live.watch = live.watch, live.watch.waiting_for(until)
    try:
        return _run(live, limit, way, progress, stop, on_step)
    finally:
        live.watch = before


def _run(
    live: LiveSession,
    limit: int | None,
    way: Way | None,
    progress: ProgressSink,
    stop: StopFlag,
    on_step: OnStep | None,
) -> RunReport:
    steps: list[int] = []
    failed: list[int] = []
    end = RunEnd.EMPTY
    for entry in _waiting(live):
        if limit is not None and len(steps) + len(failed) >= limit:
            end = RunEnd.LIMIT
            break
        if stop.is_set():
            raise CancelledError(
                f"the run was cancelled after {len(steps)} steps", "the rest waits in the queue"
            )
        taken = _taken(live, entry, way, progress, stop)
        if taken.step is not None:
            steps.append(taken.step.step)
        else:
            failed.append(entry.position)
        if on_step is not None:
            on_step(taken)
        if taken.step is not None and live.watch.ends_run(taken.step.verdict):
            end = RunEnd.VERDICT
            break
    waiting = len(live.session.queue("pending"))
    return RunReport(tuple(steps), tuple(failed), waiting, end)


def _waiting(live: LiveSession) -> Iterator[QueueRecord]:
    """The entries that wait, and those that are added while they are taken; each once."""
    last = 0
    while True:
        entries = [entry for entry in live.session.queue("pending") if entry.position > last]
        if not entries:
            return
        yield from entries
        last = entries[-1].position


def _taken(
    live: LiveSession,
    entry: QueueRecord,
    way: Way | None,
    progress: ProgressSink,
    stop: StopFlag,
) -> Taken:
    try:
        return Taken(entry, _take(live, entry, way, progress, stop), None)
    except (RequestError, EditError) as error:
        return Taken(entry, None, error)


def _take(
    live: LiveSession,
    entry: QueueRecord,
    way: Way | None,
    progress: ProgressSink,
    stop: StopFlag,
) -> StepRecord:
    try:
        request = EditRequest.from_json(entry.request)
    except RequestError as error:
        raise StoreError(
            f"entry {entry.position} of the queue holds no request: {error.message}",
            "`queue clear` takes what waits off the queue",
        ) from None
    return make_step(
        live, request, way=way, progress=progress, stop=stop,
        position=entry.position,
    )  # fmt: skip
