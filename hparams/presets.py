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
    "eleutherai/gpt-neox-20b": "gpt-neox-20b",
    "meta-llama/llama-2-7b-hf": "llama2-7b",
    "meta-llama/meta-llama-3-8b": "llama3-8b",
    "meta-llama/llama-3.2-1b-instruct": "llama3.2-1b",
    "meta-llama/llama-3.2-3b": "llama3.2-3b",
    "mistralai/mistral-7b-v0.1": "mistral-7b",
    "qwen/qwen2-7b": "qwen2-7b",
    "qwen/qwen2.5-7b": "qwen2.5-7b",
}

_ROME = "kmeng01/rome hparams/ROME"
_EASYEDIT = "zjunlp/EasyEdit hparams/ROME"
_SOURCES = {
    "pocket": "romebench: swept on the development split of the embedded model",
    "gpt2-medium": "scalable-model-editing/unified-model-editing hparams/ROME/gpt2-medium.json",
    "gpt2-large": "scalable-model-editing/unified-model-editing hparams/ROME/gpt2-large.json",
    "gpt2-xl": f"{_ROME}/gpt2-xl.json",
    "gpt-j-6B": f"{_ROME}/EleutherAI_gpt-j-6B.json",
    "gpt-neox-20b": (
        "scalable-model-editing/unified-model-editing hparams/ROME/EleutherAI_gpt-neox-20b.json"
    ),
    "llama2-7b": "scalable-model-editing/rebuilding-rome hparams/ROME/llama2-7b.json",
    "llama3-8b": f"{_EASYEDIT}/llama3-8b.yaml",
    "llama3.2-1b": f"{_EASYEDIT}/llama3.2-1b.yaml",
    "llama3.2-3b": f"{_EASYEDIT}/llama3.2-3b.yaml",
    "mistral-7b": f"{_EASYEDIT}/mistral-7b.yaml",
    "qwen2-7b": f"{_EASYEDIT}/qwen2-7b.yaml",
    "qwen2.5-7b": f"{_EASYEDIT}/qwen2.5-7b.yaml",
}

_EARLY = frozenset(
    {
        "gptj", "llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "gemma3_text",
        "phi", "phi3", "olmo", "olmo2", "stablelm", "falcon",
    }
)  # fmt: skip
"""Families whose published presets, or the nearest family's, stand at layer 5 of about 30."""


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


def preset_source(name: str) -> str:
    """Where a preset's numbers were published; empty for a name that has none."""
    return _SOURCES.get(name, "")


def default_hparams(model_type: str, n_layers: int) -> Hparams:
    """Hyperparameters for a model that nobody has published any for: a reasoned start, no more.

    The layer is where the published presets of the like families stand: 5 of 28 to 32 for models
    with rotary positions (GPT-J, Llama, Mistral, Qwen2), a third of the way up for the others
    (GPT-2, GPT-NeoX). The rest are the published GPT-2 XL numbers. Score the layers before relying
    on it.
    """
    layer = n_layers * 5 // 32 if model_type in _EARLY else n_layers // 3
    return Hparams(layers=(min(max(1, layer), n_layers - 1),))


def preset_for(model: str) -> str | None:
    """The preset made for a model of that name, or None.

    Only an exact name counts (a preset's own, or the hub's name of the same model): what may be
    edited how is decided by the model's structure, never by what its name looks like.
    """
    by_lower = {name.lower(): name for name in preset_names()}
    lowered = model.lower()
    return by_lower.get(lowered) or _ALIASES.get(lowered)
