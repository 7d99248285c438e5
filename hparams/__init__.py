"""Hyperparameters of an edit: their schema, the presets that ship, and reading them from files.

Imports nothing of romebench but its errors.
"""

from .presets import load_preset, preset_for, preset_names
from .schema import FactToken, Hparams, read_hparams, rule_of_flags

__all__ = [
    "FactToken",
    "Hparams",
    "load_preset",
    "preset_for",
    "preset_names",
    "read_hparams",
    "rule_of_flags",
]
