"""What an edit did: which tokens its value side promotes, and how far other prompts moved.

Knows no history: whoever calls puts the weights where they should be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import UsageError
from .lens import prompt_ids
from .model import LoadedModel
from .passes import read_head, record
from .request import EditRequest
from .tokens import pieces
from .vitals import read_target


@dataclass(frozen=True, slots=True)
class TokenChange:
    """A token and by how much a direction moves its logit, per unit vector."""

    id: int
    token: str
    change: float


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction of the residual stream, read through the head.

    Attributes:
        promoted: The tokens whose logits rise most, most first.
        suppressed: Those whose logits fall most.
    """

    promoted: tuple[TokenChange, ...]
    suppressed: tuple[TokenChange, ...]


def read_direction(
    model: LoadedModel, direction: Tensor, prompt: str, *, top_k: int = 10
) -> Direction:
    """The tokens that a direction [d] promotes at the end of a prompt.

    The derivative of the logits, final norm included, at the last token's last state, along the
    direction's unit vector: what a small push that way does to the model's answer there.

    Raises:
        UsageError: The direction is zero or isn't as wide as the residual stream.
        RequestError: The prompt is empty or too long.
    """
    norm = direction.norm()
    if direction.shape != (model.hidden_size,) or not float(norm) > 0:
        raise UsageError(
            f"the direction has {direction.numel()} numbers and norm {float(norm):g}",
            f"a direction of {model.name} has {model.hidden_size} numbers, not all zero",
        )
    state = record(model, prompt_ids(model, prompt)).states[-1][0, -1]
    along = (direction / norm).to(state.device, state.dtype)
    # By two reverse passes: torch's forward mode warns of its own deprecated parts.
    with model.frozen(), torch.enable_grad():
        _, change = torch.autograd.functional.jvp(_Head(model), state, along)
    return Direction(
        _changes(model, change, top_k, largest=True), _changes(model, change, top_k, largest=False)
    )


class _Head:
    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    def __call__(self, state: Tensor) -> Tensor:
        return self._model.adapter.logits(self._model.model, state[None])[0]


def _changes(
    model: LoadedModel, change: Tensor, top_k: int, *, largest: bool
) -> tuple[TokenChange, ...]:
    top = change.detach().cpu().topk(min(top_k, change.numel()), largest=largest)
    ids = tuple(int(i) for i in top.indices)
    texts = pieces(model.tokenizer, ids)
    return tuple(
        TokenChange(i, text, float(value))
        for i, text, value in zip(ids, texts, top.values, strict=True)
    )


def compare_logits(
    model: LoadedModel, before: Tensor, after: Tensor, *, top_k: int = 10
) -> Direction:
    """The tokens whose logits [V] rose and fell most from one reading to another."""
    change = after.double() - before.double()
    return Direction(
        _changes(model, change, top_k, largest=True), _changes(model, change, top_k, largest=False)
    )


def read_logits(model: LoadedModel, prompt: str) -> Tensor:
    """The model's logits [V] at the end of a prompt, on the CPU.

    Raises:
        RequestError: The prompt is empty or too long.
    """
    return read_head(model, record(model, prompt_ids(model, prompt)).states[-1][0, -1]).cpu()


@dataclass(frozen=True, slots=True)
class PromptReading:
    """How a prompt is answered.

    Attributes:
        prompt: The text, subject filled in.
        answer: The likeliest next token.
        prob_new: Geometric-mean token probability of the request's new target.
        prob_true: Of its true target; None where that isn't known.
    """

    prompt: str
    answer: str
    prob_new: float
    prob_true: float | None


def read_prompts(
    model: LoadedModel, prompts: Sequence[str], target_new: str, target_true: str | None
) -> tuple[PromptReading, ...]:
    """Read prompts on the model as it is, each with both targets."""
    return tuple(_read_prompt(model, prompt, target_new, target_true) for prompt in prompts)


@torch.no_grad()
def _read_prompt(
    model: LoadedModel, prompt: str, target_new: str, target_true: str | None
) -> PromptReading:
    ids = prompt_ids(model, prompt)
    state = record(model, ids).states[-1][0, -1]
    answer = int(read_head(model, state).argmax())
    asked = EditRequest("{}", prompt, target_new)
    return PromptReading(
        prompt,
        pieces(model.tokenizer, (answer,))[0],
        read_target(model, asked, target_new).prob,
        None if target_true is None else read_target(model, asked, target_true).prob,
    )
