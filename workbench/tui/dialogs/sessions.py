"""The home screen: the sessions of the store, the last used first; open, make, rename, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Button, Static

from ..keymap import bindings_of
from ..pane_keys import SESSIONS
from ..side.lines import LineList
from ..text import FAINT, MUTED, said, verdict_content
from .base import Dialog

if TYPE_CHECKING:
    from ....store.records import SessionSummary

_NAME, _MODEL, _RULE, _STEPS = 20, 14, 10, 6
_WIDE = 74
"""Width from which the model has a column of its own."""


class Wish(StrEnum):
    """What is to be done with a session."""

    OPEN = "open"
    NEW = "new"
    RENAME = "rename"
    DELETE = "delete"


class SessionList(LineList):
    """A line for each session."""

    def __init__(self) -> None:
        super().__init__(id="sessions-list")
        self._sessions: Sequence[SessionSummary] = ()
        self._current = ""

    @property
    def count(self) -> int:
        """One line for each session."""
        return len(self._sessions)

    @property
    def name_at_highlight(self) -> str | None:
        """The highlighted session; None in an empty store."""
        return self._sessions[self.highlighted].name if self.count else None

    def show(self, sessions: Sequence[SessionSummary], current: str) -> None:
        """Draw sessions; `current` is the open one."""
        self._sessions = sessions
        self._current = current
        self.changed()

    def line(self, index: int, width: int) -> Content:
        """Name, model, rule, steps, verdict, and when it was used."""
        session = self._sessions[index]
        here = session.name == self._current
        model = _cell(session.model, _MODEL, MUTED) if width >= _WIDE else Content("")
        verdict = (
            verdict_content(session.verdict)
            if session.verdict
            else Content.styled("at the base", FAINT)
        )
        return Content.assemble(
            ("@ " if here else "  ", "$accent bold"),
            _cell(session.name, _NAME, "bold" if here else ""),
            model,
            _cell(session.rule, _RULE, "$secondary"),
            f"{session.steps:>{_STEPS},}  ",
            verdict.truncate(15, pad=True),
            (session.used_at.replace("T", " ")[0 if width >= _WIDE else 5 : 16], FAINT),
        )


def _cell(text: str, width: int, style: str) -> Content:
    return said(text, style, width=width - 1).truncate(width, pad=True)


class SessionsDialog(Dialog[None]):
    """The list, with keys and buttons for what can be done.

    Args:
        sessions: What there is.
        current: The open one.
        wish: Told what is to be done with which session.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SESSIONS)

    title_text = "Sessions"

    def __init__(
        self,
        sessions: Sequence[SessionSummary],
        current: str,
        wish: Callable[[Wish, str], object],
    ) -> None:
        super().__init__(id="sessions")
        self._sessions = sessions
        self._current = current
        self._wish = wish
        self._list = SessionList()

    def body(self) -> ComposeResult:
        """A heading and the list."""
        yield Static(
            Content.assemble(
                ("Enter", "bold $accent"), (" opens, ", MUTED),
                ("n", "bold $accent"), (" makes one, ", MUTED),
                ("r", "bold $accent"), (" renames, ", MUTED),
                ("d", "bold $accent"), (" deletes, ", MUTED),
                ("esc", "bold $accent"), (f" goes on in {self._current}", MUTED),
            ),
            classes="summary",
        )  # fmt: skip
        yield self._list

    def buttons(self) -> ComposeResult:
        """The same by mouse."""
        yield Button("Open", id="open", variant="primary", compact=True)
        yield Button("New…", id="new", compact=True)
        yield Button("Rename…", id="rename", compact=True)
        yield Button("Delete…", id="delete", variant="error", compact=True)
        yield Button("Close", id="close", compact=True)

    def on_mount(self) -> None:
        """Begin in the list, at the open session."""
        self.show(self._sessions, self._current)
        self._list.focus()

    def show(self, sessions: Sequence[SessionSummary], current: str) -> None:
        """Draw the list again: something was renamed or deleted."""
        self._sessions, self._current = sessions, current
        self._list.styles.height = max(min(len(sessions), 12), 1)
        self._list.show(sessions, current)

    @on(LineList.Chosen, "#sessions-list")
    def _chosen(self, message: LineList.Chosen) -> None:
        message.stop()
        self.action_wish(Wish.OPEN)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button stands for its key."""
        event.stop()
        if event.button.id == "close":
            self.action_close()
        else:
            self.action_wish(str(event.button.id))

    def action_wish(self, wish: str) -> None:
        """Tell what is wanted; opening and making end the dialog."""
        name = self._list.name_at_highlight
        wanted = Wish(wish)
        if wanted in (Wish.OPEN, Wish.NEW):
            self.dismiss(None)
        if name is not None or wanted is Wish.NEW:
            self._wish(wanted, name or "")
