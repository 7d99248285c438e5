"""What `doctor` looks at: versions, devices, the embedded model, the store."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import RomebenchError
from .results import Check

if TYPE_CHECKING:
    from ..paths import Paths

_PACKAGES = ("torch", "transformers", "safetensors", "numpy", "sqlalchemy", "textual", "click")
_ROOM_BYTES = 100_000_000


def checks(paths: Paths) -> Iterator[Check]:
    """Every finding, one after the other."""
    yield _versions()
    yield from _packages()
    yield from _devices()
    yield _pocket()
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
    steps = sum(line.steps for line in sessions)
    return Check("store", "ok", f"{path}: {len(sessions)} sessions, {steps} steps")
