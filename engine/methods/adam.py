"""What an optimiser did to one projection, as a value that does it again to the bit.

A gradient of a linear map is a sum of outer products, Σₚ gₚ ⊗ xₚ over the positions of the prompt,
and below the trained map nothing moves, so its inputs xₚ are the same in every step. They and the
gradients at its outputs are all that Adam's steps depend on: some dozens of vectors in place of a
matrix. Everything is done by single elementwise operations, which IEEE 754 rounds the same way on
every machine and device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

_BLOCK_BYTES = 1 << 20
"""Rows are trained in blocks of about this size, so that a block's state stays in a cache. The
operations are elementwise: blocks change nothing else."""


@dataclass(frozen=True, slots=True)
class AdamSettings:
    """Of an Adam without a schedule (Kingma and Ba 2015), as `torch.optim.Adam` defaults.

    Attributes:
        lr: Learning rate.
        weight_decay: L2 penalty, added to the gradient.
        limit: How far any number may move from where it began; None for as far as it likes.
    """

    lr: float
    weight_decay: float = 0.0
    limit: float | None = None


class Adam:
    """Adam on one tensor, which it changes in place."""

    BETA1 = 0.9
    BETA2 = 0.999
    EPSILON = 1e-8

    def __init__(self, tensor: Tensor, settings: AdamSettings) -> None:
        self._tensor = tensor
        self._settings = settings
        self._mean = torch.zeros_like(tensor)
        self._square = torch.zeros_like(tensor)
        # Running products and not powers, whose last bit is the C library's choice.
        self._left1 = self._left2 = 1.0
        limit = settings.limit
        self._bounds = None if limit is None else (tensor - limit, tensor + limit)

    def step(self, gradient: Tensor) -> None:
        """One step against a gradient of the tensor's shape, which it may use up."""
        if self._settings.weight_decay:
            gradient = gradient + self._tensor * self._settings.weight_decay
        self._left1 *= self.BETA1
        self._left2 *= self.BETA2
        self._mean.mul_(self.BETA1).add_(gradient * (1 - self.BETA1))
        self._square.mul_(self.BETA2).add_(gradient.mul_(gradient).mul_(1 - self.BETA2))
        # Times a reciprocal: to divide by a plain number, devices differ in what they do.
        scale = _sqrt(self._square).mul_(1 / math.sqrt(1 - self._left2)).add_(self.EPSILON)
        rate = self._settings.lr / (1 - self._left1)
        self._tensor.sub_(self._mean.div(scale).mul_(rate))
        if self._bounds is not None:
            self._tensor.clamp_(*self._bounds)


@dataclass(frozen=True, slots=True)
class AdamDelta:
    """The steps of Adam on one projection, and on its bias where it has one.

    Attributes:
        weight_name: Parameter name of the projection's weight.
        inputs: xₚ, [T, d_in], in the compute dtype, on the CPU.
        gradients: gₚ of each step, [S, T, d_out], same dtype.
        settings: Of the optimiser.
        has_bias: Whether the bias was trained too.
    """

    weight_name: str
    inputs: Tensor
    gradients: Tensor
    settings: AdamSettings
    has_bias: bool

    @property
    def shape(self) -> tuple[int, int]:
        """(d_out, d_in) of the weight it is for."""
        return self.gradients.shape[-1], self.inputs.shape[-1]

    def is_finite(self) -> bool:
        """Whether every stored number is finite."""
        return all(bool(torch.isfinite(part).all()) for part in (self.inputs, self.gradients))

    def add_to(self, weight: Tensor, bias: Tensor | None) -> None:
        """Train a weight [d_out, d_in] and its bias [d_out] in place, as it was done at first."""
        inputs = self.inputs.to(weight.device, weight.dtype)
        gradients = self.gradients.to(weight.device, weight.dtype)
        rows = max(1, _BLOCK_BYTES // max(1, weight.shape[1] * weight.element_size()))
        with torch.no_grad():
            for start in range(0, weight.shape[0], rows):
                block = Adam(weight[start : start + rows], self.settings)
                for at_outputs in gradients[:, :, start : start + rows]:
                    block.step(outer_sum(at_outputs, inputs))
            if bias is not None and self.has_bias:
                vector = Adam(bias, self.settings)
                for at_outputs in gradients:
                    vector.step(plain_sum(at_outputs))

    def to_bytes(self) -> bytes:
        """Safetensors bytes with `inputs`, `gradients` and the settings, read by `read_delta`."""
        settings = self.settings
        limit = math.inf if settings.limit is None else settings.limit
        return save(
            {
                "inputs": self.inputs.contiguous(),
                "gradients": self.gradients.contiguous(),
                "adam": torch.tensor(
                    [settings.lr, settings.weight_decay, limit], dtype=torch.float64
                ),
                "has_bias": torch.tensor(self.has_bias),
            }
        )

    @classmethod
    def of(cls, weight_name: str, tensors: dict[str, Tensor]) -> AdamDelta:
        """From what `to_bytes` wrote, read.

        Raises:
            KeyError: A tensor is missing.
            ValueError: One has another shape.
        """
        lr, decay, limit = tensors["adam"].tolist()
        settings = AdamSettings(lr, decay, None if math.isinf(limit) else limit)
        inputs, gradients = tensors["inputs"], tensors["gradients"]
        if inputs.ndim != 2 or gradients.ndim != 3 or gradients.shape[1] != inputs.shape[0]:
            raise ValueError(f"inputs {list(inputs.shape)}, gradients {list(gradients.shape)}")
        return cls(weight_name, inputs, gradients, settings, bool(tensors["has_bias"]))


def _sqrt(values: Tensor) -> Tensor:
    """√, rounded as IEEE 754 says: torch's own on the CPU may be a bit off."""
    if values.device.type != "cpu":
        return values.sqrt()
    return torch.from_numpy(np.sqrt(values.numpy()))


def outer_sum(at_outputs: Tensor, inputs: Tensor) -> Tensor:
    """Σₚ gₚ ⊗ xₚ, [d_out, d_in], in the order of the positions, a product and a sum at a time."""
    total = at_outputs[0][:, None] * inputs[0][None, :]
    for at_output, given in zip(at_outputs[1:], inputs[1:], strict=True):
        total.add_(at_output[:, None] * given[None, :])
    return total


def plain_sum(at_outputs: Tensor) -> Tensor:
    """Σₚ gₚ, [d_out], in the order of the positions."""
    total = at_outputs[0].clone()
    for at_output in at_outputs[1:]:
        total.add_(at_output)
    return total
