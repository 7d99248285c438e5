"""A rank-one delta as a value: two vectors, their bytes, and how they are added to a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ..errors import StoreError

_ROW_BLOCK_BYTES = 1 << 20
"""Rows are added in blocks of about this size, so that the product never doubles the memory and
stays in a cache."""


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

    def frobenius(self) -> float:
        """‖right ⊗ left‖_F = ‖right‖·‖left‖, computed in fp64."""
        return float(self.right.double().norm() * self.left.double().norm())

    def is_finite(self) -> bool:
        """Whether every number in both vectors is finite."""
        return bool(torch.isfinite(self.left).all() and torch.isfinite(self.right).all())

    def to_bytes(self) -> bytes:
        """Safetensors bytes with the tensors `left` and `right`."""
        return save({"left": self.left.contiguous(), "right": self.right.contiguous()})

    @classmethod
    def from_bytes(cls, weight_name: str, data: bytes) -> RankOneDelta:
        """Read what `to_bytes` wrote.

        Raises:
            StoreError: The bytes are no such safetensors.
        """
        try:
            tensors = load(data)
            return cls(weight_name, tensors["left"], tensors["right"])
        except (SafetensorError, KeyError, ValueError) as error:
            raise StoreError(
                f"the stored delta of {weight_name} is damaged ({error})",
                "run `romebench sessions verify`",
            ) from None


def add_in_place(matrix: Tensor, delta: RankOneDelta) -> None:
    """Add the delta to `matrix` [d_out, d_in], each element by one product and one sum.

    Two separate elementwise operations in the matrix's dtype, never a fused kernel: so the result
    is the same to the bit on every machine and device. Rows are independent, so blocks of rows
    change nothing but the memory needed.
    """
    left = delta.left.to(matrix.device, matrix.dtype)
    right = delta.right.to(matrix.device, matrix.dtype)
    rows = max(1, _ROW_BLOCK_BYTES // max(1, left.numel() * left.element_size()))
    with torch.no_grad():
        for start in range(0, matrix.shape[0], rows):
            block = right[start : start + rows, None] * left[None, :]
            matrix[start : start + rows] += block
