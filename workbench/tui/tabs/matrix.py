"""Edits by steps: a line an edit, a cell for each step at which it was asked again.

Virtualised, so that ten thousand edits scroll like ten. Colours run from vermilion to blue, which
no colour blindness confuses; the cells' shapes say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from ...render.heat import SHADES, diverging
from ..keymap import bindings_of
from ..pane_keys import MATRIX
from ..side.lines import LineList
from ..text import FAINT, MUTED, said
from .plot import CURSOR, Cell, row_of

if TYPE_CHECKING:
    from ....sessions.watch.retention import Column, Retention

_NUMBER = 6
_MOST_NAME = 24
_MOST_CELL = 8
NEVER = "×"
"""The edit was not in force right after it was made, and isn't now."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell.

    Attributes:
        edit: The edit's step.
        column: The step at which it was asked.
        value: Its score there; None where it was not made yet, or has no such prompts.
        once: Whether it was in force right after it was made; None where it was not made yet.
    """

    edit: int
    column: Column
    value: float | None
    once: bool | None


class MatrixList(LineList):
    """The matrix; the highlight is a line, and in it a cell."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(MATRIX)

    class Pointed(Message):
        """Another cell is under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._edits: list[tuple[int, str]] = []
        self._columns: tuple[Column, ...] = ()
        self._places: list[dict[int, int]] = []
        self._score = ""
        self._column = 0
        self._first = 0

    def show(self, found: Retention, score: str) -> None:
        """Draw a matrix; a cursor at the last column stays at the last."""
        at_end = self._column >= len(self._columns) - 1
        self._edits = [(step, visible_name(s)) for step, s in found.subjects.items()]
        self._columns = found.columns
        self._places = [{step: at for at, step in enumerate(c.steps)} for c in found.columns]
        self._score = score
        last = max(len(self._columns) - 1, 0)
        self._column = last if at_end else min(self._column, last)
        self._keep_in_sight()
        self.changed()

    @property
    def count(self) -> int:
        """A line for each edit."""
        return len(self._edits)

    @property
    def column(self) -> int:
        """The column under the cursor, counted from 0."""
        return self._column

    def spot(self) -> Spot | None:
        """The cell under the cursor."""
        if not self._edits or not self._columns:
            return None
        return self._spot(self._edits[self.highlighted][0], self._column)

    def _spot(self, edit: int, at: int) -> Spot:
        column = self._columns[at]
        place = self._places[at].get(edit)
        if place is None:
            return Spot(edit, column, None, None)
        scores: Sequence[float | None] = column.scores.get(self._score, ())
        value = scores[place] if place < len(scores) else None
        return Spot(edit, column, value, column.succeeded[place])

    # Drawing

    def on_resize(self) -> None:
        """More or fewer columns fit."""
        self._keep_in_sight()
        super().on_resize()

    def _name_width(self) -> int:
        longest = max((cell_len(name) for _, name in self._edits), default=0)
        return min(longest, _MOST_NAME, max(self._width // 3, 8))

    def _cells_at(self) -> int:
        return _NUMBER + 1 + self._name_width() + 1

    def _cell_width(self) -> int:
        room = self._width - self._cells_at()
        return min(max(room // max(len(self._columns), 1), 1), _MOST_CELL)

    def _seen(self) -> range:
        """The columns in sight."""
        room = max((self._width - self._cells_at()) // self._cell_width(), 1)
        return range(self._first, min(self._first + room, len(self._columns)))

    def _keep_in_sight(self) -> None:
        room = max((self._width - self._cells_at()) // self._cell_width(), 1)
        self._first = min(self._first, max(len(self._columns) - room, 0))
        if self._column < self._first:
            self._first = self._column
        elif self._column >= self._first + room:
            self._first = self._column - room + 1

    def line(self, index: int, width: int) -> Content:
        """One edit."""
        step, name = self._edits[index]
        label = said(name, width=self._name_width())
        cells = [self._cell(step, at, index == self.highlighted) for at in self._seen()]
        return Content.assemble(
            (f"{step:>{_NUMBER},} ", MUTED),
            label.pad_right(self._name_width() - label.cell_length + 1),
            row_of(cells),
        )

    def _cell(self, step: int, at: int, here: bool) -> Cell:
        spot, width = self._spot(step, at), self._cell_width()
        if spot.value is None:
            char, style = " ", ""
        elif spot.value == 0 and spot.once is False:
            char, style = NEVER, FAINT
        else:
            char = SHADES[round(spot.value * (len(SHADES) - 1))]
            style = diverging(spot.value)
        text = char * width if char in SHADES[1:] else char.center(width)
        if at == self._column:
            style = f"{style} {'reverse' if here else CURSOR}".strip()
        return text, style

    def head(self) -> Content:
        """The steps of the columns, where there is room for their numbers."""
        at, width = self._cells_at(), self._cell_width()
        line, end = [" "] * max(self._width, 1), 0
        for place, column in enumerate(self._seen()):
            text = f"{self._columns[column].step:,}"
            x = min(at + place * width, len(line) - len(text))
            if x >= end and x >= 0:
                line[x : x + len(text)] = text
                end = x + len(text) + 1
        text = "".join(line)
        return Content.assemble((f"{'edit':>{_NUMBER}}", FAINT), (text[_NUMBER:], MUTED))

    # Moving about

    def action_column(self, by: int) -> None:
        """A column to the left or to the right."""
        self.point(self._column + by)

    def point(self, column: int) -> None:
        """Put the cursor in a column."""
        self._column = min(max(column, 0), max(len(self._columns) - 1, 0))
        self._keep_in_sight()
        self._strips.clear()
        self.refresh()
        self.post_message(self.Pointed())

    def watch_highlighted(self, before: int, after: int) -> None:
        """The cell under the cursor is another."""
        self._strips.clear()
        super().watch_highlighted(before, after)
        self.post_message(self.Pointed())

    def on_click(self, event: events.Click) -> None:
        """A click points at a cell; a second one goes to its step."""
        offset = event.get_content_offset(self)
        index = self.index_at(event)
        if offset is None or not 0 <= index < self.count:
            return
        column = self._first + (offset.x - self._cells_at()) // self._cell_width()
        same = index == self.highlighted and column == self._column
        if column in self._seen():
            self.point(column)
        self.highlighted = index
        if event.chain > 1 and same:
            self.action_choose()


def visible_name(subject: str) -> str:
    """A subject on one line."""
    return said(subject).plain
