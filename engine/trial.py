"""A trial edit: one request edited, checked at the module itself, and taken back.

It shows that a model can be edited with the paths that were found, before anything depends on it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import torch

from ..hparams import default_hparams
from .adapters import probe
from .editor import Edit, compute_edit
from .families import REGISTRY, Adapter
from .model import LoadedModel
from .moments import SecondMoment
from .progress import NEVER, ProgressSink, StopFlag, ignore
from .request import EditRequest
from .rules import DEFAULT_RULE
from .tokens import BARE
from .vitals import read_target
from .weights import EditedWeights

REQUEST = EditRequest("The Eiffel Tower is in the city of {}, in", "Paris", "Norway")
CONTEXTS = (BARE, "It was late. {}", "Nobody knew why. {}")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial edit showed.

    Attributes:
        residual: ‖found − written‖ / ‖written‖: what the edited module gives for the rule's key,
            against what the rule writes there.
        agreement: ‖Δ − Δ′‖ / ‖Δ‖ between the edits by the registry's paths and by structure; None
            for a family that isn't in the registry.
        restored: Every bit of the weight was as before afterwards.
        prob_before: Probability of the target on the unedited model.
        prob_after: The same after the edit.
    """

    weight_name: str
    rule: str
    residual: float
    agreement: float | None
    restored: bool
    prob_before: float
    prob_after: float
    elapsed_s: float


def trial_edit(
    model: LoadedModel, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER
) -> Trial:
    """Edit the model by what was found of its structure, check it, and take it back.

    C = I, ten steps, the layer of the reasoned default.

    Raises:
        ModelError: No such structure was found.
        EditError: The edit isn't finite.
        CancelledError: `stop` was set; nothing has changed.
    """
    started = time.perf_counter()
    found = probe(model.model)
    edit = _edit(model, found, progress, stop)
    name = edit.delta.weight_name
    before = model.linear_view(name).clone()
    chance = read_target(model, REQUEST, REQUEST.target_new).prob
    weights = EditedWeights(model)
    weights.apply(1, edit.delta)
    try:
        residual = _residual(model, found, edit)
        after = read_target(model, REQUEST, REQUEST.target_new).prob
    finally:
        weights.goto([], lambda _step: edit.delta)
    return Trial(
        weight_name=name,
        rule=str(edit.rule),
        residual=residual,
        agreement=_agreement(model, edit, stop),
        restored=torch.equal(model.linear_view(name), before),
        prob_before=chance,
        prob_after=after,
        elapsed_s=time.perf_counter() - started,
    )


def _edit(model: LoadedModel, adapter: Adapter, progress: ProgressSink, stop: StopFlag) -> Edit:
    """The trial's request, edited with the paths of one adapter."""
    seen = replace(model, adapter=adapter)
    hparams = replace(default_hparams(model.model_type, model.n_layers), v_num_grad_steps=10)
    d_in = model.linear_view(adapter.weight_name(hparams.layer)).shape[1]
    moment = SecondMoment.identity(d_in)
    return compute_edit(
        seen, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment, progress=progress, stop=stop
    )


def _residual(model: LoadedModel, adapter: Adapter, edit: Edit) -> float:
    """The edited module, run on the mean key; r-ROME writes v₀ + δ there."""
    layer = int(edit.delta.weight_name.removeprefix(f"{adapter.blocks}.").split(".")[0])
    module = adapter.projection_of(model.model, layer)
    live = model.linear_view(edit.delta.weight_name)
    with torch.no_grad():
        found = module(edit.context.k_mean[None].to(live.device, live.dtype))[0]
    written = (edit.context.v_bare + edit.context.offset).double()
    return float((found.cpu().double() - written).norm() / written.norm())


def _agreement(model: LoadedModel, edit: Edit, stop: StopFlag) -> float | None:
    if model.model_type not in REGISTRY:
        return None
    other = _edit(model, model.adapter, ignore, stop).delta.right.double()
    return float((edit.delta.right.double() - other).norm() / other.norm())
