"""The menu of completions above the input line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from ..text import FAINT, MUTED, said

if TYPE_CHECKING:
    from ...commands.complete import Candidate

ROWS = 8
"""Candidates in sight at a time."""


class CompletionMenu(Static):
    """Candidates, one a line; none is chosen until the user goes down into the menu."""

    chosen: reactive[int] = reactive(-1)
    """Index of the chosen candidate; -1 for none."""

    @dataclass
    class Picked(Message):
        """A candidate was clicked."""

        candidate: Candidate

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._found: list[Candidate] = []
        self._top = 0
        self.display = False

    @property
    def is_open(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self._found)

    @property
    def candidate(self) -> Candidate | None:
        """The chosen candidate."""
        return self._found[self.chosen] if 0 <= self.chosen < len(self._found) else None

    def offer(self, found: list[Candidate]) -> None:
        """Show candidates; none closes the menu."""
        if not found and not self._found:
            return  # Most keys: nothing to lay out again.
        self._found = found
        self._top = 0
        self.chosen = -1
        self.display = bool(found)
        self._draw()

    def move(self, by: int) -> bool:
        """Go down or up; going up from the first leaves the menu. Whether the key was used."""
        if not self._found or (by < 0 and self.chosen < 0):
            return False
        self.chosen = min(self.chosen + by, len(self._found) - 1)
        return True

    def cycle(self) -> None:
        """Go down, and from the last to the first."""
        self.chosen = (self.chosen + 1) % len(self._found)

    def watch_chosen(self) -> None:
        """Keep the chosen one in sight."""
        if self.chosen >= 0:
            self._top = min(max(self._top, self.chosen - ROWS + 1), self.chosen)
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Take the candidate under the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 <= self._top + offset.y < len(self._found):
            self.post_message(self.Picked(self._found[self._top + offset.y]))

    def _draw(self) -> None:
        shown = self._found[self._top : self._top + ROWS]
        width = max((len(candidate.text) for candidate in self._found), default=0)
        lines = [self._line(self._top + i, each, min(width, 40)) for i, each in enumerate(shown)]
        more = len(self._found) - self._top - len(shown)
        if more > 0:
            lines[-1] = Content.assemble(lines[-1], (f"   {more} more ↓", FAINT))
        self.update(Content("\n").join(lines))

    def _line(self, index: int, candidate: Candidate, width: int) -> Content:
        text = said(candidate.text, width=40).plain
        style = "bold $accent reverse" if index == self.chosen else "bold"
        return Content.assemble((f" {text:<{width}} ", style), "  ", said(candidate.about, MUTED))
