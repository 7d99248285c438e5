"""Commands of the queue: fill it, list it, take the next, run it to the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import UsageError
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...engine.request import EditRequest
    from ...sessions.queue_run import Taken
    from ...sessions.session import Session
    from .context import Context
    from .results import Edited, QueueChanged, QueueShown, RunDone, StepBrief

GROUP = "Queue"
PENDING = "pending"
_FILE_HELP = (
    "Requests: ROME dicts, CounterFact or zsRE records, EasyEdit lists, as JSON or JSONL; "
    "- reads standard input."
)


@dataclass(frozen=True, slots=True)
class QueueAddParams(Params):
    """Which requests."""

    file: str = param(_FILE_HELP, argument=True, completes="file")
    limit: int | None = param("Only the first so many.", "-n", default=None, minimum=1)


@dataclass(frozen=True, slots=True)
class QueueListParams(Params):
    """What to list."""

    all: bool = param("Also what was done or failed.", "-a", default=False)


@dataclass(frozen=True, slots=True)
class RunParams(Params):
    """What to run."""

    file: str | None = param(
        _FILE_HELP + " Without it, what the queue already holds is run.",
        default=None,
        argument=True,
        completes="file",
    )
    limit: int | None = param(
        "Stop after so many edits; the rest stays in the queue.", "-n", default=None, minimum=1
    )


def _read(context: Context, file: str) -> tuple[str, list[EditRequest]]:
    """The requests of a file or of standard input, and what the queue notes as their origin."""
    from ...sessions.requests import parse_requests, read_requests

    if file == "-":
        return "standard input", parse_requests(context.read_input(), "standard input")
    return file, read_requests(file)


def queue_add(context: Context, params: QueueAddParams) -> QueueChanged:
    """Put requests at the end of the queue."""
    from .results import QueueChanged

    origin, requests = _read(context, params.file)
    session = context.session(write=True)
    added = session.enqueue(requests[: params.limit], origin)
    return QueueChanged(session.record.name, "added", len(added), _waiting(session))


def queue_list(context: Context, params: QueueListParams) -> QueueShown:
    """List what waits."""
    from .results import QueueShown

    session = context.session(write=False)
    return QueueShown(session.record.name, tuple(session.queue(None if params.all else PENDING)))


def queue_clear(context: Context, params: Params) -> QueueChanged:
    """Drop what waits."""
    from .results import QueueChanged

    session = context.session(write=True)
    count = session.clear_queue()
    return QueueChanged(session.record.name, "cleared", count, 0)


def step(context: Context, params: Params) -> Edited:
    """Take the next request of the queue and make its edit."""
    from .results import Edited

    _something_waits(context)
    live = context.live()
    before = live.session.cursor.branch
    record = live.step_queue(progress=context.progress, stop=context.stop)
    if record is None:
        raise _nothing_waits(live.session.record.name)
    after = live.session.cursor.branch
    return Edited(live.session.record.name, after, after if after != before else None, record)


def run(context: Context, params: RunParams) -> RunDone:
    """Put a file's requests in the queue, then take one after the other."""
    from .results import RunDone

    origin, requests = _read(context, params.file) if params.file is not None else ("", [])
    if params.file is None:
        _something_waits(context)
    live = context.live()
    session = live.session
    if requests:
        session.enqueue(requests, origin)
    steps: list[StepBrief] = []
    failed: list[StepBrief] = []

    def landed(taken: Taken) -> None:
        line = _brief(taken)
        (steps if taken.step is not None else failed).append(line)
        context.emit(line)

    report = live.run_queue(
        params.limit, progress=context.progress, stop=context.stop, on_step=landed
    )
    return RunDone(
        session=session.record.name,
        branch=session.cursor.branch,
        enqueued=len(requests),
        steps=tuple(steps),
        failed=tuple(failed),
        pending=report.pending,
        end=report.end,
    )


def _brief(taken: Taken) -> StepBrief:
    from .results import StepBrief, brief

    if taken.step is not None:
        return brief(taken.step, taken.entry.position)
    request = taken.entry.request
    return StepBrief(
        step=None,
        position=taken.entry.position,
        subject=str(request.get("subject", "")),
        target_new=str(request.get("target_new", "")),
        message=taken.error.message if taken.error is not None else "",
    )


def _waiting(session: Session) -> int:
    return len(session.queue(PENDING))


def _something_waits(context: Context) -> None:
    """Refuse before the model is loaded where there is nothing to do."""
    session = context.session(write=False)
    if not _waiting(session):
        raise _nothing_waits(session.record.name)


def _nothing_waits(name: str) -> UsageError:
    return UsageError(f"the queue of session {name!r} is empty", "`queue add FILE` fills it")


COMMANDS = (
    Command(
        name="queue add",
        summary="put the requests of a file in the queue",
        params=QueueAddParams,
        effect=Effect.WRITE,
        scope=Scope.SESSION,
        run=queue_add,
        group=GROUP,
        examples=("queue add requests.json", "queue add - < requests.jsonl"),
    ),
    Command(
        name="queue list",
        summary="list the requests that wait",
        params=QueueListParams,
        effect=Effect.READ,
        scope=Scope.SESSION,
        run=queue_list,
        group=GROUP,
        examples=("queue list", "queue list --all"),
        aliases=("queue",),
    ),
    Command(
        name="queue clear",
        summary="drop the requests that wait",
        params=Params,
        effect=Effect.DESTRUCTIVE,
        scope=Scope.SESSION,
        run=queue_clear,
        group=GROUP,
        examples=("queue clear --yes",),
        question="Drop every request that waits in the queue?",
    ),
    Command(
        name="step",
        summary="take the next request of the queue and edit",
        params=Params,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=step,
        group=GROUP,
        long=True,
        examples=("step",),
    ),
    Command(
        name="run",
        summary="run the queue, or a file of requests through it",
        params=RunParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=run,
        group=GROUP,
        long=True,
        creates=True,
        examples=("run requests.json", "run requests.json --session study --rule rome", "run -n 5"),
    ),
)
