"""The presets that ship with the package, and which of them fits a model."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from ..errors import HparamsError
from .schema import Hparams

# Hub names whose published hyperparameters ship under another name.
_ALIASES = {
    "openai-community/gpt2-medium": "gpt2-medium",
    "openai-community/gpt2-large": "gpt2-large",
    "openai-community/gpt2-xl": "gpt2-xl",
    "eleutherai/gpt-j-6b": "gpt-j-6B",
    "eleutherai_gpt-j-6b": "gpt-j-6B",
}


@cache
def preset_names() -> tuple[str, ...]:
    """All presets, sorted."""
    folder = files(__package__) / "presets"
    names = (item.name for item in folder.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def load_preset(name: str) -> Hparams:
    """The preset of that name.

    Raises:
        HparamsError: There is none.
    """
    if name not in preset_names():
        raise HparamsError(
            f"no hparams preset is named {name!r}", f"presets: {', '.join(preset_names())}"
        )
    text = (files(__package__) / "presets" / f"{name}.json").read_text(encoding="utf-8")
    return Hparams.from_json(json.loads(text))


def preset_for(model: str) -> str | None:
    """The preset made for a model of that name, or None.

    Only an exact name counts (a preset's own, or the hub's name of the same model): what may be
    edited how is decided by the model's structure, never by what its name looks like.
    """
    by_lower = {name.lower(): name for name in preset_names()}
    lowered = model.lower()
    return by_lower.get(lowered) or _ALIASES.get(lowered)
