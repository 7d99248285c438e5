"""Extreme eigenvalues without a decomposition."""

from __future__ import annotations

import pytest
import torch

from romebench.engine.conditioning import conditioning


@pytest.mark.parametrize("ridge", [0.0, 0.01, 0.1])
def test_it_agrees_with_the_decomposition(ridge: float) -> None:
    drawn = torch.randn(40, 60, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    drawn[0] *= 8
    matrix = drawn @ drawn.T
    regular = matrix + ridge * matrix.diagonal().mean() * torch.eye(40, dtype=torch.float64)
    values = torch.linalg.eigvalsh(regular)
    found = conditioning(matrix.float(), ridge)
    assert found.positive_definite
    assert found.largest == pytest.approx(float(values[-1]), rel=1e-2)
    assert found.smallest == pytest.approx(float(values[0]), rel=2e-2)
    assert found.effective_rank == pytest.approx(float(values.sum() ** 2 / (values**2).sum()), 1e-4)


def test_a_matrix_without_full_rank_has_no_condition() -> None:
    flat = torch.zeros(5, 5)
    flat[0, 0] = 2.0
    found = conditioning(flat)
    assert not found.positive_definite
    assert found.condition is None
    assert conditioning(flat, 0.1).condition == pytest.approx((2 + 0.04) / 0.04)
