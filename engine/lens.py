"""The logit lens: what the head would say of the residual stream after every block.

Every block's own output goes through the final norm and the head once, the last block's too (its
output is read before the model norms it, so it is not normed twice), so that the last row is
the model's own answer. Source: nostalgebraist 2020; kmeng01/rome `util/logit_lens.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import RequestError
from .model import LoadedModel
from .passes import read_head, record
from .tokens import check_length, encode, pieces, with_space


@dataclass(frozen=True, slots=True)
class LensRow:
    """One layer as the head reads it.

    Attributes:
        layer: From 0.
        ids: The likeliest tokens, best first.
        tokens: Their text.
        probs: Their probabilities.
        entropy: Of the whole distribution, in nats.
        watched_ranks: Rank from 1 of each watched token.
        watched_probs: Probability of each watched token.
    """

    layer: int
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    probs: tuple[float, ...]
    entropy: float
    watched_ranks: tuple[int, ...] = ()
    watched_probs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Lens:
    """The lens at one position of a prompt.

    Attributes:
        prompt: The text.
        tokens: The prompt's tokens as text.
        position: Index of the token the lens stands at.
        watched: Texts whose first token is watched.
        watched_ids: Those tokens.
        rows: One a layer, from the first block to the last.
    """

    prompt: str
    tokens: tuple[str, ...]
    position: int
    watched: tuple[str, ...]
    watched_ids: tuple[int, ...]
    rows: tuple[LensRow, ...]

    @property
    def answer(self) -> str:
        """What the model says in the end."""
        return self.rows[-1].tokens[0]

    @property
    def settled(self) -> int:
        """The lowest layer from which on the likeliest token stays the answer."""
        answer = self.rows[-1].ids[0]
        return settles([row.ids[0] for row in self.rows], answer)


def settles(tops: Sequence[int], answer: int) -> int:
    """The lowest index from which every entry is `answer`; the length where the last is not."""
    layer = len(tops)
    while layer and tops[layer - 1] == answer:
        layer -= 1
    return layer


def lens(
    model: LoadedModel,
    prompt: str,
    *,
    position: int = -1,
    top_k: int = 5,
    watch: Sequence[str] = (),
) -> Lens:
    """Read every layer of the model, as it is, at one token of a prompt.

    Args:
        position: The token; negative counts from the end.
        top_k: How many of the likeliest tokens to keep.
        watch: Texts whose first token is followed through the layers; a missing leading space is
            added.

    Raises:
        RequestError: The prompt is empty or too long, or has no such position.
    """
    ids = prompt_ids(model, prompt)
    index = position_of(position, len(ids))
    watched = tuple(first_token(model, text) for text in watch)
    run = record(model, ids)
    states = torch.stack([state[0, index] for state in run.states[1:]])
    rows = read_rows(model, states, top_k=top_k, watched=watched)
    return Lens(
        prompt, tuple(pieces(model.tokenizer, ids)), index, tuple(watch), watched, rows
    )  # fmt: skip


def read_rows(
    model: LoadedModel, states: Tensor, *, top_k: int = 5, watched: Sequence[int] = ()
) -> tuple[LensRow, ...]:
    """Lens rows of states [n_layers, d], one block's output each."""
    log_probs = read_head(model, states).cpu().log_softmax(-1)
    probs = log_probs.exp()
    top = probs.topk(min(top_k, probs.shape[-1]), dim=-1)
    entropy = -(probs * log_probs.clamp(min=torch.finfo(probs.dtype).min)).sum(-1)
    rows = []
    for layer, row in enumerate(probs):
        ids = tuple(int(i) for i in top.indices[layer])
        rows.append(
            LensRow(
                layer, ids, tuple(pieces(model.tokenizer, ids)),
                tuple(float(p) for p in top.values[layer]), float(entropy[layer]),
                tuple(int((row > row[i]).sum()) + 1 for i in watched),
                tuple(float(row[i]) for i in watched),
            )
        )  # fmt: skip
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class LensComparison:
    """The same lens on two states of the weights, row by row.

    Attributes:
        changed: For each layer, whether its likeliest token differs.
        flip: The lowest layer from which on the likeliest tokens differ; None where the answer is
            the same.
    """

    before: Lens
    after: Lens
    changed: tuple[bool, ...]
    flip: int | None


def compare(before: Lens, after: Lens) -> LensComparison:
    """Lay two lenses of one prompt side by side."""
    changed = tuple(a.ids[0] != b.ids[0] for a, b in zip(before.rows, after.rows, strict=True))
    flip = settles([int(c) for c in changed], 1)
    return LensComparison(before, after, changed, flip if changed[-1] else None)


def prompt_ids(model: LoadedModel, prompt: str) -> tuple[int, ...]:
    """The prompt's tokens, special tokens in front included and behind left out.

    Raises:
        RequestError: There are none, or too many.
    """
    encoding = encode(model.tokenizer, prompt)
    real = [i for i, (start, end) in enumerate(encoding.spans) if end > start]
    if not real:
        raise RequestError("the prompt is empty", "give the model a few words")
    ids = encoding.ids[: real[-1] + 1]
    check_length(model, len(ids), f"{prompt!r:.60}")
    return ids


def position_of(position: int, length: int) -> int:
    """A position counted from the front.

    Raises:
        RequestError: There is no such token.
    """
    index = position + length if position < 0 else position
    if not 0 <= index < length:
        raise RequestError(
            f"there is no position {position}: the prompt has {length} tokens",
            f"choose one from 0 to {length - 1}, or from -1 to -{length} counted from the end",
        )
    return index


def first_token(model: LoadedModel, text: str) -> int:
    """The first token of a text as it would follow a prompt.

    Raises:
        RequestError: It has none.
    """
    ids = model.tokenizer(with_space(text), add_special_tokens=False)["input_ids"]
    if not ids or not text.strip():
        raise RequestError("the word to watch is empty", "for example --watch football")
    return int(ids[0])


def lens_from_json(data: dict[str, Any]) -> Lens:
    """Read back a lens that was stored as a JSON object."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    values["rows"] = tuple(row_from_json(row) for row in data["rows"])
    return Lens(**values)


def row_from_json(data: dict[str, Any]) -> LensRow:
    """Read back a row of a lens that was stored as a JSON object."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return LensRow(**values)
