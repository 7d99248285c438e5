"""Texts for the fluency and consistency scores: top-k continuations of prompts, batched.

Follows kmeng01/rome `util/generate.py` `generate_fast`: each text has `max_tokens` tokens, the
prompt's included; an end-of-text token does not end it; the text is NFKD-normalised, blank lines
become a blank and special tokens go. Each continuation has a random state of its own, so a text
depends on its seed alone and not on what was written before it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache

from ...errors import RequestError
from ..model import LoadedModel
from ..progress import NEVER, StopFlag, check
from ..tokens import encode

BATCH_SIZE = 32
"""Prompts that go through the model together."""

MAX_TOKENS = 100
TOP_K = 5


@dataclass(frozen=True, slots=True)
class Continuation:
    """A prompt and what came after it.

    Attributes:
        prompt: As given.
        token_ids: Ids of the continuation alone.
        text: Prompt and continuation, normalised as published.
        written: The continuation alone, likewise.
    """

    prompt: str
    token_ids: tuple[int, ...]
    text: str
    written: str


def continuations(
    model: LoadedModel,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    max_tokens: int = MAX_TOKENS,
    top_k: int = TOP_K,
    stop: StopFlag = NEVER,
) -> list[Continuation]:
    """One continuation of each prompt.

    Prompts go through the model together, each as far as the shortest reaches; longer ones are fed
    token by token while the shorter are already written on. So nothing is ever padded.

    Args:
        seeds: One for each prompt.
        max_tokens: Length of prompt and continuation together, at most the model's context.

    Raises:
        RequestError: A prompt is empty or fills the model's context.
        CancelledError: `stop` was set.
    """
    limit = min(max_tokens, model.max_positions or max_tokens)
    rows = [encode(model.tokenizer, prompt).ids for prompt in prompts]
    for prompt, row in zip(prompts, rows, strict=True):
        if not row or len(row) >= limit:
            raise RequestError(
                f"the generation prompt {prompt!r:.60} has {len(row)} tokens",
                f"it needs 1 to {limit - 1}",
            )
    drawn: list[list[int]] = []
    for start in range(0, len(rows), BATCH_SIZE):
        part = slice(start, start + BATCH_SIZE)
        drawn += _write(model, rows[part], seeds[part], limit, top_k, stop)
    return [
        Continuation(prompt, tuple(new), _published(model, [*row, *new]), _published(model, new))
        for prompt, row, new in zip(prompts, rows, drawn, strict=True)
    ]


def _write(
    model: LoadedModel,
    rows: Sequence[Sequence[int]],
    seeds: Sequence[int],
    limit: int,
    top_k: int,
    stop: StopFlag,
) -> list[list[int]]:
    """Write on from rows until each has `limit` tokens."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    texts = [list(row) for row in rows]
    shortest = min(map(len, rows))
    fed = torch.tensor([row[:shortest] for row in rows], device=model.input_device)
    cache = DynamicCache()
    for length in range(shortest, limit):
        check(stop, "the measurement")
        scores = _next_scores(model, fed, length, cache)
        for text, row, generator in zip(texts, scores, generators, strict=True):
            if len(text) == length:
                text.append(_draw(row, top_k, generator))
        fed = torch.tensor([text[length] for text in texts], device=model.input_device)[:, None]
    return [text[len(row) :] for text, row in zip(texts, rows, strict=True)]


def _next_scores(model: LoadedModel, fed: Tensor, length: int, cache: DynamicCache) -> Tensor:
    """Scores of what comes behind `length` tokens, [rows, V], fp32 on the CPU."""
    shown = torch.ones(len(fed), length, dtype=torch.long, device=model.input_device)
    with torch.no_grad():
        answer = model.model(
            input_ids=fed,
            attention_mask=shown,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
    found: Tensor = answer.logits[:, -1].float().cpu()
    return found


def _draw(scores: Tensor, top_k: int, generator: torch.Generator) -> int:
    """One of the k likeliest tokens. Scores that aren't finite (a ruined model) give token 0, so
    that the text stays readable as ruined."""
    best = scores.topk(min(top_k, len(scores)))
    if not bool(torch.isfinite(best.values).all()):
        return 0
    choice = torch.multinomial(best.values.softmax(-1), 1, generator=generator)
    return int(best.indices[choice])


def _published(model: LoadedModel, ids: Sequence[int]) -> str:
    """The text as the published scores are computed on it."""
    text = model.tokenizer.decode(
        list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return unicodedata.normalize("NFKD", str(text)).replace("\n\n", " ")
