"""Hyperparameters of an edit: their schema, the presets that ship, and reading them from files.

Imports nothing of romebench but its errors.
"""

from .presets import default_hparams, load_preset, preset_for, preset_names, preset_source
from .schema import FactToken, Hparams, read_hparams, rule_of_flags

__all__ = [
    "FactToken",
    "Hparams",
    "default_hparams",
    "load_preset",
    "preset_for",
    "preset_names",
    "preset_source",
    "read_hparams",
    "rule_of_flags",
]
