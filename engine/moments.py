"""The second moment C = E[k kᵀ], uncentred, of the inputs of an edited projection.

C is read from romebench's own safetensors, from the field's `.npz` statistics, or from a bare
`.npy` matrix; it is solved by Cholesky in fp64, never inverted. C = I is possible and says so.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import StatisticsError

_HINT = "collect or import statistics for this layer, or use `--stats none` for C = I"


@dataclass(eq=False)
class SecondMoment:
    """C, or the identity in its place.

    Attributes:
        d_in: Width of the keys.
        matrix: C, [d_in, d_in], fp64 on the CPU; None for C = I.
        provenance: Where C came from, JSON-able; None for C = I.
        ridge: λ in C + λ·mean(diag C)·I.
    """

    d_in: int
    matrix: Tensor | None = None
    provenance: dict[str, Any] | None = None
    ridge: float = 0.0

    @classmethod
    def identity(cls, d_in: int) -> SecondMoment:
        """C = I."""
        return cls(d_in)

    @property
    def is_identity(self) -> bool:
        """Whether C = I stands in for statistics."""
        return self.matrix is None

    def with_ridge(self, ridge: float) -> SecondMoment:
        """The same C under another ridge."""
        return SecondMoment(self.d_in, self.matrix, self.provenance, ridge)

    def solve(self, key: Tensor) -> Tensor:
        """(C + ridge)⁻¹ k in fp64, on the CPU.

        Args:
            key: [d_in].

        Raises:
            StatisticsError: C isn't positive definite, or its width isn't the key's.
        """
        key = key.double().cpu()
        if key.shape != (self.d_in,):
            raise StatisticsError(
                f"the statistics are {self.d_in} wide, and the key is {tuple(key.shape)}", _HINT
            )
        if self.matrix is None:
            return key
        solved = torch.cholesky_solve(key[:, None], self._factor)
        return solved.squeeze(1)

    @cached_property
    def condition(self) -> float:
        """Condition number of what is solved (ratio of its extreme eigenvalues)."""
        if self.matrix is None:
            return 1.0
        eigenvalues = torch.linalg.eigvalsh(self._regularised())
        return float(eigenvalues[-1] / eigenvalues[0])

    @cached_property
    def _factor(self) -> Tensor:
        factor: Tensor
        factor, info = torch.linalg.cholesky_ex(self._regularised())
        if int(info) != 0:
            raise StatisticsError(
                f"C is not positive definite (it fails at row {int(info)} of {self.d_in})",
                "collect it over more tokens, or set mom2_ridge in the hparams (0.01 is usual)",
            )
        return factor

    def _regularised(self) -> Tensor:
        assert self.matrix is not None
        if self.ridge == 0.0:
            return self.matrix
        scale = self.ridge * float(self.matrix.diagonal().mean())
        return self.matrix + scale * torch.eye(self.d_in, dtype=torch.float64)


def load_statistics(
    path: Path, *, d_in: int, weight_name: str, ridge: float = 0.0, model_sha256: str | None = None
) -> SecondMoment:
    """Read C from a file.

    Args:
        d_in: Width that the edited projection needs.
        weight_name: The site; a file that names another is refused.
        model_sha256: The base model's fingerprint; a file that names another is refused.

    Raises:
        StatisticsError: The file is missing, unreadable, of another shape, layer or model, or not
            a symmetric finite matrix.
    """
    matrix, about = read_statistics(path)
    _check(path, matrix, d_in, weight_name, about, model_sha256)
    tensor = torch.from_numpy(np.ascontiguousarray(matrix, dtype=np.float64))
    provenance = {
        **about,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "dtype": str(matrix.dtype),
        "weight_name": weight_name,
    }
    return SecondMoment(d_in, tensor, provenance, ridge)


def read_statistics(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """The matrix of a statistics file and what the file says of it, unchecked.

    Raises:
        StatisticsError: The file is missing or unreadable.
    """
    if not path.is_file():
        raise StatisticsError(f"there is no statistics file {str(path)!r}", _HINT)
    readers = {".safetensors": _read_safetensors, ".npz": _read_npz, ".npy": _read_npy}
    reader = readers.get(path.suffix)
    if reader is None:
        raise StatisticsError(
            f"{path} is no statistics file romebench reads", "give .safetensors, .npz or .npy"
        )
    try:
        return reader(path)
    except (OSError, ValueError, KeyError, SafetensorError, zipfile.BadZipFile) as error:
        raise StatisticsError(f"{path} can't be read as statistics: {error}", _HINT) from None


def _check(
    path: Path,
    matrix: NDArray[Any],
    d_in: int,
    weight_name: str,
    about: dict[str, Any],
    model_sha256: str | None,
) -> None:
    """Refuse by name what doesn't belong to this site."""
    if matrix.shape != (d_in, d_in):
        raise StatisticsError(
            f"{path} holds a matrix of shape {tuple(matrix.shape)}, and {weight_name} needs "
            f"({d_in}, {d_in})",
            "are they of another model or another module?",
        )
    if not np.isfinite(matrix).all():
        raise StatisticsError(f"{path} holds numbers that are not finite", _HINT)
    spread = float(np.abs(matrix).max()) or 1.0
    if float(np.abs(matrix - matrix.T).max()) > 1e-3 * spread:
        raise StatisticsError(f"{path} holds a matrix that is not symmetric", _HINT)
    for key, expected in (("weight_name", weight_name), ("model_sha256", model_sha256)):
        found = about.get(key)
        if found and expected and found != expected:
            raise StatisticsError(f"{path} was collected at {key} {found}, not {expected}", _HINT)


def _read_safetensors(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """romebench's own form: one matrix, provenance in the metadata."""
    with safe_open(path, framework="numpy") as file:
        names = list(file.keys())
        if len(names) != 1:
            raise ValueError(f"it holds {len(names)} tensors, not one")
        metadata = dict(file.metadata() or {})
        about: dict[str, Any] = {k: _plain(v) for k, v in metadata.items()}
        return file.get_tensor(names[0]), about


def _plain(text: str) -> Any:
    """A metadata value as the number it stands for, where it is one."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value if isinstance(value, (int, float)) else text


def _read_npz(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """The field's statistics cache: the sum of k kᵀ and the count it is to be divided by."""
    with np.load(path, allow_pickle=False) as archive:
        keys = set(archive.files)
        if {"mom2.mom2", "mom2.count"} <= keys:
            count = int(archive["mom2.count"])
            return archive["mom2.mom2"] / max(count, 1), {"tokens": count}
        if len(keys) == 1:
            return archive[next(iter(keys))], {}
        raise ValueError(f"it has the arrays {sorted(keys)}, not mom2.mom2 and mom2.count")


def _read_npy(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    matrix: NDArray[Any] = np.load(path, allow_pickle=False)
    if matrix.ndim != 2:
        raise ValueError(f"it has {matrix.ndim} dimensions, not two")
    return matrix, {}
