"""Hyperparameters of the fine-tuning baselines, in kmeng01/rome's keys, and those published.

`finetune.json` holds what kmeng01/rome publishes for each model and baseline (read from
zjunlp/EasyEdit's and google/belief-localization's copies); pocket's are the published ones of
gpt2-xl with layers of a model of six blocks and limits chosen on the development set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import FileFormatError, HparamsError
from .presets import preset_for


class Baseline(StrEnum):
    """A baseline of the ROME paper that fine-tunes."""

    FT = "ft"
    """Adam on one projection and its bias."""
    FT_L = "ft-l"
    """The same, no number further than ε from where it was (FT+L in the paper)."""
    FT_ATTN = "ft-attn"
    """The same on the attention's input projection, of a later layer."""


_UNUSED = frozenset(
    {
        "kl_factor", "batch_size", "wd_power_law", "layer_module_tmp", "mlp_module_tmp",
        "attn_module_tmp", "ln_f_module", "lm_head_module",
    }
)  # fmt: skip
"""Keys of the published files that decide nothing for one request at a time."""


@dataclass(frozen=True, slots=True)
class FineTuneHparams:
    """What one fine-tuning edit is made with.

    Attributes:
        layers: Blocks whose parameters are trained.
        rewrite_module_tmp: Their module, `{}` for the layer: its weight and its bias.
        num_steps: Most steps of the optimiser.
        lr: Learning rate of Adam.
        weight_decay: Adam's.
        norm_constraint: ε, how far any number may move; None for as far as it likes.

    Raises:
        HparamsError: A value is out of range.
    """

    layers: tuple[int, ...]
    rewrite_module_tmp: str
    num_steps: int = 25
    lr: float = 5e-4
    weight_decay: float = 0.0
    norm_constraint: float | None = None

    def __post_init__(self) -> None:
        bounds = (
            (bool(self.layers) and min(self.layers, default=-1) >= 0, "layers", self.layers),
            ("{}" in self.rewrite_module_tmp, "rewrite_module_tmp", self.rewrite_module_tmp),
            (self.num_steps >= 1, "num_steps", self.num_steps),
            (self.lr > 0, "lr", self.lr),
            (self.weight_decay >= 0, "weight_decay", self.weight_decay),
            (self.norm_constraint is None or self.norm_constraint > 0, "norm_constraint",
             self.norm_constraint),
        )  # fmt: skip
        for holds, name, value in bounds:
            if not holds:
                raise HparamsError(f"{name} is {value!r}", "see kmeng01/rome hparams/FT")

    def to_json(self) -> dict[str, Any]:
        """A JSON object in the published keys; no limit is `false`, as there."""
        limit = False if self.norm_constraint is None else self.norm_constraint
        return {**asdict(self), "layers": list(self.layers), "norm_constraint": limit}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FineTuneHparams:
        """Read published hyperparameters.

        Raises:
            HparamsError: A key is missing or unknown, or a value is of the wrong kind.
        """
        if data.get("kl_factor"):
            raise HparamsError(f"kl_factor is {data['kl_factor']}", "the published code ignores it")
        values = {key: value for key, value in data.items() if key not in _UNUSED}
        if values.get("norm_constraint") is False:
            values["norm_constraint"] = None
        try:
            values["layers"] = tuple(int(layer) for layer in values["layers"])
            return cls(**values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HparamsError(
                f"not the hyperparameters of a fine-tuning baseline ({error})",
                "keys: layers, rewrite_module_tmp, num_steps, lr, weight_decay, norm_constraint",
            ) from None


def fine_tune_preset(baseline: Baseline, model: str) -> FineTuneHparams:
    """What is published of a baseline for a model.

    Raises:
        HparamsError: Nothing is.
    """
    text = files(__package__).joinpath("finetune.json").read_text(encoding="utf-8")
    known: dict[str, dict[str, Any]] = json.loads(text)
    found = known.get(preset_for(model) or model, {}).get(baseline)
    if found is None:
        names = ", ".join(name for name, own in known.items() if baseline in own)
        raise HparamsError(
            f"no hyperparameters of {baseline} are known for {model!r}",
            f"give --method-hparams FILE; they are known for {names}",
        )
    return FineTuneHparams.from_json(found)


def read_fine_tune(path: Path) -> FineTuneHparams:
    """Hyperparameters of a JSON file.

    Raises:
        FileFormatError: It can't be read.
        HparamsError: A key is wrong.
    """
    try:
        data = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{path}: {error}", "name a JSON file") from None
    if not isinstance(data, dict):
        raise HparamsError(f"{path} holds no object", "see kmeng01/rome hparams/FT")
    return FineTuneHparams.from_json(data)
