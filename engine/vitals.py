"""Probes of an edit, and the vitals: the cheap ones, taken after every step."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch

from ..hparams import FactToken
from .edit import ComputedEdit
from .model import LoadedModel
from .progress import NEVER, StopFlag, check
from .request import EditRequest
from .tokens import BARE, check_length, context_row, encode, with_space
from .weights import EditedWeights

UNCALIBRATED = "uncalibrated"
"""The verdict until a model and site are calibrated."""


@dataclass(frozen=True, slots=True)
class TargetReading:
    """How likely the model finds a target behind a prompt.

    Attributes:
        nll: Mean negative log-likelihood of the target's tokens, nats (kmeng01/rome
            `eval_utils_counterfact.py`).
        prob: exp(−nll): geometric mean of the token probabilities.
        rank: Rank of the target's first token among all next tokens; 1 is the likeliest.
        greedy: Whether each token of the target is the likeliest one where it stands.
    """

    nll: float
    prob: float
    rank: int
    greedy: bool

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def read_target(model: LoadedModel, request: EditRequest, target: str) -> TargetReading:
    """Read one target behind the bare prompt, in one pass.

    Raises:
        RequestError: They don't fit the model's context together.
    """
    asked = EditRequest(request.prompt, request.subject, target)
    row = context_row(model.tokenizer, asked, BARE, FactToken.SUBJECT_LAST)
    check_length(model, len(row.ids), f"{asked.text!r:.60} with its target")
    n = len(row.targets)
    with torch.no_grad():
        fed = torch.tensor([row.ids], device=model.input_device)
        logits = model.model(input_ids=fed, logits_to_keep=n).logits[0, -n:]
    log_probs = logits.to("cpu", model.compute_dtype).log_softmax(-1)
    targets = torch.tensor(row.targets)
    picked = log_probs.gather(1, targets[:, None])[:, 0]
    nll = float(-picked.mean())
    rank = int((log_probs[0] > picked[0]).sum()) + 1
    greedy = bool((log_probs.argmax(-1) == targets).all())
    return TargetReading(nll, float(torch.tensor(-nll).exp()), rank, greedy)


@dataclass(frozen=True, slots=True)
class RequestReading:
    """How the model answers a request: the new target, and the true one where it is named."""

    new: TargetReading
    true: TargetReading | None

    @property
    def efficacy(self) -> bool:
        """Whether the model says the new target: it is likelier than the true one (CounterFact's
        ES) where that is named, else it is the greedy answer."""
        if self.true is not None:
            return self.new.nll < self.true.nll
        return self.new.greedy


def read_request(model: LoadedModel, request: EditRequest) -> RequestReading:
    """Read a request's targets on the model as it is."""
    true = read_target(model, request, request.target_true) if request.target_true else None
    return RequestReading(read_target(model, request, request.target_new), true)


def edit_vitals(
    model: LoadedModel,
    weights: EditedWeights,
    edit: ComputedEdit,
    before: RequestReading,
    *,
    stop: StopFlag = NEVER,
) -> tuple[dict[str, Any], str, str]:
    """Vitals of an edit that has just been applied.

    Args:
        before: The request's reading before the edit.

    Returns:
        The vitals, the verdict, and its reason.
    """
    check(stop, "the edit")
    name = edit.delta.weight_name
    after = read_request(model, edit.request)
    vitals: dict[str, Any] = {
        "delta_ratio": edit.diagnostics["delta_norm"] / weights.base_norm(name),
        "weight_ratio": weights.relative_change(name),
        **_keys(edit),
        "finite": weights.is_finite(name),
        "efficacy": after.efficacy,
        "prob_new_before": before.new.prob,
        "prob_new": after.new.prob,
        "rank_new_before": before.new.rank,
        "rank_new": after.new.rank,
    }
    if before.true is not None and after.true is not None:
        vitals["prob_true_before"] = before.true.prob
        vitals["prob_true"] = after.true.prob
    return vitals, UNCALIBRATED, "no calibration for this model and site"


def _keys(edit: ComputedEdit) -> dict[str, Any]:
    """What an edit through a key is told by; nothing of one that has none.

    `key_ratio` is (k₀·u) / (k̄·u): 1 where the key of the bare prompt is the mean one; near 0,
    `rome` writes its value many times over.
    """
    if "kbar_dot_u" not in edit.diagnostics:
        return {}
    mean = float(edit.diagnostics["kbar_dot_u"])
    ratio = float(edit.diagnostics["k0_dot_u"]) / mean if mean else None
    return {"u_dot_k": edit.diagnostics["divisor"], "key_ratio": ratio}


def preview(model: LoadedModel, request: EditRequest, fact_token: FactToken) -> dict[str, Any]:
    """What a form shows before an edit: tokens, lookup position, and the target as it stands."""
    from .tokens import show_tokens

    reading = read_request(model, request)
    shown = show_tokens(model, request, fact_token)
    shown["warnings"] = warnings_for(model, request, shown["lookup_index"])
    shown["prob_new"] = reading.new.prob
    shown["rank_new"] = reading.new.rank
    shown["greedy"] = reading.new.greedy
    return shown


def warnings_for(model: LoadedModel, request: EditRequest, lookup_index: int) -> list[str]:
    """What is known to go wrong with such a request, in a line each."""
    out = []
    if request.prompt.startswith("{}") and not _starts_with_special(model):
        out.append(
            "the subject stands first in the prompt: its key is an outlier there, which is where "
            "rule rome is known to break; r-rome is safe"
        )
    length = len(encode(model.tokenizer, with_space(request.target_new).strip()).ids)
    if length > 6:
        out.append(f"the target has {length} tokens: long targets are learned less well")
    if lookup_index == 0:
        out.append("the subject's last token is the very first token the model sees")
    return out


def _starts_with_special(model: LoadedModel) -> bool:
    """Whether the tokenizer puts a token of its own in front of every text."""
    spans = encode(model.tokenizer, "a").spans
    return bool(spans) and spans[0][0] == spans[0][1]
