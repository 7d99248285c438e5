"""The bottom of the screen: help while typing, what runs, and the input line with its sign."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from .assist import Assist
from .input_line import InputLine, intention_of
from .menu import CompletionMenu
from .status_line import StatusLine
from .typed_lines import TypedLines

_SIGNS = {"edit": "✎", "command": "/"}


class Bottom(Vertical):
    """Keeps its parts in step with what is typed.

    Args:
        typed: What was typed before.
    """

    def __init__(self, typed: TypedLines) -> None:
        super().__init__(id="bottom")
        self._menu = CompletionMenu(id="menu")
        self._line = InputLine(typed, self._menu)

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Assist(self._menu)
        yield StatusLine()
        with Horizontal(id="line-row"):
            yield Static("›", id="sign")
            yield self._line

    @on(Input.Changed, "#line")
    def _line_changed(self, message: Input.Changed) -> None:
        self.query_one(Assist).typed(message.value)
        kind = intention_of(message.value)
        sign = self.query_one("#sign", Static)
        sign.update(_SIGNS.get(kind, "›"), layout=False)
        for each in _SIGNS:
            sign.set_class(kind == each, f"-{each}")

    @on(CompletionMenu.Picked)
    def _picked(self, message: CompletionMenu.Picked) -> None:
        self._line.take(message.candidate)
        self._line.focus()
