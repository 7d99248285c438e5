"""Commands that probe what an edited model can still do: eval glue|harness."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...sessions.evaluation.along import Reading
    from .context import Context
    from .evaluated import Downstream, DownstreamLine
    from .probed import HarnessAsked, HarnessLine

GROUP = "Evaluation"

_DEFAULT_TASKS = "sst2,mrpc,cola,rte"
_EVERY_HELP = (
    "Also at the base and after every so many edits of the path. [default: the cursor alone]"
)


class GlueParams(Params):
    """Which probes, and where."""

    tasks: str = param(
        "Which, separated by commas: sst2, mrpc, cola, rte, rte-published (labels inverted, as "
        "published), me-ppl.",
        default=_DEFAULT_TASKS,
    )
    every: int | None = param(_EVERY_HELP, "-e", default=None, minimum=1)
    limit: int | None = param(
        "Only the first so many of the 200 examples of each task.", "-n", default=None, minimum=1
    )
    sentences: str | None = param(
        'Sentences of me-ppl: JSON lines with "Text". [default: the 50 that ship]',
        default=None,
        completes="file",
        metavar="FILE",
    )


class HarnessParams(Params):
    """Which tasks of the harness, and where."""

    tasks: str = param("Which, separated by commas, as `lm-eval ls tasks` names them.", "-t")
    include_path: str | None = param(
        "A folder of task files of your own (YAML). They can run Python: name only what you trust.",
        default=None,
        completes="file",
        metavar="FOLDER",
    )
    every: int | None = param(_EVERY_HELP, "-e", default=None, minimum=1)
    limit: int | None = param(
        "Only the first so many examples of each task.", "-n", default=None, minimum=1
    )
    shots: int | None = param(
        "Examples shown in front of each. [default: the task's own number]", default=None, minimum=0
    )
    batch: int = param("Requests that go through the model together.", default=16, minimum=1)


def eval_glue(context: Context, params: GlueParams) -> Downstream:
    """Few-shot GLUE tasks and ME-PPL on the edited model, along the path of the cursor."""
    from ...sessions.evaluation.glue import PROBES, measure_downstream
    from .evaluated import Downstream

    probes = _words(params.tasks)
    for probe in probes:
        if probe not in PROBES:
            raise UsageError(f"{probe!r} is no task", f"tasks: {', '.join(PROBES)}")
    if not probes:
        raise UsageError("no task was named", f"tasks: {', '.join(PROBES)}")
    live = context.live()
    readings = measure_downstream(
        live,
        probes,
        every=params.every,
        limit=params.limit,
        sentences=None if params.sentences is None else Path(params.sentences).expanduser(),
        progress=context.progress,
        stop=context.stop,
    )
    return Downstream(live.session.record.name, tuple(_line(reading) for reading in readings))


def eval_harness(context: Context, params: HarnessParams) -> HarnessAsked:
    """Tasks of the lm-evaluation-harness on the edited model, along the path of the cursor."""
    from ...sessions.evaluation.harness import measure_harness
    from .probed import HarnessAsked

    tasks = _words(params.tasks)
    if not tasks:
        raise UsageError("no task was named", "`lm-eval ls tasks` lists them")
    live = context.live()
    readings = measure_harness(
        live,
        tasks,
        include=None if params.include_path is None else Path(params.include_path).expanduser(),
        every=params.every,
        limit=params.limit,
        shots=params.shots,
        batch_size=params.batch,
        progress=context.progress,
        stop=context.stop,
    )
    return HarnessAsked(
        session=live.session.record.name,
        context=live.model.max_positions,
        version=str(readings[-1].detail["versions"]["lm_eval"]),
        lines=tuple(_harness_line(reading) for reading in readings),
    )


def _words(text: str) -> tuple[str, ...]:
    """The words between commas, each once."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _harness_line(reading: Reading) -> HarnessLine:
    from .probed import HarnessLine

    detail = reading.detail
    own = ("metric", "stderr", "n", "shots", "cut", "requests", "distance")
    return HarnessLine(
        step=reading.step,
        depth=reading.depth,
        task=reading.probe,
        value=reading.value,
        known=reading.known,
        **{name: detail[name] for name in own},
    )


def _line(reading: Reading) -> DownstreamLine:
    from .evaluated import DownstreamLine

    detail = reading.detail
    return DownstreamLine(
        step=reading.step,
        depth=reading.depth,
        probe=reading.probe,
        value=reading.value,
        mcc=detail.get("mcc"),
        correct=detail.get("correct"),
        incorrect=detail.get("incorrect"),
        invalid=detail.get("invalid"),
        distance=detail["distance"],
        known=reading.known,
    )


COMMANDS = (
    Command(
        name="eval glue",
        summary="probe the model with SST-2, MRPC, CoLA, RTE and ME-PPL along its edits",
        params=GlueParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=eval_glue,
        group=GROUP,
        long=True,
        examples=(
            "eval glue --every 20 --session xl",
            "eval glue --tasks rte,rte-published",
            "eval glue --tasks me-ppl --every 5",
        ),
    ),
    Command(
        name="eval harness",
        summary="ask tasks of the lm-evaluation-harness of the model along its edits",
        params=HarnessParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=eval_harness,
        group=GROUP,
        long=True,
        examples=(
            "eval harness --tasks piqa,winogrande --every 100 --session xl",
            "eval harness --tasks own_facts --include-path tasks",
        ),
    ),
)
