"""What a command prints: a table to read, JSON or CSV, and text as the model writes it.

Standard output is data and nothing else. A reader that goes away (`| head`) ends the output, not
the command.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..commands.common import Format
from ..commands.context import Chunk, Side
from ..commands.results import Result, StepBrief, Written, csv_text
from ..render.text import visible
from . import diagnostics

if TYPE_CHECKING:
    from rich.console import RenderableType

    from .progress import Bars


def wants_color(choice: str, *, tty: bool) -> bool:
    """Whether to colour: "always", "never", or on a terminal without NO_COLOR."""
    if choice != "auto":
        return choice == "always"
    return tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Output:
    """What one command prints, on standard output or into a file.

    Args:
        form: A table to read; or one JSON object, or rows of CSV, and nothing before them.
        color: "auto", "always" or "never".
        bars: Taken away before anything is printed.
        labels: Say above each text which weights write it.
        path: The file it goes to, whole or not at all; None for standard output.
        overwrite: That file may exist.

    Raises:
        UsageError: The file can't be written, as far as can be told before.
    """

    def __init__(
        self,
        *,
        form: Format,
        color: str,
        bars: Bars,
        labels: bool = False,
        path: Path | None = None,
        overwrite: bool = False,
    ) -> None:
        self._form = form
        self._color = color
        self._bars = bars
        self._labels = labels
        self._path = path
        self._overwrite = overwrite
        self._held: list[str] = []
        self._closed = False
        self._side: Side | None = None
        if path is not None:
            _check_free(path, overwrite=overwrite)

    def emit(self, event: Chunk | StepBrief) -> None:
        """Print what a running command reports."""
        if self._form is not Format.TABLE:
            return
        self._bars.hide()
        if isinstance(event, StepBrief):
            from ..render import render_step_line

            self._render(render_step_line(event))
        else:
            self._stream(event)
        self.flush()

    def _stream(self, chunk: Chunk) -> None:
        if chunk.prompt:
            if self._side is not None:
                self._write("\n")
            if self._labels:
                self._write(f"{SIDE_NAMES[chunk.side]}\n")
            self._side = chunk.side
        self._write(visible(chunk.text))

    def note(self, text: str) -> None:
        """Tell standard error a remark that is not data."""
        self._bars.hide()
        diagnostics.note(text)

    def result(self, result: Result) -> None:
        """Print the outcome; a file is written now.

        Raises:
            UsageError: It is no table and CSV was asked for; the file can't be written.
            StoreError: The disk is full.
        """
        self._bars.hide()
        self._outcome(result)
        self.flush()
        if self._path is not None:
            self._keep(self._path)

    def _outcome(self, result: Result) -> None:
        if self._form is Format.JSON:
            self._write(json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False) + "\n")
        elif self._form is Format.CSV:
            self._write(csv_text(result))
        elif isinstance(result, Written) and self._side is not None:
            self._write("\n")
        elif result.verbatim is not None:
            self._write(result.verbatim)
        else:
            from ..render import render

            self._render(render(result))

    def _keep(self, path: Path) -> None:
        from ...sessions.files import whole_file

        with whole_file(path, force=self._overwrite) as file:
            file.write("".join(self._held).encode())
        self.note(f"wrote {path}")

    def abandon(self) -> None:
        """End a line that was begun before the command failed; no file is written."""
        self._bars.hide()
        if self._side is not None:
            self._write("\n")
        self.flush()

    def flush(self) -> None:
        """Hand over what is buffered."""
        if self._path is None:
            self._guard(sys.stdout.flush)

    def _write(self, text: str) -> None:
        if self._path is not None:
            self._held.append(text)
        else:
            self._guard(lambda: sys.stdout.write(text))

    def _guard(self, act: Callable[[], object]) -> None:
        """Do something to standard output until its reader goes away."""
        if self._closed:
            return
        try:
            act()
        except BrokenPipeError:
            self._closed = True
            # The interpreter flushes standard output once more on its way out.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _render(self, renderable: RenderableType) -> None:
        tty = self._path is None and sys.stdout.isatty()
        self._write(to_text(renderable, color=self._color, tty=tty))


def _check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that could not be written, before any work is done.

    Raises:
        UsageError: It is there already, is a folder, or its folder isn't there.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file in it")
    if path.exists() and not overwrite:
        raise UsageError(f"there is a file {path} already", "--force writes over it")
    if not path.parent.is_dir():
        raise UsageError(f"can't write {path}: there is no folder {path.parent}", "make it first")


def to_text(renderable: RenderableType, *, color: str, tty: bool) -> str:
    """A renderable as it is written out; wide where it goes to no terminal."""
    from rich.console import Console
    from rich.text import Text

    colored = wants_color(color, tty=tty)
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=colored,
        color_system="standard" if colored else None,
        width=None if tty or "COLUMNS" in os.environ else _UNFOLDED,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    # rich forgets that a text of its own must not fold (CSV, LaTeX) unless it is told again.
    raw = isinstance(renderable, Text) and bool(renderable.no_wrap)
    console.print(renderable, soft_wrap=raw, end="" if raw else "\n")
    return "".join(line.rstrip(" ") + "\n" for line in buffer.getvalue().splitlines())


_UNFOLDED = 400
"""Columns where standard output is no terminal: nothing is cut for a screen that isn't there."""

SIDE_NAMES: dict[Side, str] = {"base": "base:", "cursor": "edited:"}
