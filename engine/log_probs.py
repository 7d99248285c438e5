"""Log-probabilities of a loss that reads one token of most rows, without a vocabulary of gradients.

Autograd would fill a matrix [rows, V] with zeros, put one number in each row, and make a second
matrix of it: a seventh of an edit's time. Here the softmax that is at hand becomes the gradient.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor


class _Picked(torch.autograd.Function):
    """See `picked_and_last`. Its gradient can be taken once, and not differentiated again."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        log_probs = torch.log_softmax(logits, dim=-1)
        ctx.log_probs, ctx.targets = log_probs, targets[:, None]
        return log_probs[:-1].gather(1, ctx.targets)[:, 0], log_probs[-1].clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        picked, last = grads
        found = cast(Tensor, ctx.log_probs).exp_()
        ctx.log_probs = None
        found[-1].mul_(-last.sum()).add_(last)
        found[:-1].mul_(-picked[:, None])
        found[:-1].scatter_add_(1, ctx.targets, picked[:, None])
        return found, None


def picked_and_last(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """One log-probability of each row but the last, [n], and all of the last row, [V].

    Args:
        logits: [n + 1, V].
        targets: Token ids, [n].
    """
    return cast(tuple[Tensor, Tensor], cast(Any, _Picked).apply(logits, targets))
