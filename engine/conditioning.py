"""How well a second moment can be solved: its extreme eigenvalues, without a decomposition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_ITERATIONS = 60


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What the solution of C + λ·mean(diag C)·I rests on.

    Attributes:
        ridge: λ.
        positive_definite: Whether Cholesky succeeds in fp64.
        largest: Largest eigenvalue.
        smallest: Smallest one; None where C isn't positive definite.
        effective_rank: (Σλ)² / Σλ²: how many directions carry the keys' energy.
    """

    ridge: float
    positive_definite: bool
    largest: float
    smallest: float | None
    effective_rank: float

    @property
    def condition(self) -> float | None:
        """Ratio of the extreme eigenvalues; None where there is no smallest one."""
        return None if not self.smallest else self.largest / self.smallest


def conditioning(matrix: Tensor, ridge: float = 0.0) -> Conditioning:
    """Measure a symmetric matrix, [d, d].

    Extreme eigenvalues are found by power iteration on C and on C⁻¹ (from the Cholesky factor that
    the solution needs anyway), good to about a percent.
    """
    held = matrix.double()
    d = held.shape[0]
    if ridge:
        held = held + ridge * float(held.diagonal().mean()) * torch.eye(d, dtype=torch.float64)
    start = torch.randn(d, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    largest = _power(lambda v: held @ v, start)
    factor, info = torch.linalg.cholesky_ex(held)
    definite = int(info) == 0
    smallest = 1 / _power(lambda v: torch.cholesky_solve(v, factor), start) if definite else None
    trace = float(held.diagonal().sum())
    return Conditioning(ridge, definite, largest, smallest, trace**2 / float(held.square().sum()))


def _power(apply: Callable[[Tensor], Tensor], start: Tensor) -> float:
    """Largest eigenvalue of a symmetric positive operator."""
    vector, value = start / start.norm(), 0.0
    for _ in range(_ITERATIONS):
        image = apply(vector)
        value = float(image.norm())
        if value == 0.0:
            break
        vector = image / value
    return value
