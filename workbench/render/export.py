"""Inspections as files: CSV for the figures, a picture by matplotlib where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError

if TYPE_CHECKING:
    from ..commands.inspected import Inspected

PICTURES = (".png", ".svg", ".pdf")


def check_paths(table: str | None, picture: str | None, *, force: bool) -> tuple[str, ...]:
    """The files that will be written.

    Raises:
        UsageError: One exists already, is of no kind that can be drawn, or matplotlib is missing.
    """
    if picture is not None:
        if Path(picture).suffix.lower() not in PICTURES:
            raise UsageError(f"{picture!r} is no picture file", f"end it in {', '.join(PICTURES)}")
        from .plots import require_matplotlib

        require_matplotlib()
    paths = tuple(path for path in (table, picture) if path is not None)
    for path in paths:
        if Path(path).exists() and not force:
            raise UsageError(f"there is a file {path} already", "--force writes over it")
    return paths


def write_files(result: Inspected, table: str | None, picture: str | None, *, force: bool) -> None:
    """Write what was asked for.

    Raises:
        UsageError: A path can't be written.
        StoreError: The disk is full.
    """
    from ...sessions.files import whole_file
    from ..commands.results import csv_text

    if table is not None:
        with whole_file(Path(table), force=force) as file:
            file.write(csv_text(result).encode())
    if picture is not None:
        from .plots import draw

        data = draw(result, Path(picture).suffix.lower().removeprefix("."))
        with whole_file(Path(picture), force=force) as file:
            file.write(data)
