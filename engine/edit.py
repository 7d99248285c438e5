"""What every way of editing gives: a delta with what explains it. Not yet applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .delta import Delta
from .request import EditRequest


class ComputedEdit(Protocol):
    """A computed edit, not yet applied."""

    @property
    def delta(self) -> Delta:
        """What is to be done to the weight."""
        ...

    @property
    def request(self) -> EditRequest:
        """What was asked."""
        ...

    @property
    def tokens(self) -> dict[str, Any]:
        """The bare prompt's tokens, lookup index and target tokens."""
        ...

    @property
    def losses(self) -> Sequence[dict[str, Any]]:
        """Terms of the loss at each forward pass; `loss` is their sum."""
        ...

    @property
    def diagnostics(self) -> dict[str, Any]:
        """Numbers that explain the edit; `delta_norm` is ‖Δ‖_F of the weight."""
        ...

    @property
    def timings(self) -> dict[str, float]:
        """Seconds by stage."""
        ...
