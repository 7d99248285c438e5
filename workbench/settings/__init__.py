"""Settings: what a user wants unless a command line says otherwise.

They come, nearest first, from `ROMEBENCH_*` variables, the file that `--config` or
`ROMEBENCH_CONFIG` names, `romebench.toml` in the working folder, the user's own file, and what is
built in. Knows no front end, no session and no model. Importing it reads nothing.
"""

from __future__ import annotations

from .layers import CONFIG_VARIABLE, Layer, Source, discover, load_settings, settings_of
from .schema import SECTIONS, SETTINGS, EditingMode, Pager, Setting, setting
from .values import Settings

__all__ = [
    "CONFIG_VARIABLE",
    "SECTIONS",
    "SETTINGS",
    "EditingMode",
    "Layer",
    "Pager",
    "Setting",
    "Settings",
    "Source",
    "discover",
    "load_settings",
    "setting",
    "settings_of",
]
