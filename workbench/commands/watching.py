"""Commands of the collapse watch: calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from .options import RULES
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...engine.request import EditRequest
    from ...engine.rules import Rule
    from .context import Context
    from .watched import Calibrated, Compared, ReportWritten, Retained

GROUP = "Watch"


class CalibrateParams(Params):
    """What is edited to find the normal range."""

    data: str | None = param(
        "Requests to edit one by one; pocket is the embedded development set. "
        "[default: pocket, on that model]",
        default=None,
        argument=True,
        completes="file",
    )
    limit: int = param("So many of them, drawn with the seed.", "-n", default=60, minimum=10)
    only: str | None = param(
        "Calibrate this rule alone. [default: all]", default=None, choices=RULES
    )
    show: bool = param("Show the calibration there is; edit nothing.", default=False)


class CompareParams(Params):
    """What is compared."""

    sessions: tuple[str, ...] = param(
        "Sessions; the others are compared with the first.", argument=True, completes="session"
    )


class RetentionParams(Params):
    """When edits are asked again, and what."""

    every: int = param("At each so-manieth step, and at the last.", "-e", default=10, minimum=1)
    all: bool = param("Also paraphrases and neighbours, where requests have them.", default=False)
    show: bool = param("Show what is stored; measure nothing.", default=False)


class ReportParams(Params):
    """Of which sessions, and where to."""

    sessions: tuple[str, ...] = param(
        "Sessions, side by side. [default: the last one used]",
        default=(),
        argument=True,
        completes="session",
    )
    output: str = param("The HTML file to write.", "-o", completes="file", metavar="FILE")
    force: bool = param("Overwrite the file.", "-f", default=False)


def calibrate(context: Context, params: CalibrateParams) -> Calibrated:
    """Find the normal range of single edits on this model and site, and keep it."""
    from ...sessions.watch.calibrate import calibrate as measure
    from ...sessions.watch.calibrate import draw
    from ...sessions.watch.calibration import calibration_file, write_calibration
    from .watched import Calibrated

    if params.show:
        return _shown(context)
    live = context.live()
    record = live.session.record
    data = params.data if params.data is not None else _own_data(record.model)
    requests = draw(_requests(data), params.limit, record.seed)
    made = measure(
        live,
        requests,
        source=f"{data} (dev)" if data == "pocket" else data,
        rules=_rules(params.only),
        seed=record.seed,
        progress=context.progress,
        stop=context.stop,
    )
    path = calibration_file(
        context.bench.paths.store,
        record.model_sha256,
        record.weight_name,
        record.hparams,
        identity=record.statistics is None,
    )
    write_calibration(path, made)
    live.vitals.forget()
    return Calibrated(record.name, str(path), True, made)


def _shown(context: Context) -> Calibrated:
    from ...sessions.watch.calibration import calibration_file, find_calibration
    from .watched import Calibrated

    record = context.session(write=False).record
    store, identity = context.bench.paths.store, record.statistics is None
    asked = (store, record.model_sha256, record.weight_name, record.hparams)
    search = find_calibration(*asked, identity=identity)
    if search.calibration is None:
        raise UsageError(
            f"{record.model} is not calibrated at {record.weight_name}: {search.reason}",
            "`calibrate FILE` does it, from a file of requests",
        )
    own = calibration_file(*asked, identity=identity)
    kept = str(own) if own.is_file() else None
    return Calibrated(record.name, kept, False, search.calibration)


def _own_data(model: str) -> str:
    if model != "pocket":
        raise UsageError("calibrate on what?", "name a file of requests this model knows")
    return model


def _requests(data: str) -> list[EditRequest]:
    from ...sessions.selection import read_source

    return [found.request for found in read_source(data, split="dev")]


def _rules(only: str | None) -> tuple[Rule, ...]:
    from ...engine.rules import Rule

    return tuple(Rule) if only is None else (Rule(only),)


def compare(context: Context, params: CompareParams) -> Compared:
    """Lay the vitals of sessions over each other, and say where they part."""
    from ...sessions.session import Session
    from ...sessions.watch.compare import compare as lay
    from .watched import Compared

    if len(set(params.sessions)) < 2:
        raise UsageError("there is nothing to compare", "name two sessions or more")
    repository = context.bench.repository
    views = [Session.open(repository, name, write=False) for name in params.sessions]
    return Compared(lay(views))


def retention(context: Context, params: RetentionParams) -> Retained:
    """Ask every edit of the path again at chosen steps."""
    from ...sessions.watch.retention import EFFICACY, SCORES, measure_retention, read_retention
    from .watched import Forgetting, Retained

    if params.show:
        found = read_retention(context.session(write=False))
    else:
        found = measure_retention(
            context.live(),
            every=params.every,
            scores=SCORES if params.all else (EFFICACY,),
            progress=context.progress,
            stop=context.stop,
        )
    curve = tuple(
        Forgetting(
            step=column.step,
            edits=len(column.steps),
            kept=column.kept,
            forgotten=column.forgotten,
            paraphrase=column.mean("paraphrase"),
            neighbourhood=column.mean("neighbourhood"),
        )
        for column in found.columns
    )
    return Retained(found.session, curve, found)


def report(context: Context, params: ReportParams) -> ReportWritten:
    """Write one self-contained HTML page on sessions."""
    from ...sessions.files import whole_file
    from ...sessions.session import Session
    from ...sessions.watch.report import gather
    from ..render.report import report_html
    from .watched import ReportWritten

    bench = context.bench
    names = tuple(dict.fromkeys(params.sessions)) or (bench.required_name(),)
    views = [Session.open(bench.repository, name, write=False) for name in names]
    page = report_html(gather(views))
    path = Path(params.output).expanduser()
    with whole_file(path, force=params.force) as file:
        file.write(page.encode())
    return ReportWritten(names, str(path), len(page.encode()))


COMMANDS = (
    Command(
        name="calibrate",
        summary="find the normal range of single edits, which verdicts are measured by",
        params=CalibrateParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=calibrate,
        group=GROUP,
        long=True,
        creates=True,
        examples=("calibrate", "calibrate counterfact.json -n 100 --model gpt2-xl"),
    ),
    Command(
        name="compare",
        summary="lay sessions over each other: vitals by depth, and where they part",
        params=CompareParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=compare,
        group=GROUP,
        examples=("compare study study-rome", "compare study study-rome --json"),
    ),
    Command(
        name="retention",
        summary="ask every edit again at later steps: which are still in force",
        params=RetentionParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=retention,
        group=GROUP,
        long=True,
        examples=("retention", "retention --every 5 --all", "retention --show --json"),
    ),
    Command(
        name="report",
        summary="write an HTML page: curves, the table, the worst edits with their texts",
        params=ReportParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=report,
        group=GROUP,
        examples=("report study study-rome -o report.html",),
    ),
)
