"""A full device as a named failure, wherever the model is asked something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..errors import OutOfMemoryError


@contextmanager
def named_memory(what: str) -> Iterator[None]:
    """Turn torch's out-of-memory inside the block into ours.

    Raises:
        OutOfMemoryError: The device has no room; names `what`.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemoryError(
            f"the device has no room for {what}",
            "close other programs on it, or use --dtype bfloat16 or --device cpu",
        ) from error
