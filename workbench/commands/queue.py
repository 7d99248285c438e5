"""Commands of the queue: fill it, list it, take the next, run it to the end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ...engine.progress import Progress
from ...errors import UsageError
from .method import check_method, chosen_method, method_hparams_param, method_param
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...engine.request import EditRequest
    from ...sessions.queue_run import Taken
    from ...sessions.selection import Selection
    from ...sessions.session import Session
    from .context import Context
    from .results import Edited, QueueChanged, QueueShown, RunDone, StepBrief

GROUP = "Queue"
PENDING = "pending"
RUNNING = "running the queue"
"""The stage of a run as a whole; the stages of each edit are reported within it."""

_FILE_HELP = (
    "Requests: ROME dicts, CounterFact or zsRE records, EasyEdit lists, as JSON or JSONL; "
    "- reads standard input; pocket is the embedded set."
)
_SAMPLE_HELP = "Only so many, drawn with the seed."
_RELATION_HELP = "Only requests of this relation (relation_id in the records)."
_MATCH_HELP = "Only requests with this text in prompt, subject or target."
_SKIP_HELP = "Leave the generation prompts out: no texts before and after each edit."


class QueueAddParams(Params):
    """Which requests."""

    file: str = param(_FILE_HELP, argument=True, completes="file")
    limit: int | None = param("Only the first so many.", "-n", default=None, minimum=1)
    sample: int | None = param(_SAMPLE_HELP, default=None, minimum=1)
    shuffle: bool = param("In an order drawn with the seed.", default=False)
    seed: int = param("Seeds sample and order.", default=0, minimum=0)
    relation: str | None = param(_RELATION_HELP, default=None)
    match: str | None = param(_MATCH_HELP, default=None, metavar="TEXT")
    skip_generation: bool = param(_SKIP_HELP, default=False)


class QueueListParams(Params):
    """What to list."""

    all: bool = param("Also what was done or failed.", "-a", default=False)


class StepParams(Params):
    """How the edit is made."""

    method: str | None = method_param()
    method_hparams: str | None = method_hparams_param()


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
    until: str | None = param(
        "End after a step with this verdict or a worse one. [default: collapsed, by --guard]",
        default=None,
        choices=("warn", "collapsed"),
    )
    sample: int | None = param(_SAMPLE_HELP, default=None, minimum=1)
    shuffle: bool = param("In an order drawn with the seed.", default=False)
    relation: str | None = param(_RELATION_HELP, default=None)
    match: str | None = param(_MATCH_HELP, default=None, metavar="TEXT")
    skip_generation: bool = param(_SKIP_HELP, default=False)
    method: str | None = method_param()
    method_hparams: str | None = method_hparams_param()


def _read(context: Context, file: str, selection: Selection) -> tuple[str, list[EditRequest]]:
    """The chosen requests of a source, and what the queue notes as their origin."""
    from ...sessions.requests import parse_found
    from ...sessions.selection import read_source

    if file == "-":
        origin, found = "standard input", parse_found(context.read_input(), "standard input")
    else:
        origin, found = file, read_source(file)
    return origin, selection.of(found)


def queue_add(context: Context, params: QueueAddParams) -> QueueChanged:
    """Put requests at the end of the queue."""
    from ...sessions.selection import Selection
    from .results import QueueChanged

    chosen = Selection(
        relation=params.relation,
        match=params.match,
        sample=params.sample,
        shuffle=params.shuffle,
        seed=params.seed,
        limit=params.limit,
        texts=not params.skip_generation,
    )
    origin, requests = _read(context, params.file, chosen)
    session = context.session(write=True)
    added = session.enqueue(requests, origin)
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


def step(context: Context, params: StepParams) -> Edited:
    """Take the next request of the queue and make its edit."""
    from .results import Edited

    check_method(params.method, params.method_hparams, rule=None, hparams=None)
    _something_waits(context)
    live = context.live()
    way = chosen_method(params.method, params.method_hparams, live.session.record.model)
    before = live.session.cursor.branch
    record = live.step_queue(way=way, progress=context.progress, stop=context.stop)
    if record is None:
        raise _nothing_waits(live.session.record.name)
    after = live.session.cursor.branch
    return Edited(live.session.record.name, after, after if after != before else None, record)


def run(context: Context, params: RunParams) -> RunDone:
    """Put a file's requests in the queue, then take one after the other."""
    from .results import RunDone

    check_method(params.method, params.method_hparams, rule=None, hparams=None)
    if params.file is None:
        _nothing_to_choose(params)
        _something_waits(context)
    chosen = _chosen(context, params)
    origin, requests = ("", []) if params.file is None else _read(context, params.file, chosen)
    live = context.live()
    session = live.session
    if requests:
        session.enqueue(requests, origin)
    steps: list[StepBrief] = []
    failed: list[StepBrief] = []
    total = min(_waiting(session), params.limit or sys.maxsize)

    def landed(taken: Taken) -> None:
        line = _brief(taken)
        (steps if taken.step is not None else failed).append(line)
        context.emit(line)
        context.progress(Progress(RUNNING, len(steps) + len(failed), total))

    context.progress(Progress(RUNNING, 0, total))

    report = live.run_queue(
        params.limit,
        until=params.until,
        way=chosen_method(params.method, params.method_hparams, session.record.model),
        progress=context.progress,
        stop=context.stop,
        on_step=landed,
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


def _chosen(context: Context, params: RunParams) -> Selection:
    """What `run` takes of a file; drawn with the seed that was typed, else the session's."""
    from ...sessions.selection import Selection

    seed = context.choices.over(context.bench.choices).seed
    if seed is None and (params.sample is not None or params.shuffle):
        name = context.bench.name
        record = None if name is None else context.bench.repository.find_session(name)
        seed = context.bench.wanted(context.choices).seed if record is None else record.seed
    return Selection(
        relation=params.relation,
        match=params.match,
        sample=params.sample,
        shuffle=params.shuffle,
        seed=seed or 0,
        texts=not params.skip_generation,
    )


def _nothing_to_choose(params: RunParams) -> None:
    """Refuse to choose among what waits: it was chosen when it was put in the queue."""
    asked = {
        "--sample": params.sample,
        "--shuffle": params.shuffle,
        "--relation": params.relation,
        "--match": params.match,
        "--skip-generation": params.skip_generation,
    }
    for flag, value in asked.items():
        if value:
            raise UsageError(f"{flag} chooses from a file, and none is given", "name the file")


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
        examples=(
            "queue add requests.json",
            "queue add counterfact.json --relation P103 --sample 50 --seed 1 --shuffle",
            "queue add - < requests.jsonl",
        ),
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
        params=StepParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=step,
        group=GROUP,
        long=True,
        examples=("step", "step --method ft"),
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
        examples=(
            "run requests.json",
            "run pocket --sample 60 --shuffle --session study --rule rome --skip-generation",
            "run -n 5 --until warn",
        ),
    ),
)
