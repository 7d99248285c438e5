"""What `doctor` looks at: versions, devices, memory, the embedded model, settings, the store."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import RomebenchError, SettingsError
from .results import Check

if TYPE_CHECKING:
    from ..paths import Paths

_PACKAGES = ("torch", "transformers", "safetensors", "numpy", "sqlalchemy", "textual", "click")
_ROOM_BYTES = 100_000_000
_READ_THROUGH_BYTES = 1_000_000_000


def checks(paths: Paths, config: str | None = None) -> Iterator[Check]:
    """Every finding, one after the other.

    Args:
        config: The settings file that `--config` names.
    """
    yield _versions()
    yield from _packages()
    yield from _devices()
    yield _memory()
    yield _pocket()
    yield _settings(paths, config)
    yield _room(paths.data)
    yield _store(paths.store)


def _versions() -> Check:
    from ... import __version__

    system = f"{platform.system()} {platform.machine()}"
    return Check("romebench", "ok", f"{__version__}, Python {platform.python_version()}, {system}")


def _packages() -> Iterator[Check]:
    for name in _PACKAGES:
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, "fail", "not installed")


def _devices() -> Iterator[Check]:
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Check("devices", "fail", f"torch can't be imported: {error}")
        return
    yield Check("cpu", "ok", f"{os.cpu_count()} cores, {torch.get_num_threads()} torch threads")
    if not torch.cuda.is_available():
        yield Check("cuda", "warn", "no CUDA device: large models will be slow")
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        name = torch.cuda.get_device_name(index)
        yield Check(f"cuda:{index}", "ok", f"{name}, {free / 1e9:.1f} of {total / 1e9:.1f} GB free")


def _memory() -> Check:
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return Check("memory", "ok", "this system does not tell")
    return Check("memory", "ok", f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free")


def _settings(paths: Paths, config: str | None) -> Check:
    from ..settings.layers import discover, unknown_variables

    try:
        layers = discover(paths, config)
    except SettingsError as error:
        return Check("settings", "fail", f"{error.message} ({error.hint})")
    unknown = unknown_variables(os.environ)
    if unknown:
        return Check("settings", "warn", f"{', '.join(unknown)}: no such setting")
    named = ", ".join(str(layer.path) for layer in layers if layer.path is not None)
    return Check("settings", "ok", named or "no file; what is built in counts")


def _pocket() -> Check:
    from ...engine.pocket import model_path

    path = Path(str(model_path()))
    whole = (path / "model.safetensors").is_file()
    return Check("pocket model", "ok" if whole else "fail", str(path))


def _room(folder: Path) -> Check:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    return Check("disk", "ok" if free > _ROOM_BYTES else "warn", f"{free / 1e9:.1f} GB free")


def _store(path: Path) -> Check:
    if not path.exists():
        return Check("store", "ok", f"{path} (the first edit makes it)")
    from ...store.database import Database
    from ...store.repository import Repository

    try:
        with Database.open(path, read_only=True) as database:
            sessions = Repository(database).sessions()
    except RomebenchError as error:
        return Check("store", "fail", f"{error.message} ({error.hint})")
    damage = _damage(path)
    if damage:
        return Check("store", "fail", f"{path}: {damage} (restore a copy, or import an export)")
    steps = sum(line.steps for line in sessions)
    return Check("store", "ok", f"{path}: {len(sessions)} sessions, {steps} steps")


def _damage(path: Path) -> str:
    """What SQLite finds wrong with its file; one too large to be read through is taken as it is."""
    import sqlite3
    from contextlib import closing

    if path.stat().st_size > _READ_THROUGH_BYTES:
        return ""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as store:
            (found,) = store.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else str(found).splitlines()[-1]
