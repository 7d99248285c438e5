"""What live state and the file system have to offer where a value is typed.

Reads the store and folders, never the model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .known import Offers, layers

if TYPE_CHECKING:
    from ..bench import Bench


def sessions(bench: Bench) -> Offers:
    """Names of the store's sessions."""
    for line in bench.repository.sessions():
        yield line.name, f"{line.model}, {line.steps} steps"


def _branches(bench: Bench) -> Offers:
    if bench.name is None:
        return
    for branch in bench.session(write=False).branches():
        yield branch.name, f"tip {branch.tip}"


def _steps(bench: Bench) -> Offers:
    if bench.name is None:
        return
    for line in reversed(bench.session(write=False).lines()):
        yield str(line.step), f"{line.subject} → {line.target_new.strip()}"


def _refs(bench: Bench) -> Offers:
    yield from _branches(bench)
    yield "base", "the unedited model"
    yield from _steps(bench)


def _presets(_: Bench) -> Offers:
    from ...hparams import preset_names

    return ((name, "preset") for name in preset_names())


def _settings(_: Bench) -> Offers:
    from ..settings import SETTINGS

    for each in SETTINGS:
        yield each.name, each.about
    for each in SETTINGS:
        yield each.key, each.about


def values_of(name: str) -> Offers:
    """The values a setting may have."""
    from ..settings import setting

    found = setting(name)
    if found is None:
        return
    switch = ("true", "false") if found.kind is bool else ()
    for choice in found.choices or switch:
        yield choice, ""


FILE, FOLDER = "file", "folder"
"""What is said beside them."""

SOURCES: dict[str, Callable[[Bench], Offers]] = {
    "layer": layers,
    "session": sessions,
    "branch": _branches,
    "step": _steps,
    "ref": _refs,
    "preset": _presets,
    "model": _presets,
    "setting": _settings,
}
"""Where the values come from, by what completes a parameter."""


def files(prefix: str) -> Offers:
    """Files and folders that begin with `prefix`, hidden ones only where asked for."""
    folder, slash, stem = prefix.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(stem) and (stem.startswith(".") or not entry.name.startswith(".")):
            ending, about = ("/", FOLDER) if entry.is_dir() else ("", FILE)
            yield folder + slash + entry.name + ending, about
