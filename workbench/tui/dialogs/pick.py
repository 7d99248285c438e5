"""Some of many, by ticking them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button, SelectionList
from textual.widgets.selection_list import Selection

from .base import Dialog


class PickDialog(Dialog[tuple[str, ...]]):
    """A list with ticks.

    Args:
        title: What is chosen.
        rows: Value and text of each.
        chosen: The values that are ticked already.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "take these", priority=True),
    ]

    def __init__(
        self, title: str, rows: Sequence[tuple[str, str]], chosen: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.title_text = title
        self._rows = rows
        self._chosen = frozenset(chosen)

    def body(self) -> ComposeResult:
        """The list."""
        yield SelectionList(
            *(Selection(Content(text), value, value in self._chosen) for value, text in self._rows),
            compact=True,
        )

    def buttons(self) -> ComposeResult:
        """Take or leave."""
        yield Button("Take", id="take", variant="primary", compact=True)
        yield Button("Cancel", id="close", compact=True)

    def on_mount(self) -> None:
        """Begin in the list."""
        self.query_one(SelectionList).focus()

    @on(Button.Pressed, "#take")
    def action_take(self) -> None:
        """Answer with what is ticked, in the order of the list."""
        ticked = set(self.query_one(SelectionList).selected)
        self.dismiss(tuple(value for value, _ in self._rows if value in ticked))
