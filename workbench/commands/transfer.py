"""Commands that take the record away and bring it back: replay, export, import, deltas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from .method import check_method, method_hparams_param, method_param
from .options import RULES
from .spec import Command, Effect, Params, Scope, fields_of, param

if TYPE_CHECKING:
    from ...sessions.queue_run import Taken
    from .context import Context
    from .results import Exported, Imported, Replayed
    from .watched import ReplayedAnew

GROUP = "Record"


class ReplayParams(Params):
    """Whether the record is checked, or made again; and what is different then."""

    into: str | None = param(
        "Make the requests again in a new session of this name, linked to this one.",
        default=None,
        metavar="NAME",
    )
    rule: str | None = param("Under this rule.", "-r", default=None, choices=RULES)
    method: str | None = method_param()
    method_hparams: str | None = method_hparams_param()
    hparams: str | None = param(
        "With these hyperparameters.", default=None, completes="preset", metavar="PRESET|FILE"
    )
    stats: str | None = param(
        "With these second moments; none means C = I.",
        default=None,
        completes="file",
        metavar="FILE|none",
    )
    seed: int | None = param("With contexts drawn by this seed.", default=None, minimum=0)
    model: str | None = param("On this model.", "-m", default=None, completes="model")
    without: str | None = param("Leave these steps out: 3 or 3,5-7.", default=None, metavar="STEPS")
    limit: int | None = param("Only the first so many.", "-n", default=None, minimum=1)
    order: str = param(
        "In which order.", default="recorded", choices=("recorded", "reversed", "shuffled")
    )
    vitals: str | None = param(
        "What is measured after each step. [default: full]", default=None, choices=("cheap", "full")
    )
    guard: str | None = param(
        "What a verdict does; a replay goes on to its end. [default: off]",
        default=None,
        choices=("off", "warn", "stop", "undo"),
    )

    def refuse_changes(self) -> None:
        """Raise where something is changed and there is no session to make it in.

        Raises:
            UsageError: Names the option.
        """
        for spec in fields_of(ReplayParams):
            if spec.name != "into" and getattr(self, spec.name) != spec.default:
                raise UsageError(
                    f"{spec.flags[0]} makes another history, which needs a session of its own",
                    "add --into NAME",
                )


class ExportParams(Params):
    """What to write, and where."""

    session: str = param(
        "The session to export. [default: the last one used]",
        default="",
        argument=True,
        completes="session",
    )
    to: str = param("The JSONL file to write.", "-o", completes="file", metavar="FILE")
    force: bool = param("Overwrite the file.", "-f", default=False)


class ImportParams(Params):
    """What to read."""

    file: str = param(
        "A session export, or an example: contrast-rome, contrast-r-rome, disabling-rome, "
        "disabling-r-rome.",
        argument=True,
        completes="file",
    )
    name: str | None = param(
        "Name of the session here. [default: the one in the file]", default=None
    )


class DeltasParams(Params):
    """Which deltas to write, and where."""

    session: str = param(
        "Whose deltas. [default: the last one used's]",
        default="",
        argument=True,
        completes="session",
    )
    output: str = param(
        "The safetensors file to write: DEPTH.WEIGHT.left and .right.",
        "-o",
        completes="file",
        metavar="FILE",
    )
    all: bool = param(
        "Every step by its number, not the cursor's path by depth.", "-a", default=False
    )
    force: bool = param("Overwrite the file.", "-f", default=False)


def replay(context: Context, params: ReplayParams) -> Replayed | ReplayedAnew:
    """Apply the stored deltas again and compare hashes; or, with --into, edit anew."""
    if params.into is not None:
        return _anew(context, params, params.into)
    params.refuse_changes()
    return _exact(context)


def _exact(context: Context) -> Replayed:
    from ...sessions.replay import replay as exact_replay
    from .results import Replayed

    report = exact_replay(context.live(write=False), progress=context.progress, stop=context.stop)
    found = report.mismatch
    return Replayed(
        session=report.session,
        checked=report.checked,
        mismatch=None if found is None else found.step,
        expected=None if found is None else found.recorded,
        found=None if found is None else found.found,
        elapsed_s=report.elapsed_s,
    )


def _anew(context: Context, params: ReplayParams, into: str) -> ReplayedAnew:
    """Make the requests again in a new session, which becomes the current one."""
    from ...sessions.options import full_name
    from ...sessions.session import Session
    from ...sessions.watch.anew import Changes, Order, chosen_steps, open_anew, run_anew
    from ...sessions.watch.levels import Guard, VitalsLevel, Watch
    from .results import brief
    from .watched import ReplayedAnew

    check_method(params.method, params.method_hparams, rule=params.rule, hparams=params.hparams)
    bench = context.bench
    source = bench.required_name()
    changes = Changes(
        rule=params.rule,
        method=params.method,
        method_hparams=params.method_hparams,
        hparams=params.hparams,
        stats=params.stats,
        seed=params.seed,
        model=None if params.model is None else full_name(params.model),
        without=_numbers(params.without),
        only=params.limit,
        order=Order(params.order),
    )
    asked = Watch.of(None).changed(params.vitals, params.guard)
    watch = Watch(VitalsLevel.FULL, Guard.OFF).changed(params.vitals, params.guard)
    with Session.open(bench.repository, source, write=False) as view:
        steps = chosen_steps(view, changes)
        bench.forget(source)
        live = open_anew(
            view, into, changes, steps,
            device=bench.device, progress=context.progress, stop=context.stop,
        )  # fmt: skip
    bench.use(into)
    live.session.set_watch(asked)
    live.watch = watch

    def landed(taken: Taken) -> None:
        if taken.step is not None:
            context.emit(brief(taken.step, taken.entry.position))

    try:
        taken = run_anew(
            live, steps, changes,
            progress=context.progress, stop=context.stop, on_step=landed,
        )  # fmt: skip
    finally:
        live.close()
    made = tuple(each.step.step for each in taken if each.step is not None)
    failed = tuple(each.error.message for each in taken if each.error is not None)
    return ReplayedAnew(source, into, changes.to_json(), made, failed, len(steps) - len(taken))


def _numbers(text: str | None) -> tuple[int, ...]:
    """Step numbers as they are typed: "3", "3,5", "3-7"."""
    found: list[int] = []
    for part in (text or "").replace(",", " ").split():
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise UsageError(f"{part!r} is no step", "for example --without 3,5-7")
        found += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(found))


def export(context: Context, params: ExportParams) -> Exported:
    """Write a session as JSONL."""
    from ...sessions.export import export_session
    from .results import Exported

    report = export_session(
        context.bench.repository,
        params.session or context.bench.required_name(),
        Path(params.to).expanduser(),
        force=params.force,
        progress=context.progress,
        stop=context.stop,
    )
    return Exported("session", report.session, str(report.path), report.steps, report.size_bytes)


def import_(context: Context, params: ImportParams) -> Imported:
    """Read a session export into the store and make it the current session."""
    from ...sessions.examples import example_path
    from ...sessions.importing import import_session
    from .results import Imported

    repository = context.bench.repository
    path = Path(params.file).expanduser()
    example = None if path.exists() else example_path(params.file)
    report = import_session(
        repository,
        path if example is None else example,
        name=params.name,
        keep_name=params.name is not None,
        progress=context.progress,
        stop=context.stop,
    )
    repository.touch(repository.session(report.session).id)
    context.bench.use(report.session)
    return Imported(
        session=report.session,
        path=params.file,
        steps=report.steps,
        copied_from=report.copied_from,
        same_session=report.same_session,
    )


def deltas(context: Context, params: DeltasParams) -> Exported:
    """Write deltas as safetensors."""
    from ...sessions.deltas import write_deltas
    from ...sessions.session import Session
    from .results import Exported

    repository = context.bench.repository
    session = Session.open(repository, params.session or context.bench.required_name(), write=False)
    try:
        report = write_deltas(
            repository,
            session.record,
            session.history,
            Path(params.output).expanduser(),
            every=params.all,
            force=params.force,
        )
    finally:
        session.close()
    return Exported(
        "deltas", report.session, str(report.path), len(report.steps), report.size_bytes
    )


COMMANDS = (
    Command(
        name="replay",
        summary="check every stored delta and hash; with --into, make the requests again",
        params=ReplayParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=replay,
        group=GROUP,
        long=True,
        examples=(
            "replay",
            "replay --session study --rule rome --into study-rome",
            "replay --stats none --without 3,5-7 --into study-identity",
        ),
    ),
    Command(
        name="export",
        summary="write a whole session as JSONL",
        params=ExportParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=export,
        group=GROUP,
        long=True,
        examples=("export study --to study.jsonl",),
    ),
    Command(
        name="import",
        summary="read a session export into the store",
        params=ImportParams,
        effect=Effect.WRITE,
        scope=Scope.STORE,
        run=import_,
        group=GROUP,
        long=True,
        examples=("import study.jsonl", "import study.jsonl --name again", "import contrast-rome"),
    ),
    Command(
        name="deltas",
        summary="write the deltas of a session as safetensors",
        params=DeltasParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=deltas,
        group=GROUP,
        long=True,
        examples=("deltas study -o study.safetensors", "deltas study -o every.safetensors --all"),
    ),
)
