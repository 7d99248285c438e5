"""Standard output: results as something to read or as JSON, and text as the model writes it.

Standard output is data and nothing else. A reader that goes away (`| head`) ends the output, not
the command.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..commands.context import Chunk, Side
from ..commands.results import Result, StepBrief, Written
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
    """What one command prints.

    Args:
        as_json: One JSON object, and nothing before it.
        color: "auto", "always" or "never".
        bars: Taken away before anything is printed.
        labels: Say above each text which weights write it.
    """

    def __init__(self, *, as_json: bool, color: str, bars: Bars, labels: bool = False) -> None:
        self._json = as_json
        self._color = color
        self._bars = bars
        self._labels = labels
        self._closed = False
        self._side: Side | None = None

    def emit(self, event: Chunk | StepBrief) -> None:
        """Print what a running command reports."""
        if self._json:
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
        """Print the outcome."""
        self._bars.hide()
        if self._json:
            self._write(json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False) + "\n")
        elif isinstance(result, Written) and self._side is not None:
            self._write("\n")
        else:
            from ..render import render

            self._render(render(result))
        self.flush()

    def abandon(self) -> None:
        """End a line that was begun before the command failed."""
        self._bars.hide()
        if self._side is not None:
            self._write("\n")
        self.flush()

    def flush(self) -> None:
        """Hand over what is buffered."""
        self._guard(sys.stdout.flush)

    def _write(self, text: str) -> None:
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
        self._write(to_text(renderable, color=self._color))


def to_text(renderable: RenderableType, *, color: str) -> str:
    """A renderable as it is written to standard output; wide where nobody folds lines."""
    from rich.console import Console
    from rich.text import Text

    tty = sys.stdout.isatty()
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
