"""The embedded default model: a small GPT-2 trained from scratch on a known world.

Owns the model's folder and its data, by name.  Importing this package, and
everything it exports, costs no torch.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from .world import Fact, Split, World, load_world

__all__ = [
    "Fact",
    "Split",
    "World",
    "calibration_path",
    "evaluation_set",
    "example_requests",
    "held_out_documents",
    "load_world",
    "model_path",
    "moments_path",
]


def model_path() -> Path:
    """The folder that `from_pretrained` reads the pocket model from."""
    return Path(str(files(__package__).joinpath("model")))


def moments_path(weight_name: str) -> Path:
    """The file of second moments that ships for a weight; it may not exist.

    Args:
        weight_name: Parameter name, ``transformer.h.1.mlp.c_proj.weight``.
    """
    return model_path() / "mom2" / f"{weight_name.removesuffix('.weight')}.safetensors"


def calibration_path(weight_name: str) -> Path:
    """The file with the normal range of single edits at a weight; it may not exist.

    Args:
        weight_name: Parameter name, as for `moments_path`.
    """
    return model_path() / "calibration" / f"{weight_name.removesuffix('.weight')}.json"


def evaluation_set(split: Split | str) -> list[dict[str, Any]]:
    """Requests in CounterFact's format.

    Args:
        split: ``dev``, on which hparams were chosen, or ``test``, on which
            nothing was.

    Raises:
        ValueError: There is no such split.
    """
    records: list[dict[str, Any]] = json.loads(_data(f"requests_{Split(split)}.json"))
    return records


def example_requests() -> list[dict[str, Any]]:
    """A few well-known requests to begin with, in CounterFact's format."""
    records: list[dict[str, Any]] = json.loads(_data("requests_examples.json"))
    return records


def held_out_documents() -> tuple[str, ...]:
    """Documents of another seed than the training documents, for perplexity."""
    return tuple(json.loads(line)["text"] for line in _data("held_out.jsonl").splitlines())


def _data(name: str) -> str:
    return files(__package__).joinpath("data", name).read_text(encoding="utf-8")
