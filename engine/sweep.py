"""Scoring layers: which one takes these requests best, each edit alone on the unedited model.

The scores are CounterFact's (kmeng01/rome `experiments/summarize.py`), each over the prompts that
the requests have; a layer's order is their harmonic mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import EditError, RequestError
from ..hparams import Hparams
from .editor import compute_edit
from .metrics.scores import TargetPair, harmonic_mean, kept_success, success
from .metrics.targets import target_pairs
from .model import LoadedModel
from .moments import SecondMoment
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from .request import EditRequest
from .rules import Rule
from .vitals import read_target
from .weights import EditedWeights


@dataclass(frozen=True, slots=True)
class LayerScore:
    """How a layer took the requests.

    Attributes:
        efficacy: Share of edits after which the model says the new target: likelier than the true
            one where that is named (ES), else the greedy answer.
        paraphrase: Share of paraphrases that follow (PS); None where there are none.
        neighborhood: Share of neighbourhood prompts that stay (NS); None where there are none.
        score: Harmonic mean of those there are.
        prob_new: Mean probability of the new target after its edit (geometric over its tokens).
        delta_ratio: Mean ‖Δ‖_F/‖W₀‖_F.
        identity: C = I stood in for statistics at this layer.
        failed: Edits that could not be made at all; they count as without effect.
    """

    layer: int
    efficacy: float
    paraphrase: float | None
    neighborhood: float | None
    score: float
    prob_new: float
    delta_ratio: float
    identity: bool
    failed: int


@dataclass(slots=True)
class _Tally:
    """What one layer has shown so far."""

    said: list[float]
    probs: list[float]
    ratios: list[float]
    paraphrases: list[TargetPair]
    neighbors: list[TargetPair]
    failed: int = 0

    def score(self, layer: int, identity: bool) -> LayerScore:
        """The layer's figures."""
        efficacy = _mean(self.said)
        paraphrase = success(self.paraphrases) if self.paraphrases else None
        neighborhood = kept_success(self.neighbors) if self.neighbors else None
        there = [x for x in (efficacy, paraphrase, neighborhood) if x is not None]
        return LayerScore(
            layer, efficacy, paraphrase, neighborhood, harmonic_mean(there), _mean(self.probs),
            _mean(self.ratios), identity, self.failed,
        )  # fmt: skip


def sweep_layers(
    model: LoadedModel,
    requests: Sequence[EditRequest],
    layers: Sequence[int],
    hparams: Hparams,
    rule: Rule,
    contexts: Sequence[str],
    moment: Callable[[str], SecondMoment],
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> tuple[LayerScore, ...]:
    """Edit every request at every layer, one at a time, and score what came of it.

    The model is the unedited one afterwards, also where the call is cancelled.

    Args:
        moment: Gives C of a weight.

    Raises:
        RequestError: There are no requests.
        ModelError: There is no such layer.
        CancelledError: `stop` was set.
    """
    if not requests:
        raise RequestError("there are no requests to score the layers on", "name a request file")
    weights = EditedWeights(model)
    scores: list[LayerScore] = []
    for number, layer in enumerate(layers):
        name = model.weight_name(layer)
        c = moment(name)
        tally = _Tally([], [], [], [], [])
        for i, request in enumerate(requests):
            check(stop, "the sweep")
            done = number * len(requests) + i
            progress(
                Progress("scoring layers", done, len(layers) * len(requests), f"layer {layer}")
            )
            _one(model, weights, request, hparams.with_layer(layer), rule, contexts, c, tally, stop)
        scores.append(tally.score(layer, c.is_identity))
    return tuple(scores)


def _one(
    model: LoadedModel,
    weights: EditedWeights,
    request: EditRequest,
    hparams: Hparams,
    rule: Rule,
    contexts: Sequence[str],
    moment: SecondMoment,
    tally: _Tally,
    stop: StopFlag,
) -> None:
    """One edit, scored and taken back."""
    try:
        edit = compute_edit(model, request, hparams, rule, contexts, moment, stop=stop)
    except EditError:
        tally.failed += 1
        tally.said.append(0.0)
        tally.probs.append(0.0)
        return
    try:
        weights.apply(1, edit.delta)
        name = edit.delta.weight_name
        tally.ratios.append(edit.delta.frobenius() / weights.base_norm(name))
        _read(model, request, tally, stop)
    finally:
        weights.goto([], lambda _step: edit.delta)


def _read(model: LoadedModel, request: EditRequest, tally: _Tally, stop: StopFlag) -> None:
    new = read_target(model, request, request.target_new)
    tally.probs.append(new.prob)
    true = request.target_true
    if true is None:
        tally.said.append(float(new.greedy))
        return
    tally.said.append(float(new.nll < read_target(model, request, true).nll))
    for prompts, held in (
        (request.paraphrase_prompts, tally.paraphrases),
        (request.neighborhood_prompts, tally.neighbors),
    ):
        if prompts:
            held += target_pairs(model, prompts, request.target_new, true, stop=stop)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
