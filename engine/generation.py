"""Writing on from a prompt: greedy or sampled, seeded, streamed, stoppable.

A loop of ours rather than `transformers.generate`: a seed belongs to one generation and must not
touch the process's random state, and a stop must take effect within one token.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
from transformers.cache_utils import DynamicCache

from ..errors import RequestError
from .progress import NEVER, StopFlag
from .sampling import Sampling
from .tokens import check_length, encode

if TYPE_CHECKING:
    from .model import LoadedModel

__all__ = ["Generated", "Sampling", "generate", "next_token_logits"]


@dataclass(frozen=True, slots=True)
class Generated:
    """What the model wrote.

    Attributes:
        prompt: As given.
        text: Prompt and continuation.
        new_text: The continuation alone.
        token_ids: Ids of the continuation.
        prompt_tokens: How many tokens the prompt has.
        finish: "length", "eos", "context" (the model's context is full) or "stopped".
        tokens_per_s: New tokens a second.
    """

    prompt: str
    text: str
    new_text: str
    token_ids: tuple[int, ...]
    prompt_tokens: int
    finish: str
    tokens_per_s: float


def generate(
    model: LoadedModel,
    prompt: str,
    sampling: Sampling,
    *,
    on_text: Callable[[str], None] | None = None,
    stop: StopFlag = NEVER,
) -> Generated:
    """Write on from a prompt.

    Args:
        on_text: Takes each piece of new text as soon as its characters are whole.
        stop: A stop ends the text where it is; that is no error.

    Raises:
        RequestError: The prompt is empty, or fills the model's context.
    """
    if not prompt:
        raise RequestError("the prompt is empty", "type some text for the model to go on from")
    ids = encode(model.tokenizer, prompt).ids
    check_length(model, len(ids) + 1, "the prompt with one token behind it")
    began = time.perf_counter()
    written: list[int] = []
    streamer = _Streamer(model, ids[-1], on_text)
    finish = "length"
    for token in _tokens(model, ids, sampling, stop):
        if token is None:
            finish = "stopped"
            break
        if token in _end_tokens(model):
            finish = "eos"
            break
        written.append(token)
        streamer.add(token)
    if finish == "length" and len(written) < sampling.max_new_tokens:
        finish = "context"
    new_text = streamer.finish()
    elapsed = max(time.perf_counter() - began, 1e-9)
    return Generated(
        prompt, prompt + new_text, new_text, tuple(written), len(ids), finish,
        len(written) / elapsed,
    )  # fmt: skip


def _tokens(model: LoadedModel, ids: tuple[int, ...], sampling: Sampling, stop: StopFlag) -> Any:
    """Yield token ids one by one; None when asked to stop."""
    generator = torch.Generator().manual_seed(sampling.seed)
    warpers = _warpers(sampling)
    cache = DynamicCache()
    limit = model.max_positions
    room = sampling.max_new_tokens
    if limit is not None:
        room = min(room, limit - len(ids))
    fed = torch.tensor([ids], device=model.input_device)
    for _ in range(room):
        if stop.is_set():
            yield None
            return
        with torch.no_grad():
            out = model.model(
                input_ids=fed, past_key_values=cache, use_cache=True, logits_to_keep=1
            )
            token = _draw(out.logits[0, -1], sampling, warpers, generator)
        yield token
        fed = torch.tensor([[token]], device=model.input_device)


def _draw(
    logits: Tensor, sampling: Sampling, warpers: LogitsProcessorList, generator: torch.Generator
) -> int:
    """One token. Drawn on the CPU in fp32, so that a seed means the same on every device."""
    logits = logits.float().cpu()
    if not bool(torch.isfinite(logits).any()):
        # A ruined model gives no distribution at all; its text must still be readable as ruined.
        return 0
    logits = torch.nan_to_num(logits, nan=-torch.inf, neginf=-torch.inf)
    if sampling.greedy:
        return int(logits.argmax())
    scores = warpers(torch.empty(1, 0, dtype=torch.long), logits[None])  # type: ignore[arg-type]
    return int(torch.multinomial(scores[0].softmax(-1), 1, generator=generator))


def _warpers(sampling: Sampling) -> LogitsProcessorList:
    warpers = LogitsProcessorList()
    if sampling.temperature != 1.0:
        warpers.append(TemperatureLogitsWarper(sampling.temperature))
    if sampling.top_k:
        warpers.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1.0:
        warpers.append(TopPLogitsWarper(sampling.top_p))
    return warpers


def _end_tokens(model: LoadedModel) -> set[int]:
    """Tokens that end a text: the generation config's, else the tokenizer's."""
    config = model.model.generation_config
    ends = config.eos_token_id if config is not None else None
    if ends is None:
        ends = model.tokenizer.eos_token_id
    return set(ends) if isinstance(ends, list) else {ends} - {None}


class _Streamer:
    """Turns token ids into text as soon as characters are whole."""

    def __init__(
        self, model: LoadedModel, anchor: int, on_text: Callable[[str], None] | None
    ) -> None:
        self._tokenizer = model.tokenizer
        # SentencePiece drops the space of a text's first token: the prompt's last one goes first.
        self._anchor = anchor
        self._skip = len(self._text([anchor]))
        self._on_text = on_text
        self._ids: list[int] = []
        self._sent = 0

    def add(self, token: int) -> None:
        """Take a token; emit what is whole. A character split over tokens decodes to U+FFFD."""
        self._ids.append(token)
        if self._on_text is None:
            return
        text = self._decode()
        if not text.endswith("\ufffd") and len(text) > self._sent:
            self._on_text(text[self._sent :])
            self._sent = len(text)

    def finish(self) -> str:
        """The whole new text; what was held back is emitted."""
        text = self._decode()
        if self._on_text is not None and len(text) > self._sent:
            self._on_text(text[self._sent :])
        return text

    def _decode(self) -> str:
        return self._text([self._anchor, *self._ids])[self._skip :]

    def _text(self, ids: list[int]) -> str:
        return str(
            self._tokenizer.decode(
                ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )


def next_token_logits(model: LoadedModel, prompt: str) -> Tensor:
    """The model's logits [V] for the token behind the prompt, fp32 at least, on the CPU."""
    ids = encode(model.tokenizer, prompt).ids
    check_length(model, len(ids), "the prompt")
    with torch.no_grad():
        fed = torch.tensor([ids], device=model.input_device)
        logits: Tensor = model.model(input_ids=fed, logits_to_keep=1).logits[0, -1]
    return logits.to("cpu", model.compute_dtype)
