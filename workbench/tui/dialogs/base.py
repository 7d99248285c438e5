"""What all dialogs share: a framed box with a title, buttons, and esc to close."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button

T = TypeVar("T")


class Dialog(ModalScreen[T | None]):
    """A modal box. Dismissed with None when it is closed without an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "close")]

    title_text = ""
    """What stands in the frame."""

    def compose(self) -> ComposeResult:
        """The frame, the body and the buttons."""
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self.title_text)
            with VerticalScroll(classes="dialog-body", can_focus=False):
                yield from self.body()
            with Horizontal(classes="dialog-buttons"):
                yield from self.buttons()

    def body(self) -> ComposeResult:
        """What the box holds."""
        yield from ()

    def buttons(self) -> ComposeResult:
        """Buttons, the usual one first."""
        yield Button("Close", id="close", variant="primary", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Every dialog's close button closes it."""
        if event.button.id == "close":
            event.stop()
            self.action_close()

    def action_close(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def fails(self, widget: Widget, message: str) -> None:
        """Mark a field that is off."""
        widget.tooltip = Content(message) if message else None
        widget.set_class(bool(message), "-invalid")
