"""The rank-one deltas of a session as one safetensors file, for use without romebench.

Tensors are named `{depth:05d}.{weight_name}.left` [d_in] and `.right` [d_out], in the dtype they
were computed in; W' = W + right ⊗ left in `nn.Linear` orientation, added in the order of the names.
Knows no model.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..errors import StoreError, UsageError
from ..store.records import DeltaRecord, SessionRecord
from .files import whole_file
from .history import History

if TYPE_CHECKING:
    from ..store.repository import Repository

Vector = np.ndarray[tuple[int], np.dtype[np.floating[Any]]]
"""A vector of fp32 or fp64 numbers."""

_DTYPES = (np.dtype("<f4"), np.dtype("<f8"))
_WAY_OUT = "import an export of the session, or goto a step before it"


@dataclass(frozen=True, slots=True)
class DeltasReport:
    """What was written.

    Attributes:
        session: Name of the session.
        path: The file.
        steps: The steps in it, in the order of their names.
        size_bytes: How long the file is.
    """

    session: str
    path: Path
    steps: tuple[int, ...]
    size_bytes: int


def vectors(record: DeltaRecord) -> dict[str, Vector]:
    """`left` [d_in] and `right` [d_out] of a stored delta, in the dtype they were computed in.

    Raises:
        StoreError: The bytes do not match their digest, or are no safetensors with two vectors of
            one floating-point dtype.
    """
    damaged = f"the delta of step {record.step} is damaged"
    if hashlib.sha256(record.data).hexdigest() != record.digest:
        raise StoreError(f"{damaged}: its bytes do not match its digest", _WAY_OUT)
    try:
        tensors = load(record.data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise StoreError(f"{damaged}: no safetensors ({error})", _WAY_OUT) from None
    found = {name: f"{tensor.dtype} {list(tensor.shape)}" for name, tensor in tensors.items()}
    sides = [tensors.get("left"), tensors.get("right")]
    if len(tensors) != 2 or not all(
        side is not None and side.ndim == 1 and side.size and side.dtype in _DTYPES
        for side in sides
    ):
        raise StoreError(f"{damaged}: not two vectors left and right but {found}", _WAY_OUT)
    return tensors


def write_deltas(
    repository: Repository,
    record: SessionRecord,
    history: History,
    path: Path,
    *,
    every: bool = False,
    force: bool = False,
) -> DeltasReport:
    """Write the deltas of the cursor's path, named by depth; or of every step, by its number.

    Raises:
        UsageError: There is no step to write; the file exists and `force` is off.
        StoreError: A stored delta is damaged; the disk is full.
    """
    steps = tuple(sorted(history.nodes)) if every else history.path()
    if not steps:
        raise UsageError(
            f"session {record.name!r} has no {'step' if every else 'step at the cursor'}",
            "--all writes every step" if history.nodes else "make an edit first",
        )
    tensors: dict[str, Vector] = {}
    for place, delta in enumerate(repository.deltas(record.id, steps), 1):
        stem = f"{delta.step if every else place:05d}.{delta.weight_name}"
        tensors |= {f"{stem}.{side}": vector for side, vector in vectors(delta).items()}
    about = {
        "format": "romebench-deltas",
        "session": record.name,
        "uid": record.uid,
        "model": record.model,
        "model_sha256": record.model_sha256,
        "named_by": "step" if every else "depth",
    }
    if not every:
        about["weight_sha256"] = repository.step(record.id, steps[-1]).weight_sha256
    data = save(tensors, metadata=about)
    with whole_file(path, force=force) as file:
        file.write(data)
    return DeltasReport(record.name, path, steps, len(data))
