"""Whether a model will fit, said before it is loaded.

The number of parameters is read from the headers of the safetensors files, or from the model built
without memory (torch's meta device); nothing is allocated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch

from ..errors import OutOfMemoryError

OVERHEAD_BYTES = 256 << 20
"""What loading and the activations of an edit take beside the weights."""

_HEADER_LIMIT = 100 << 20


@dataclass(frozen=True, slots=True)
class Need:
    """What holding and editing a model takes.

    Attributes:
        parameters: How many there are; tied ones count once.
        weights_bytes: All parameters in the dtype they are held in.
        master_bytes: Base and sum of the edited weight in fp32, and two checkpoints.
        statistics_bytes: C and its Cholesky factor in fp64; they lie in the CPU's memory.
    """

    parameters: int
    weights_bytes: int
    master_bytes: int
    statistics_bytes: int

    @property
    def least_bytes(self) -> int:
        """What the model's device has to hold at the very least: the weights, the live sum of the
        edited one, and room to work. C and checkpoints lie in main memory, and can be done
        without, so that they refuse no model."""
        return self.weights_bytes + self.master_bytes // 4 + OVERHEAD_BYTES


def estimate(source: str, config: Any, dtype: torch.dtype) -> Need | None:
    """What a model will take; None where it can't be told.

    Args:
        source: A folder; for a name on the hub the model is built on the meta device.
    """
    count = _from_headers(Path(source)) if Path(source).is_dir() else None
    if count is None:
        count = _from_config(config)
    if count is None:
        return None
    text = config.get_text_config()
    hidden = int(text.hidden_size)
    d_in = _mlp_width(text, hidden)
    wide = 8 if dtype is torch.float64 else 4
    return Need(
        parameters=count,
        weights_bytes=count * dtype.itemsize,
        master_bytes=4 * hidden * d_in * wide,
        statistics_bytes=2 * 8 * d_in**2,
    )


def check_memory(name: str, need: Need | None, device: str) -> None:
    """Raise where a model can't fit the device it is to be loaded to.

    Raises:
        OutOfMemoryError: Says what is needed, what there is, and what would help.
    """
    if need is None or device == "map":
        return
    free = free_bytes(device)
    if free is None or need.least_bytes <= free:
        return
    raise OutOfMemoryError(
        f"{name} does not fit {device}: {need.parameters / 1e9:.2f} billion parameters take about "
        f"{need.least_bytes / 1e9:.1f} GB with what an edit needs, and "
        f"{free / 1e9:.1f} GB are free",
        _what_helps(need, device, free),
    )


def free_bytes(device: str) -> int | None:
    """Memory that is free on a device; None where the system doesn't tell."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("MemAvailable:"):
            return min(int(line.split()[1]) * 1024, _cgroup_room())
    return None


def _cgroup_room() -> int:
    """What a container's limit leaves."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = int((folder / "memory.current").read_text(encoding="ascii"))
        stat = (folder / "memory.stat").read_text(encoding="ascii")
    except (OSError, ValueError):
        return 1 << 62
    if limit == "max":
        return 1 << 62
    # Cached files give way before anything is refused.
    cached = next((int(x.split()[1]) for x in stat.splitlines() if x.startswith("file ")), 0)
    return max(0, int(limit) - used + cached)


def _what_helps(need: Need, device: str, free: int) -> str:
    half = need.least_bytes - need.weights_bytes + need.parameters * 2
    helps = []
    if half <= free and half < need.least_bytes:
        helps.append("--dtype bfloat16 would fit")
    if device.startswith("cuda"):
        helps += ["--device map spreads it over all devices", "--device cpu uses the main memory"]
    elif not helps:
        helps.append("choose a smaller model, or a machine with more memory")
    return "; ".join(helps)


def _from_headers(folder: Path) -> int | None:
    """Parameters in a folder's safetensors files, from their headers alone."""
    total = 0
    files = sorted(folder.glob("*.safetensors"))
    try:
        for path in files:
            with path.open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                if size > _HEADER_LIMIT:
                    return None
                header = json.loads(file.read(size))
            total += sum(
                prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__"
            )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return total or None


def _from_config(config: Any) -> int | None:
    """Parameters of the architecture, built without memory."""
    from transformers import AutoModelForCausalLM

    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
    except Exception:
        return None
    return int(sum(parameter.numel() for parameter in model.parameters()))


def _mlp_width(text: Any, hidden: int) -> int:
    """Width of the MLP: the key's."""
    for key in ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "ffn_hidden_dim"):
        value = getattr(text, key, None)
        if isinstance(value, int) and value > 0:
            return value
    return 4 * hidden
