"""Many token rows through a model at once, right-padded, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..model import LoadedModel
from ..progress import NEVER, StopFlag, check
from ..tokens import check_length

BATCH_SIZE = 32
"""Rows that go through the model together, where nothing else is said."""


def row_logits(
    model: LoadedModel,
    rows: Sequence[Sequence[int]],
    *,
    batch_size: int = BATCH_SIZE,
    stop: StopFlag = NEVER,
) -> Iterator[tuple[int, Tensor]]:
    """The logits of every row: (its index, [tokens, V] in the compute dtype, on the device).

    Padding stands on the right, where no token sees it: it changes no row's result but by rounding.

    Args:
        rows: Token ids; none may be empty.

    Raises:
        RequestError: A row is longer than the model's context.
        CancelledError: `stop` was set.
    """
    for row in rows:
        check_length(model, len(row), "a prompt with its target")
    for start in range(0, len(rows), batch_size):
        check(stop, "the measurement")
        batch = rows[start : start + batch_size]
        width = max(map(len, batch))
        ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in batch])
        # Padding behind a row is seen by none of its tokens; masked, it is NaN in a sliding window.
        mask = torch.ones_like(ids)
        device = model.input_device
        with torch.no_grad():
            logits = model.model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
        for i, row in enumerate(batch):
            yield start + i, logits[i, : len(row)].to(model.compute_dtype)
