"""A pane that is a page of text: it scrolls by the keys that lists have."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll

from ..keymap import PAGES, bindings_of


class Page(VerticalScroll, can_focus=True):
    """A scrolled page that takes the focus."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(PAGES)

    def action_half(self, direction: int) -> None:
        """Scroll half a page."""
        self.scroll_relative(y=direction * max(self.size.height // 2, 1), animate=False)
