"""The pieces the console is made of: what was typed, remarks, errors, reports of commands.

Each is a widget of its own height; text in them can be selected with the mouse.
"""

from __future__ import annotations

from rich.console import RenderableType
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ...commands.typed import Intention
from ...render.text import visible
from ..text import MUTED, said

_SIGNS = {Intention.GENERATE: "›", Intention.EDIT: "✎", Intention.COMMAND: "/"}


class Block(Vertical):
    """One entry of the console, with a bar of its kind's colour at its left.

    Attributes:
        put_away: Its text stands elsewhere, and it is about to go.
    """

    put_away = False

    DEFAULT_CSS = """
    Block { height: auto; margin: 0 0 1 0; padding: 0 0 0 1; border-left: outer $panel; }
    Block > Static { height: auto; }
    """

    @property
    def done(self) -> bool:
        """Whether nothing happens to it any more."""
        return True


class Echo(Block):
    """What was typed."""

    def __init__(self, line: str, intention: Intention) -> None:
        super().__init__(classes=f"-{intention}")
        self._line = line
        self._sign = _SIGNS.get(intention, "›")

    def compose(self) -> ComposeResult:
        """The line behind the sign of its kind."""
        line = self._line.removeprefix("/") if self._sign == "/" else self._line
        yield Static(Content.assemble((f"{self._sign} ", "bold"), said(line, "bold")))


class Note(Block):
    """A remark of ours: `severity` is "information", "warning" or "error"."""

    def __init__(self, text: str, hint: str = "", severity: str = "information") -> None:
        super().__init__(classes=f"-{severity}")
        self._text = text
        self._hint = hint
        self._severity = severity

    @property
    def text(self) -> str:
        """The remark."""
        return self._text

    def compose(self) -> ComposeResult:
        """The remark, and the way out below it."""
        sign = {"error": "✖ ", "warning": "! "}.get(self._severity, "")
        style = {"error": "$error", "warning": "$warning"}.get(self._severity, MUTED)
        yield Static(Content.assemble((sign, f"bold {style}"), (visible(self._text), style)))
        if self._hint:
            yield Static(Content.styled(visible(self._hint), MUTED))


class Report(Block):
    """What a command gave, as every front end draws it."""

    def __init__(self, renderable: RenderableType) -> None:
        super().__init__(classes="-report")
        self._renderable = renderable

    def compose(self) -> ComposeResult:
        """The rendering."""
        yield Static(self._renderable)
