"""How far a weight has moved, in the measure that rebuilding-rome plots."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model import LoadedModel
    from ..weights import EditedWeights


def distance_per_number(model: LoadedModel, weights: EditedWeights, weight_name: str) -> float:
    """|Δ|: ‖W − W₀‖_F divided by how many numbers W has (rebuilding-rome `evaluate.py`).

    It shrinks with the size of the weight, so it compares edits of one site only.
    """
    moved = weights.relative_change(weight_name) * weights.base_norm(weight_name)
    return moved / prod(model.linear_view(weight_name).shape)
