"""Example sessions that come with romebench: exports, to be imported by name.

Importing this package costs nothing.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def example_names() -> tuple[str, ...]:
    """The names of the examples."""
    return tuple(sorted(path.stem for path in _folder().glob("*.jsonl")))


def example_path(name: str) -> Path | None:
    """The export of an example; None where there is none of that name."""
    return _folder() / f"{name}.jsonl" if name in example_names() else None


def _folder() -> Path:
    return Path(str(files(__package__)))
