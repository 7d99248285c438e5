"""Where settings come from, and which of several values counts: the nearest.

Nearest first: `ROMEBENCH_*` variables; the file `--config` or `ROMEBENCH_CONFIG` names;
`romebench.toml` in the working folder; the user's file. Reads files, writes none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..paths import Paths
from .reading import Said, checked_value, read_settings
from .schema import KEYS, SETTINGS, EditingMode, Pager, Setting
from .values import Settings

CONFIG_VARIABLE = "ROMEBENCH_CONFIG"
NO_FILES = "none"
"""What `--config` says for reading no file at all."""

PROJECT_FILE = "romebench.toml"
USER_FILE = "config.toml"


class Source(StrEnum):
    """Who says a value, nearest first."""

    ENVIRONMENT = "environment"
    CHOSEN = "--config"
    PROJECT = "project"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says.

    Attributes:
        path: The file; None for the environment.
        said: Values by full name, "session.model".
    """

    source: Source
    path: Path | None
    said: Mapping[str, Said]

    def place(self, found: Setting) -> str:
        """Where it says a setting: the variable, or file and line."""
        if self.path is None:
            return found.variable
        line = self.said[found.key].line
        return str(self.path) if line is None else f"{self.path}:{line}"


def files(
    paths: Paths,
    chosen: str | None = None,
    folder: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[tuple[Source, Path], ...]:
    """The files that are looked at, nearest first, whether they exist or not.

    Args:
        chosen: What `--config` says.
        folder: The working folder; None for this process's.
    """
    named = chosen or environ.get(CONFIG_VARIABLE, "").strip()
    if named == NO_FILES:
        return ()
    here = Path.cwd() if folder is None else folder
    found = [(Source.PROJECT, project_file(here)), (Source.USER, user_file(paths))]
    if named:
        found.insert(0, (Source.CHOSEN, here / Path(named).expanduser()))
    return tuple(found)


def project_file(folder: Path | None = None) -> Path:
    """The settings file of the working folder."""
    return (Path.cwd() if folder is None else folder) / PROJECT_FILE


def user_file(paths: Paths) -> Path:
    """The user's own settings file."""
    return paths.config / USER_FILE


def discover(
    paths: Paths,
    chosen: str | None = None,
    folder: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Layer, ...]:
    """Everything that says something, nearest first.

    Args:
        chosen: What `--config` says.
        folder: The working folder; None for this process's.

    Raises:
        SettingsError: A file or a variable is off, or the file that was named isn't there.
    """
    layers = [Layer(Source.ENVIRONMENT, None, from_environment(environ))]
    for source, path in files(paths, chosen, folder, environ):
        if source is Source.CHOSEN or path.is_file():
            layers.append(Layer(source, path, read_settings(path)))
    return tuple(layers)


def from_environment(environ: Mapping[str, str]) -> dict[str, Said]:
    """What the variables say; one that is empty says nothing.

    Raises:
        SettingsError: A value is one the setting may not have.
    """
    found: dict[str, Said] = {}
    for each in SETTINGS:
        text = environ.get(each.variable, "").strip()
        if text:
            found[each.key] = Said(checked_value(each, typed(each, text), each.variable))
    return found


_SWITCHES = {"1": True, "true": True, "yes": True, "on": True}
_SWITCHES |= {"0": False, "false": False, "no": False, "off": False}


def typed(found: Setting, text: str) -> str | int | float | bool:
    """A text that was typed, as the setting's kind where it reads as one; else the text."""
    if found.kind is bool:
        return _SWITCHES.get(text.lower(), text)
    if found.kind is str:
        return text
    try:
        number: int | float = found.kind(text)
    except ValueError:
        return text
    return number


def settings_of(layers: Iterable[Layer]) -> Settings:
    """The values that count, of layers given nearest first."""
    values: dict[str, Any] = {}
    keys: dict[str, str] = {}
    for layer in layers:
        for key, said in layer.said.items():
            section, _, name = key.partition(".")
            if section == KEYS:
                keys.setdefault(name, str(said.value))
            else:
                values.setdefault(name, said.value)
    if "editing_mode" in values:
        values["editing_mode"] = EditingMode(values["editing_mode"])
    if "pager" in values:
        values["pager"] = Pager(values["pager"])
    return Settings(**values, keys=MappingProxyType(keys))


def load_settings(
    paths: Paths,
    chosen: str | None = None,
    folder: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings that count here.

    Args:
        chosen: What `--config` says.
        folder: The working folder; None for this process's.

    Raises:
        SettingsError: A file or a variable is off.
    """
    return settings_of(discover(paths, chosen, folder, environ))


def unknown_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """`ROMEBENCH_` variables that no setting has: most likely misspelt."""
    known = {each.variable for each in SETTINGS} | {CONFIG_VARIABLE, "ROMEBENCH_HOME"}
    return tuple(sorted(n for n in environ if n.startswith("ROMEBENCH_") and n not in known))
