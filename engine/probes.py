"""The probes of the full vitals: a fixed text, a fixed generation, and edits that were made before.

Owns what is read and how; knows no history and no verdict. Each definition is a published one,
taken from `metrics`: perplexity is ME-PPL (WanliYoung/Collapse-in-Model-Editing), entropy is the
n-gram entropy of kmeng01/rome and the normalised word entropy of rebuilding-rome.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from ..hparams import FactToken
from .loading import POCKET
from .metrics.batches import row_logits
from .metrics.continuations import continuations
from .metrics.entropy import generation_entropy, mean_fluency
from .metrics.perplexity import sentence_perplexity
from .model import LoadedModel
from .progress import NEVER, StopFlag
from .request import EditRequest
from .tokens import BARE, context_row, encode

PROSE = (
    "The river rises in the hills and runs slowly to the sea through meadows and small towns.",
    "She opened the window, listened to the rain for a while, and went back to her work.",
    "Bread is made of flour, water, salt and yeast, and needs more patience than skill.",
    "In the nineteenth century the railways changed how people thought about distance.",
    "The committee will meet again in March to decide how the money should be spent.",
    "Most birds that breed in the north fly south before the first snow falls.",
    "If you heat a metal rod it becomes a little longer, because its atoms move more.",
    "He had read the letter twice before he understood that it was not meant for him.",
)
"""Sentences for the perplexity of a model that brings no held-out texts of its own."""

OPENING = "The"
"""What the fixed generations go on from."""

SEEDS = (0, 1, 2, 3)
GENERATED_TOKENS = 40
TOP_K = 5
POCKET_TEXTS = 12
_POCKET_CHARACTERS = 300
_SAMPLED_LENGTH = 96


@dataclass(frozen=True, slots=True)
class Health:
    """How a model as a whole stands, away from any one fact.

    Attributes:
        perplexity: ME-PPL of the fixed texts; None where it isn't finite.
        ngram_entropy: H₂/3 + 2·H₃/3 of the words of the fixed generations, bits, their mean.
        word_entropy: H₁ / log₂(distinct words) of all of them together, 0 to 1.
    """

    perplexity: float | None
    ngram_entropy: float
    word_entropy: float


def fixed_texts(model: LoadedModel) -> tuple[str, ...]:
    """The texts whose perplexity is watched: pocket's held-out documents, else `PROSE`."""
    if model.name != POCKET:
        return PROSE
    from .pocket import held_out_documents

    short = (text for text in held_out_documents() if len(text) <= _POCKET_CHARACTERS)
    return tuple(text for _, text in zip(range(POCKET_TEXTS), short, strict=False))


def read_health(model: LoadedModel, *, stop: StopFlag = NEVER) -> Health:
    """Read the fixed texts and write the fixed generations on the model as it is.

    The generations are top-k draws with fixed seeds, so what differs between two states is the
    weights' doing. Costs one padded forward pass and `GENERATED_TOKENS` single-token ones.

    Raises:
        CancelledError: `stop` was set.
    """
    found = sentence_perplexity(model, _fitting(model, fixed_texts(model)), stop=stop)
    written = continuations(
        model, [OPENING] * len(SEEDS), SEEDS,
        max_tokens=GENERATED_TOKENS, top_k=TOP_K, stop=stop,
    )  # fmt: skip
    texts = [each.text for each in written]
    return Health(
        found if isfinite(found) else None, mean_fluency(texts), generation_entropy(texts)
    )


def _fitting(model: LoadedModel, texts: Iterable[str]) -> list[str]:
    """The texts that the model's context holds, and of longer ones the beginning."""
    limit = min(model.max_positions or _SAMPLED_LENGTH, _SAMPLED_LENGTH)
    found = []
    for text in texts:
        spans = encode(model.tokenizer, text).spans
        found.append(text if len(spans) <= limit else text[: spans[limit - 2][1]])
    return found


def says(
    model: LoadedModel, requests: Sequence[EditRequest], *, stop: StopFlag = NEVER
) -> list[bool]:
    """Whether the model says each request's new target, many in one pass.

    The same test as an edit's own efficacy: the new target is likelier than the true one where
    that is named (CounterFact's ES), else it is the greedy answer.

    Raises:
        RequestError: A request doesn't fit the model's context.
        CancelledError: `stop` was set.
    """
    asked: list[tuple[int, str]] = []
    for i, request in enumerate(requests):
        asked += [(i, target) for target in (request.target_new, request.target_true) if target]
    rows = [_row(model, requests[i], target) for i, target in asked]
    nlls: dict[int, list[float]] = {}
    greedy: dict[int, bool] = {}
    for at, logits in row_logits(model, [ids for ids, _ in rows], stop=stop):
        i, targets = asked[at][0], torch.tensor(rows[at][1])
        nll, hit = _read(logits[-len(targets) :].cpu(), targets)
        nlls.setdefault(i, []).append(nll)
        greedy.setdefault(i, hit)
    return [
        nlls[i][0] < nlls[i][1] if len(nlls[i]) == 2 else greedy[i] for i in range(len(requests))
    ]


def _row(
    model: LoadedModel, request: EditRequest, target: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What is fed, all of the target but its last token, and the target's tokens."""
    asked = EditRequest(request.prompt, request.subject, target)
    row = context_row(model.tokenizer, asked, BARE, FactToken.SUBJECT_LAST)
    return row.ids, row.targets


def _read(logits: Tensor, targets: Tensor) -> tuple[float, bool]:
    picked = logits.log_softmax(-1).gather(1, targets[:, None])
    return float(-picked.mean()), bool((logits.argmax(-1) == targets).all())
