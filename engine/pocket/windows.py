"""Training windows: documents as packed token arrays, drawn by a seed.

Owns tokenising documents with the spans of their subjects and objects, packing
them into one stream, and cutting windows with their attention masks and loss
weights.  Knows no model.

A subject is read through its last token in most documents: later positions may
not attend to the earlier tokens of its name.  The name has then to be gathered
at its last token before it can be used, which is where ROME looks a subject up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from transformers import GPT2Tokenizer

from .corpus import Corpus, Document
from .world import World

#: Share of documents in which a name can be read through its last token alone.
GATHERED_SHARE = 0.7
#: Share of windows that start at a document, so that position 0 is trained.
ALIGNED_SHARE = 0.4
OBJECT_WEIGHT = 2.0
SUBJECT_WEIGHT = 0.5
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Stream:
    """Packed documents, end-of-text tokens between them.

    Attributes:
        tokens: Token ids, int32, (n,).
        reach: For a name's earlier tokens, how many positions further they may
            still be attended to (up to the name's last token); 0 = no limit.
        weights: Loss weight of each token as a target, float32, (n,).
        starts: Positions at which documents begin, int64.
    """

    tokens: np.ndarray
    reach: np.ndarray
    weights: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True, slots=True)
class Batch:
    """One training batch: ids (b, t), mask (b, 1, t, t), target weights (b, t)."""

    ids: torch.Tensor
    mask: torch.Tensor
    weights: torch.Tensor


def _marks(
    offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Token ranges (first, last) that cover each character span."""
    ranges: list[tuple[int, int]] = []
    at = 0
    for start, stop in spans:
        while offsets[at][1] <= start:
            at += 1
        first = at
        while at < len(offsets) and offsets[at][0] < stop:
            at += 1
        ranges.append((first, at - 1))
    return ranges


def build_stream(world: World, tokenizer: GPT2Tokenizer, seed: int, documents: int) -> Stream:
    """Draw, tokenise and pack `documents` documents.

    Args:
        world: The facts.
        tokenizer: A fast tokenizer with offsets.
        seed: Seed of the documents and of which of them are gathered.
        documents: How many documents to draw.
    """
    rng = random.Random(seed + 1)
    source = iter(Corpus(world, seed))
    end = tokenizer.eos_token_id
    tokens: list[int] = []
    reach: list[int] = []
    weights: list[float] = []
    starts: list[int] = []
    left = documents
    while left > 0:
        drawn: list[Document] = list(islice(source, min(_BATCH, left)))
        left -= len(drawn)
        encoded = tokenizer([d.text for d in drawn], return_offsets_mapping=True)
        for document, ids, offsets in zip(
            drawn, encoded["input_ids"], encoded["offset_mapping"], strict=True
        ):
            starts.append(len(tokens))
            own_reach, own_weight = [0] * len(ids), [1.0] * len(ids)
            gathered = rng.random() < GATHERED_SHARE
            for first, last in _marks(offsets, document.subjects):
                for at in range(first, last + 1):
                    own_weight[at] = SUBJECT_WEIGHT
                    own_reach[at] = last - at if gathered else 0
            for first, last in _marks(offsets, document.objects):
                own_weight[first : last + 1] = [OBJECT_WEIGHT] * (last + 1 - first)
            tokens += [*ids, end]
            reach += [*own_reach, 0]
            weights += [*own_weight, 1.0]
    return Stream(
        np.asarray(tokens, np.int32),
        np.asarray(reach, np.int16),
        np.asarray(weights, np.float32),
        np.asarray(starts, np.int64),
    )


def attention_mask(reach: np.ndarray) -> torch.Tensor:
    """Which key each query may see: causal, and names only as far as they reach.

    Args:
        reach: (b, t), as in `Stream`.

    Returns:
        Boolean (b, 1, t, t), true where query (dim 2) may attend to key (dim 3).
    """
    length = reach.shape[1]
    at = torch.arange(length)
    limit = torch.from_numpy(reach.astype(np.int64))
    last = torch.where(limit > 0, at + limit, length)
    causal = at[:, None] >= at[None, :]
    return (causal[None] & (at[None, :, None] <= last[:, None, :]))[:, None]


def batches(stream: Stream, size: int, length: int, seed: int) -> Iterator[Batch]:
    """An endless stream of batches of `size` windows of `length` tokens."""
    rng = np.random.default_rng(seed)
    top = len(stream.tokens) - length
    aligned = stream.starts[stream.starts < top]
    while True:
        begins = np.where(
            rng.random(size) < ALIGNED_SHARE,
            rng.choice(aligned, size),
            rng.integers(0, top, size),
        )
        rows = begins[:, None] + np.arange(length)
        yield Batch(
            torch.from_numpy(stream.tokens[rows].astype(np.int64)),
            attention_mask(stream.reach[rows]),
            torch.from_numpy(stream.weights[rows]),
        )
