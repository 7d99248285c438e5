"""Texts for the fluency and consistency scores: top-k continuations of prompts, batched.

Follows kmeng01/rome `util/generate.py` `generate_fast`: each text has `max_tokens` tokens, the
prompt's included; an end-of-text token does not end it; the text is NFKD-normalised, blank lines
become a blank and special tokens go. Each continuation has a random state of its own, so a text
depends on its seed alone and not on what was written before it.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache

from ...errors import RequestError
from ..model import LoadedModel
from ..progress import NEVER, StopFlag, check
from ..tokens import encode

MAX_TOKENS = 100
TOP_K = 5


@dataclass(frozen=True, slots=True)
class Continuation:
    """A prompt and what came after it.

    Attributes:
        prompt: As given.
        token_ids: Ids of the continuation alone.
        text: Prompt and continuation, normalised as published.
    """

    prompt: str
    token_ids: tuple[int, ...]
    text: str


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

    Prompts of one length go through the model together, so nothing is ever padded.

    Args:
        seeds: One for each prompt.
        max_tokens: Length of prompt and continuation together, at most the model's context.

    Raises:
        RequestError: A prompt is empty or fills the model's context.
        CancelledError: `stop` was set.
    """
    limit = min(max_tokens, model.max_positions or max_tokens)
    rows = [encode(model.tokenizer, prompt).ids for prompt in prompts]
    groups: dict[int, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if not row or len(row) >= limit:
            raise RequestError(
                f"the generation prompt {prompts[i]!r:.60} has {len(row)} tokens",
                f"it needs 1 to {limit - 1}",
            )
        groups[len(row)].append(i)
    written: dict[int, list[int]] = {}
    for members in groups.values():
        fed = torch.tensor([rows[i] for i in members], device=model.input_device)
        drawn = _write(model, fed, [seeds[i] for i in members], limit, top_k, stop)
        written.update(zip(members, drawn, strict=True))
    return [
        Continuation(prompt, tuple(written[i]), _published(model, [*rows[i], *written[i]]))
        for i, prompt in enumerate(prompts)
    ]


def _write(
    model: LoadedModel, fed: Tensor, seeds: list[int], limit: int, top_k: int, stop: StopFlag
) -> list[list[int]]:
    """Write on from rows of one length until each has `limit` tokens."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    out: list[list[int]] = [[] for _ in seeds]
    cache = DynamicCache()
    for length in range(fed.shape[1], limit):
        check(stop, "the measurement")
        shown = torch.ones(len(seeds), length, dtype=torch.long, device=model.input_device)
        with torch.no_grad():
            answer = model.model(
                input_ids=fed,
                attention_mask=shown,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
        scores = answer.logits[:, -1].float().cpu()
        tokens = [_draw(row, top_k, g) for row, g in zip(scores, generators, strict=True)]
        for row, token in zip(out, tokens, strict=True):
            row.append(token)
        fed = torch.tensor(tokens, device=model.input_device)[:, None]
    return out


def _draw(scores: Tensor, top_k: int, generator: torch.Generator) -> int:
    """One of the k likeliest tokens. Scores that aren't finite (a ruined model) give token 0, so
    that the text stays readable as ruined."""
    best = scores.topk(min(top_k, len(scores)))
    if not bool(torch.isfinite(best.values).all()):
        return 0
    choice = torch.multinomial(best.values.softmax(-1), 1, generator=generator)
    return int(best.indices[choice])


def _published(model: LoadedModel, ids: list[int]) -> str:
    """The text as the published scores are computed on it."""
    text = model.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return unicodedata.normalize("NFKD", str(text)).replace("\n\n", " ")
