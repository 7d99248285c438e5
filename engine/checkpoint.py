"""What a collection keeps on disk: its checkpoint, and the statistics file at the end.

Both are safetensors, written beside the file and moved over it, so that a kill at any moment leaves
either the old file or the new one.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import StatisticsError, StoreError
from .sums import Convergence, MomentSums

CHECKPOINT_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class State:
    """How far the sequence of batches has come.

    Attributes:
        document: First document of the group that is being read.
        index: How many batches of that group are done.
    """

    document: int = 0
    index: int = 0


class Checkpoint:
    """The file that an unfinished collection goes on from.

    Args:
        path: Where it lies.
        identity: What it is a checkpoint of; a file that says something else is refused.
        every_s: Seconds between writes.
    """

    def __init__(
        self, path: Path, identity: dict[str, Any], *, every_s: float = CHECKPOINT_EVERY_S
    ) -> None:
        self.path = path
        self._identity = json.dumps(identity, sort_keys=True)
        self._every_s = every_s
        self._written = time.monotonic()

    def restore(self, sums: MomentSums, convergence: Convergence) -> State:
        """Fill the sums from the file, where there is one.

        Raises:
            StatisticsError: The file can't be read, or is of another collection.
        """
        if not self.path.is_file():
            return State()
        try:
            with safe_open(self.path, framework="pt") as file:
                about = json.loads((file.metadata() or {})["state"])
                self._check(about["identity"])
                for name, held in sums.sums.items():
                    held.copy_(file.get_tensor(f"{name}.sum"))
                    if about["doubled_at"]:
                        convergence.images[name] = file.get_tensor(f"{name}.image")
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise StatisticsError(
                f"{self.path} can't be read as a checkpoint: {error}", "start over with --restart"
            ) from None
        sums.tokens = about["tokens"]
        convergence.at = about["doubled_at"]
        convergence.change = about["convergence"]
        return State(about["document"], about["index"])

    def tick(self, sums: MomentSums, convergence: Convergence, state: State) -> None:
        """Write where it is time to."""
        if time.monotonic() - self._written >= self._every_s:
            self.write(sums, convergence, state)

    def write(self, sums: MomentSums, convergence: Convergence, state: State) -> None:
        """Write the sums and the state.

        Raises:
            StoreError: The file can't be written.
        """
        tensors = {f"{name}.sum": held.cpu() for name, held in sums.sums.items()}
        tensors |= {f"{name}.image": image for name, image in convergence.images.items()}
        about = {
            "identity": self._identity,
            "tokens": sums.tokens,
            "document": state.document,
            "index": state.index,
            "doubled_at": convergence.at,
            "convergence": convergence.change,
        }
        write_safetensors(self.path, tensors, {"state": json.dumps(about)})
        self._written = time.monotonic()

    def remove(self) -> None:
        """The collection is finished."""
        self.path.unlink(missing_ok=True)

    def _check(self, found: str) -> None:
        if found == self._identity:
            return
        ours, theirs = json.loads(self._identity), json.loads(found)
        key = next((k for k in ours if theirs.get(k) != ours[k]), "identity")
        raise StatisticsError(
            f"{self.path} is the checkpoint of another collection: its {key} is "
            f"{theirs.get(key)!r}, not {ours.get(key)!r}",
            "finish that one with its own options, or start over with --restart",
        )


def kept_path(folder: Path, model_sha256: str, weight_name: str) -> Path:
    """Where the statistics of a model's weight are kept: a folder a model, a file a weight."""
    return folder / model_sha256[:16] / f"{weight_name}.safetensors"


def save_statistics(
    path: Path, weight_name: str, matrix: Tensor, provenance: dict[str, Any]
) -> None:
    """Write C as a file that `load_statistics` reads.

    Args:
        matrix: [d_in, d_in]; written in fp32, in fp64 where the keys were.
        provenance: Kept in the file's metadata, None left out.

    Raises:
        StoreError: The file can't be written.
    """
    exact = provenance.get("keys_dtype") == "float64"
    about = {**provenance, "weight_name": weight_name}
    texts = {key: _text(value) for key, value in about.items() if value is not None}
    held = matrix.double() if exact else matrix.float()
    write_safetensors(path, {"second_moment": held.contiguous()}, texts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def write_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a file whole or not at all.

    Raises:
        StoreError: The folder or the file can't be written.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, beside, metadata=metadata)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    except (OSError, SafetensorError) as error:
        beside.unlink(missing_ok=True)
        raise StoreError(f"{path} can't be written: {error}", "is the disk full?") from error
