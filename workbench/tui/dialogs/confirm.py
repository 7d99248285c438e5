"""A question before something is destroyed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button, Static

from ...render.text import visible
from .base import Dialog


class ConfirmDialog(Dialog[bool]):
    """Yes or no; no is what Enter means.

    Args:
        question: What is asked; it names what would go.
        yes: What the button says that does it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n", "answer(False)", "no"),
    ]

    title_text = "Are you sure?"

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self._question = question
        self._yes = yes

    def body(self) -> ComposeResult:
        """The question."""
        yield Static(Content(visible(self._question)))

    def buttons(self) -> ComposeResult:
        """No comes first and has the focus."""
        yield Button("No", id="no", variant="primary", compact=True)
        yield Button(Content(self._yes), id="yes", variant="error", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The answer."""
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """The answer by key."""
        self.dismiss(yes)
