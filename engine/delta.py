"""What an edit does to a weight, as a value: rank-one here, and what every kind has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from safetensors.torch import save
from torch import Tensor

_ROW_BLOCK_BYTES = 1 << 20
"""Rows are added in blocks of about this size, so that the product never doubles the memory and
stays in a cache."""


class Delta(Protocol):
    """A change of one weight, and maybe of its bias, that can be made again to the bit."""

    @property
    def weight_name(self) -> str:
        """Parameter name of the edited weight in the model."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """(d_out, d_in) of the weight it is for."""
        ...

    @property
    def has_bias(self) -> bool:
        """Whether it changes the bias too."""
        ...

    def is_finite(self) -> bool:
        """Whether every stored number is finite."""
        ...

    def add_to(self, weight: Tensor, bias: Tensor | None) -> None:
        """Change a weight [d_out, d_in] and its bias [d_out], in the compute dtype, in place."""
        ...

    def to_bytes(self) -> bytes:
        """Safetensors bytes, which `stored.read_delta` reads."""
        ...


@dataclass(frozen=True, slots=True)
class RankOneDelta:
    """W' = W + right ⊗ left, in `nn.Linear` orientation ([d_out, d_in]).

    Attributes:
        weight_name: Parameter name of the edited weight in the model.
        left: Key side, [d_in], fp32 or fp64, on the CPU.
        right: Value side, [d_out], same dtype, on the CPU.
    """

    weight_name: str
    left: Tensor
    right: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """(d_out, d_in) of the weight it is for."""
        return self.right.numel(), self.left.numel()

    @property
    def has_bias(self) -> bool:
        """Never: the bias stays."""
        return False

    def frobenius(self) -> float:
        """‖right ⊗ left‖_F = ‖right‖·‖left‖, computed in fp64."""
        return float(self.right.double().norm() * self.left.double().norm())

    def is_finite(self) -> bool:
        """Whether every number in both vectors is finite."""
        return bool(torch.isfinite(self.left).all() and torch.isfinite(self.right).all())

    def add_to(self, weight: Tensor, bias: Tensor | None = None) -> None:
        """Add the delta to `weight` [d_out, d_in], each element by one product and one sum.

        Two separate elementwise operations in the matrix's dtype, never a fused kernel: so the
        result is the same to the bit on every machine and device. Rows are independent, so blocks
        of rows change nothing but the memory needed.
        """
        left = self.left.to(weight.device, weight.dtype)
        right = self.right.to(weight.device, weight.dtype)
        rows = max(1, _ROW_BLOCK_BYTES // max(1, left.numel() * left.element_size()))
        with torch.no_grad():
            for start in range(0, weight.shape[0], rows):
                block = right[start : start + rows, None] * left[None, :]
                weight[start : start + rows] += block

    def to_bytes(self) -> bytes:
        """Safetensors bytes with the tensors `left` and `right`."""
        return save({"left": self.left.contiguous(), "right": self.right.contiguous()})
