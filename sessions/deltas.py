"""A session's deltas as stored bytes: what they must hold, and one safetensors file of them all.

In the file tensors are named `{depth:05d}.{weight_name}.left` [d_in] and `.right` [d_out], in the
dtype they were computed in; W' = W + right ⊗ left in `nn.Linear` orientation, added in the order of
the names. Fine-tuning steps have `.inputs`, `.gradients`, `.adam` and `.has_bias` instead (see
`engine/methods/adam.py`). Knows no model, and no torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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

Array = np.ndarray[Any, np.dtype[Any]]

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


def arrays(record: DeltaRecord) -> dict[str, Array]:
    """The tensors of a stored delta: `left` [d_in] and `right` [d_out] of a rank-one one, in the
    dtype they were computed in; `inputs` [T, d_in], `gradients` [S, T, d_out], `adam` [3] and
    `has_bias` of a fine-tuned one.

    Raises:
        StoreError: The bytes do not match their digest, or are no such safetensors.
    """
    damaged = f"the delta of step {record.step} is damaged"
    if hashlib.sha256(record.data).hexdigest() != record.digest:
        raise StoreError(f"{damaged}: its bytes do not match its digest", _WAY_OUT)
    try:
        tensors = load(record.data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise StoreError(f"{damaged}: no safetensors ({error})", _WAY_OUT) from None
    if not (_is_rank_one(tensors) or _is_fine_tuned(tensors)):
        found = {name: f"{tensor.dtype} {list(tensor.shape)}" for name, tensor in tensors.items()}
        raise StoreError(f"{damaged}: not two vectors left and right but {found}", _WAY_OUT)
    return tensors


def _is_rank_one(tensors: Mapping[str, Array]) -> bool:
    return tensors.keys() == {"left", "right"} and all(
        side.ndim == 1 and side.size and side.dtype in _DTYPES for side in tensors.values()
    )


def _is_fine_tuned(tensors: Mapping[str, Array]) -> bool:
    if tensors.keys() != {"inputs", "gradients", "adam", "has_bias"}:
        return False
    inputs, gradients = tensors["inputs"], tensors["gradients"]
    return (
        (inputs.ndim, gradients.ndim) == (2, 3)
        and gradients.shape[1] == inputs.shape[0]
        and inputs.dtype == gradients.dtype
        and inputs.dtype in _DTYPES
        and (tensors["adam"].dtype, tensors["adam"].shape) == (_DTYPES[1], (3,))
        and (tensors["has_bias"].dtype, tensors["has_bias"].shape) == (np.dtype(bool), ())
    )


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
    tensors: dict[str, Array] = {}
    for place, delta in enumerate(repository.deltas(record.id, steps), 1):
        stem = f"{delta.step if every else place:05d}.{delta.weight_name}"
        tensors |= {f"{stem}.{part}": array for part, array in arrays(delta).items()}
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
