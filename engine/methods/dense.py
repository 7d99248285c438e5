"""Dense deltas of whole parameters: applied by one addition, taken back by copying the base.

Such a delta is as large as what it changes and is never stored; where it is needed again it is
computed again, and a hash says whether it is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...errors import EditError
from ..fingerprint import weight_sha256
from ..model import LoadedModel


@dataclass(frozen=True, slots=True, eq=False)
class DenseDelta:
    """What a method adds to some parameters.

    Attributes:
        parts: By parameter name, each of the parameter's shape, dtype and device.
        losses: The method's loss in each of its steps.
    """

    parts: Mapping[str, Tensor]
    losses: tuple[float, ...] = ()

    def is_finite(self) -> bool:
        """Whether every number is finite."""
        return all(bool(torch.isfinite(part).all()) for part in self.parts.values())


class DenseEdits:
    """The dense deltas that a live model carries. Owned by whoever owns the model: one thread."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._base: dict[str, Tensor] = {}

    def apply(self, delta: DenseDelta) -> None:
        """Add one delta to the live parameters.

        Raises:
            EditError: It isn't finite; nothing has changed.
        """
        if not delta.is_finite():
            raise EditError("the delta is not finite", "nothing was changed")
        with torch.no_grad():
            for name, part in delta.parts.items():
                parameter = self._parameter(name)
                self._base.setdefault(name, parameter.detach().clone())
                parameter.add_(part)

    def restore(self) -> None:
        """The base again, to the bit."""
        self._copy(self._base)
        self._base.clear()

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Whatever is applied inside stays if the block ends well, and is taken back if not."""
        base, edited = dict(self._base), self._held()
        try:
            yield
        except BaseException:
            self._copy(self._base)
            self._copy(edited)
            self._base = base
            raise

    @contextmanager
    def at_base(self) -> Iterator[None]:
        """The live model is the unedited one inside, and what it was afterwards."""
        edited = self._held()
        try:
            self._copy(self._base)
            yield
        finally:
            self._copy(edited)

    def sha256(self) -> str:
        """Hash of the edited parameters as they are stored in the model; empty at the base."""
        edited = {name: self._parameter(name).detach() for name in self._base}
        return weight_sha256(edited) if edited else ""

    def distances(self) -> dict[str, float]:
        """‖W − W₀‖_F over how many numbers W has, for each edited matrix."""
        found = {}
        for name, base in self._base.items():
            if base.ndim > 1:
                moved = (self._parameter(name).detach() - base).double().norm()
                found[name] = float(moved) / base.numel()
        return found

    def _held(self) -> dict[str, Tensor]:
        """The edited parameters as they stand."""
        return {name: self._parameter(name).detach().clone() for name in self._base}

    def _parameter(self, name: str) -> nn.Parameter:
        return self._model.model.get_parameter(name)

    def _copy(self, values: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in values.items():
                self._parameter(name).copy_(value)
