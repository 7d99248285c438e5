"""What a session records of the model and the machine, and what it checks on resuming.

Knows no store: it compares a record with what is loaded.
"""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING

from ..errors import ModelError
from ..store.records import Json, SessionRecord
from ..version import __version__

if TYPE_CHECKING:
    from ..engine.model import LoadedModel
    from ..engine.weights import EditedWeights

_PACKAGES = ("torch", "transformers", "numpy", "tokenizers")


def versions() -> Json:
    """Versions of what an edit's bits can depend on."""
    found: Json = {"romebench": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def check_model(record: SessionRecord, model: LoadedModel) -> None:
    """Raise where `model` isn't the one the session was made with.

    Raises:
        ModelError: Names what differs, as recorded and as found, and the way out.
    """
    same = f"load {record.model} as it was when the session was made"
    _compare(record, "the model type", record.model_type, model.model_type, same)
    _compare(
        record, "the dtype", record.dtype, model.dtype,
        f"load the model with --dtype {record.dtype}",
    )  # fmt: skip
    _compare(
        record, "the tokenizer's fingerprint", record.tokenizer_sha256, model.tokenizer_sha256,
        f"{same}, with its tokenizer",
    )  # fmt: skip
    _compare(record, "the model's fingerprint", record.model_sha256, model.model_sha256, same)


def check_base(record: SessionRecord, weights: EditedWeights) -> None:
    """Raise where the live, unedited weight isn't the one the session began with.

    Raises:
        ModelError: Names both hashes.
    """
    found = weights.base_sha256(record.weight_name)
    _compare(
        record, f"the base weight {record.weight_name}", record.base_weight_sha256, found,
        "the loaded model has been edited since it was loaded; load it again",
    )  # fmt: skip


def _compare(record: SessionRecord, what: str, recorded: str, found: str, hint: str) -> None:
    if recorded != found:
        raise ModelError(
            f"session {record.name!r} was made with another model: {what} was "
            f"{_short(recorded)} and is {_short(found)}",
            hint,
        )


def _short(value: str) -> str:
    """A hash by its beginning; anything shorter as it is."""
    return f"{value[:12]}…" if len(value) == 64 else value
