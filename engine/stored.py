"""Reading stored deltas back: which kind they are shows in the names of their tensors."""

from __future__ import annotations

from safetensors import SafetensorError
from safetensors.torch import load

from ..errors import StoreError
from .delta import Delta, RankOneDelta
from .methods.adam import AdamDelta


def read_delta(weight_name: str, data: bytes) -> Delta:
    """Read what a delta's `to_bytes` wrote.

    Raises:
        StoreError: The bytes are no delta.
    """
    try:
        tensors = load(data)
        if "gradients" in tensors:
            return AdamDelta.of(weight_name, tensors)
        return RankOneDelta(weight_name, tensors["left"], tensors["right"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise StoreError(
            f"the stored delta of {weight_name} is damaged ({error})",
            "run `romebench sessions verify`",
        ) from None
