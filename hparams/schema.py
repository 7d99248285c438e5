"""The schema of hyperparameters, in the field's own JSON keys (kmeng01/rome `hparams/ROME`).

`mom2_ridge` is the one key of ours; a file without it means no ridge, as published.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..errors import FileFormatError, HparamsError


class FactToken(StrEnum):
    """Which token the key and the value are read at."""

    SUBJECT_LAST = "subject_last"
    SUBJECT_FIRST = "subject_first"
    SUBJECT_FIRST_AFTER_LAST = "subject_first_after_last"
    LAST = "last"


_NOT_OURS = frozenset(
    {
        # Keys that other repositories keep in the same files. They don't change a ROME edit, or
        # name what romebench states elsewhere (rule, device, model).
        "alg_name", "model_name", "stats_dir", "device", "model_parallel", "fp16", "bias_update",
        "dynamic", "dynamic_multiplier", "model_type", "max_length", "batch_size",
    }
)  # fmt: skip

_RULE_FLAGS = ("original_implementation", "enable_prompt_keys", "enable_random_prefix_keys")


@dataclass(frozen=True, slots=True)
class Hparams:
    """What an edit is computed with.

    Attributes:
        layers: The layer to edit, as a list of one (the field's form).
        fact_token: Where in the prompt key and value are read.
        v_num_grad_steps: Forward passes of the value optimisation; one fewer Adam step is taken.
        v_lr: Adam's learning rate.
        v_loss_layer: Kept for the file's sake; the published loss is read at the last layer.
        v_weight_decay: Factor of ‖δ‖ / ‖v₀‖².
        clamp_norm_factor: ‖δ‖ is held below this many times ‖v₀‖.
        kl_factor: Factor of the KL term at the subject's last token of "{} is a".
        mom2_adjustment: Whether C is used at all; false means C = I.
        context_template_length_params: Pairs (length in tokens, how many) of drawn contexts.
        rewrite_module_tmp: Path of the edited projection, with `{}` for the layer.
        layer_module_tmp: Path of a block.
        mlp_module_tmp: Path of a block's MLP.
        attn_module_tmp: Path of a block's attention.
        ln_f_module: Path of the final norm.
        lm_head_module: Path of the head.
        mom2_dataset: Name of the text that C was collected from.
        mom2_n_samples: How many samples of it.
        mom2_dtype: Precision it was collected in.
        mom2_ridge: λ in C + λ·mean(diag C)·I; 0 as published.
    """

    layers: tuple[int, ...]
    fact_token: FactToken = FactToken.SUBJECT_LAST
    v_num_grad_steps: int = 20
    v_lr: float = 0.5
    v_loss_layer: int = -1
    v_weight_decay: float = 0.5
    clamp_norm_factor: float = 4.0
    kl_factor: float = 0.0625
    mom2_adjustment: bool = True
    context_template_length_params: tuple[tuple[int, int], ...] = ((5, 10), (10, 10))
    rewrite_module_tmp: str = ""
    layer_module_tmp: str = ""
    mlp_module_tmp: str = ""
    attn_module_tmp: str = ""
    ln_f_module: str = ""
    lm_head_module: str = ""
    mom2_dataset: str = "wikipedia"
    mom2_n_samples: int = 100_000
    mom2_dtype: str = "float32"
    mom2_ridge: float = 0.0

    def __post_init__(self) -> None:
        if len(self.layers) != 1:
            raise HparamsError(
                f"layers is {list(self.layers)}: an edit is made at exactly one layer",
                "give one layer number, counted from 0",
            )
        _require(self.layers[0] >= 0, "layers", self.layers[0], "0 or more")
        _require(self.v_num_grad_steps >= 1, "v_num_grad_steps", self.v_num_grad_steps, "1 or more")
        _require(self.v_lr > 0, "v_lr", self.v_lr, "above 0")
        _require(self.v_weight_decay >= 0, "v_weight_decay", self.v_weight_decay, "0 or more")
        _require(self.clamp_norm_factor > 0, "clamp_norm_factor", self.clamp_norm_factor, "above 0")
        _require(self.kl_factor >= 0, "kl_factor", self.kl_factor, "0 or more")
        _require(self.mom2_ridge >= 0, "mom2_ridge", self.mom2_ridge, "0 or more")
        for pair in self.context_template_length_params:
            ok = len(pair) == 2 and pair[0] >= 1 and pair[1] >= 0
            _require(ok, "context_template_length_params", list(pair), "[length, count]")

    @property
    def layer(self) -> int:
        """The layer that is edited, counted from 0."""
        return self.layers[0]

    def with_layer(self, layer: int) -> Hparams:
        """The same hyperparameters at another layer."""
        return replace(self, layers=(layer,))

    def to_json(self) -> dict[str, Any]:
        """The field's JSON object."""
        out = asdict(self)
        out["layers"] = list(self.layers)
        out["fact_token"] = str(self.fact_token)
        out["context_template_length_params"] = [
            list(pair) for pair in self.context_template_length_params
        ]
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Hparams:
        """Read the field's JSON object.

        Raises:
            HparamsError: A key is unknown or missing, or a value is of the wrong type or range.
        """
        known = {field.name: field for field in fields(cls)}
        elsewhere = _NOT_OURS.union(_RULE_FLAGS)
        unknown = [key for key in data if key not in known and key not in elsewhere]
        if unknown:
            raise HparamsError(
                f"unknown hparams key {unknown[0]!r}", f"known keys: {', '.join(known)}"
            )
        if "layers" not in data:
            raise HparamsError("hparams have no key 'layers'", 'add "layers": [N], N from 0')
        return cls(**{key: _convert(key, value) for key, value in data.items() if key in known})


def rule_of_flags(data: Mapping[str, Any]) -> str | None:
    """The rule that rebuilding-rome's three flags stand for; None where the flags are absent.

    There the averaged-key branch wins over `original_implementation`, so a file with both set is
    r-ROME, whatever it looks like (its own default is that).
    """
    if not any(flag in data for flag in _RULE_FLAGS):
        return None
    if data.get("enable_random_prefix_keys"):
        return "r-rome"
    return "rome" if data.get("original_implementation") else "p-rome"


_FLOATS = {"v_lr", "v_weight_decay", "clamp_norm_factor", "kl_factor", "mom2_ridge"}
_INTS = {"v_num_grad_steps", "v_loss_layer", "mom2_n_samples"}


def _convert(key: str, value: Any) -> Any:
    """One value of the JSON object in the type of its field."""
    try:
        if key == "layers":
            return tuple(_integer(item) for item in value)
        if key == "fact_token":
            return FactToken(value)
        if key == "context_template_length_params":
            return tuple(tuple(_integer(item) for item in pair) for pair in value)
        if key in _FLOATS:
            return _number(value)
        if key in _INTS:
            return _integer(value)
    except (TypeError, ValueError):
        choices = f"one of {', '.join(FactToken)}" if key == "fact_token" else "see hparams show"
        raise HparamsError(f"hparams key {key!r} has the value {value!r}", choices) from None
    expected = bool if key == "mom2_adjustment" else str
    if not isinstance(value, expected):
        raise HparamsError(
            f"hparams key {key!r} has the value {value!r}", f"give a {expected.__name__}"
        )
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise ValueError(value)
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def _require(holds: bool, key: str, value: object, bound: str) -> None:
    if not holds:
        raise HparamsError(f"hparams key {key!r} has the value {value!r}", f"give {bound}")


def read_hparams(path: Path) -> Hparams:
    """Read hyperparameters from a JSON file.

    Raises:
        FileFormatError: The file can't be read or isn't a JSON object.
        HparamsError: The object isn't valid; the message names file and key.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileFormatError(f"{path}: {error.strerror or error}", "name a JSON file") from None
    except UnicodeDecodeError:
        raise FileFormatError(f"{path}: not UTF-8 text", "name a JSON file") from None
    except json.JSONDecodeError as error:
        raise FileFormatError(f"{path}:{error.lineno}: {error.msg}", "mend the JSON") from None
    if not isinstance(data, dict):
        raise FileFormatError(f"{path}: not a JSON object", "give one object of hparams keys")
    try:
        return Hparams.from_json(data)
    except HparamsError as error:
        raise HparamsError(f"{path}: {error.message}", error.hint) from None
