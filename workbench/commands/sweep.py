"""The command that scores a model's layers on a request file: sweep-layers."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from .options import RULES
from .spec import Command, Effect, Scope, param
from .statistics import GROUP, SiteParams, chosen_layers, load_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...engine.model import LoadedModel
    from ...engine.moments import SecondMoment
    from ...hparams import Hparams
    from .collected import LayersSwept
    from .context import Context


class SweepParams(SiteParams):
    """On which requests, at which layers, and how."""

    file: str = param("A request file.", argument=True, completes="file", default="")
    layer: str = param('Layers: "3,4,5", "3-8" or all.', "-l", default="all", completes="layer")
    limit: int = param("Only the first so many requests.", "-n", default=20, minimum=1)
    rule: str = param("Update rule.", "-r", default="r-rome", choices=RULES)
    hparams: str | None = param(
        "Hyperparameters; their layer doesn't matter here. [default: the model's]",
        default=None,
        completes="preset",
        metavar="PRESET|FILE",
    )
    stats: str | None = param(
        "none for C = I everywhere. [default: C where it was collected, else C = I]",
        default=None,
        choices=("none",),
    )
    seed: int = param("Seeds the contexts.", default=0)


def sweep(context: Context, params: SweepParams) -> LayersSwept:
    """Edit each request at each layer, one at a time, and score the layers."""
    from ...engine.contexts import draw_contexts
    from ...engine.rules import Rule
    from ...engine.sweep import sweep_layers
    from ...sessions.requests import read_requests
    from .collected import LayerLine, LayersSwept

    if not params.file:
        raise UsageError("no request file is named", "`sweep-layers FILE --model NAME`")
    requests = read_requests(Path(params.file).expanduser())[: params.limit]
    started = time.perf_counter()
    model = load_site(context, params)
    hparams = _hparams(model, params.hparams)
    layers = chosen_layers(model, params.layer)
    contexts = draw_contexts(
        model, hparams.context_template_length_params, params.seed, progress=context.progress,
        stop=context.stop,
    )  # fmt: skip
    scores = sweep_layers(
        model, requests, layers, hparams, Rule(params.rule), contexts,
        _moments(context, model, hparams, none=params.stats == "none"),
        progress=context.progress, stop=context.stop,
    )  # fmt: skip
    return LayersSwept(
        model=model.name,
        rule=params.rule,
        requests=len(requests),
        layers=tuple(LayerLine(**asdict(score)) for score in scores),
        default_layer=hparams.layer,
        best=max(scores, key=lambda score: (score.score, score.prob_new)).layer,
        elapsed_s=time.perf_counter() - started,
    )


def _hparams(model: LoadedModel, asked: str | None) -> Hparams:
    """The hyperparameters asked for, else the model's preset, else the reasoned default."""
    from ...hparams import default_hparams, preset_for
    from ...sessions.options import find_hparams

    name = asked if asked is not None else preset_for(model.name)
    if name is not None:
        return find_hparams(name)
    return default_hparams(model.model_type, model.n_layers)


def _moments(
    context: Context, model: LoadedModel, hparams: Hparams, *, none: bool
) -> Callable[[str], SecondMoment]:
    """C of a weight where it is kept, the identity elsewhere."""
    from ...engine.moments import SecondMoment, load_statistics
    from ...sessions.statistics import found_path

    def find(weight_name: str) -> SecondMoment:
        d_in = int(model.linear_view(weight_name).shape[1])
        path = found_path(model, weight_name, context.bench.paths.data / "statistics")
        if none or path is None or not hparams.mom2_adjustment:
            return SecondMoment.identity(d_in)
        return load_statistics(
            path, d_in=d_in, weight_name=weight_name, ridge=hparams.mom2_ridge,
            model_sha256=model.model_sha256,
        )  # fmt: skip

    return find


COMMANDS = (
    Command(
        name="sweep-layers",
        summary="score each layer of a model on a request file",
        params=SweepParams,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=sweep,
        group=GROUP,
        long=True,
        examples=(
            "sweep-layers requests.json --model ./my-model --limit 10",
            "sweep-layers requests.json -m gpt2-xl -l 10-24 --json",
        ),
    ),
)
