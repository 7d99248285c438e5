"""The command that probes what an edited model can still do: eval glue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UsageError
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...sessions.evaluation.glue import Reading
    from .context import Context
    from .evaluated import Downstream, DownstreamLine

GROUP = "Evaluation"

_DEFAULT_TASKS = "sst2,mrpc,cola,rte"


class GlueParams(Params):
    """Which probes, and where."""

    tasks: str = param(
        "Which, separated by commas: sst2, mrpc, cola, rte, rte-published (labels inverted, as "
        "published), me-ppl.",
        default=_DEFAULT_TASKS,
    )
    every: int | None = param(
        "Also at the base and after every so many edits of the path. [default: the cursor alone]",
        "-e",
        default=None,
        minimum=1,
    )
    limit: int | None = param(
        "Only the first so many of the 200 examples of each task.", "-n", default=None, minimum=1
    )


def eval_glue(context: Context, params: GlueParams) -> Downstream:
    """Few-shot GLUE tasks and ME-PPL on the edited model, along the path of the cursor."""
    from ...sessions.evaluation.glue import PROBES, measure_downstream
    from .evaluated import Downstream

    probes = tuple(dict.fromkeys(word.strip() for word in params.tasks.split(",") if word.strip()))
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
        progress=context.progress,
        stop=context.stop,
    )
    return Downstream(live.session.record.name, tuple(_line(reading) for reading in readings))


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
)
