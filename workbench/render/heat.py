"""Heat maps in the terminal: a line for each row with its label, two cells to a character.

Knows no model: it takes numbers and labels. Colours run from dark to one hue; where there is no
colour, shades of ink stand for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.text import Text

from .text import visible

_DARK = (32, 32, 40)
HUES = {"states": (188, 140, 255), "mlp": (110, 231, 135), "attn": (255, 123, 114)}
"""The published colours of the three kinds: purples, greens, reds."""

_SHADES = " ░▒▓█"

SHADES = "·░▒▓█"
"""A share from none to all, where none has to be seen too."""

_NONE, _HALF, _ALL = (213, 94, 0), (150, 150, 150), (62, 155, 212)
"""Vermilion to blue: told apart by every kind of colour vision."""

_LABEL_WIDTH = 24
_MOST_CELL = 4


@dataclass(frozen=True)
class HeatMap:
    """A matrix as colours.

    Attributes:
        labels: One a row.
        rows: Numbers, as many in each; NaN is left dark.
        low: What is darkest.
        high: What is brightest.
        hue: The brightest colour.
        marked: Rows whose label stands out.
        axis: What the columns are; their numbers go beneath.
        columns: Their names; counted from 0 where there are none.
    """

    labels: Sequence[str]
    rows: Sequence[Sequence[float]]
    low: float
    high: float
    hue: tuple[int, int, int] = HUES["states"]
    marked: frozenset[int] = frozenset()
    axis: str = "layer"
    columns: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines for a console, in colour where it has any."""
        plain = console.no_color or console.color_system is None
        yield from self.lines(options.max_width, plain=plain)

    def lines(self, width: int, *, plain: bool = False) -> Iterable[Text]:
        """The map in at most `width` characters a line, with the axis beneath."""
        count = max((len(row) for row in self.rows), default=0)
        if not count:
            return
        room = min(_LABEL_WIDTH, max(cell_len(visible(x, one_line=True)) for x in self.labels))
        halves = self._halves(width - room - 2, count, plain)
        for index, (label, row) in enumerate(zip(self.labels, self.rows, strict=True)):
            text = Text(_fit(label, room) + "  ", style="bold" if index in self.marked else "")
            text.append_text(self._cells(row, halves, plain))
            yield text
        yield from self._axis(room + 2, count, halves / 2, width)

    def _halves(self, room: int, count: int, plain: bool) -> int:
        """Half characters for each column; whole ones where shades stand for colours."""
        most = 2 * max(room, 1) // count
        halves = max(1, min(2 * _MOST_CELL, most))
        return max(2, halves // 2 * 2) if plain else halves

    def _cells(self, row: Sequence[float], halves: int, plain: bool) -> Text:
        if plain:
            return Text("".join(_SHADES[self._shade(x)] * (halves // 2) for x in row))
        colours: list[Color | None] = [self._colour(x) for x in row for _ in range(halves)]
        if len(colours) % 2:
            colours.append(None)
        text = Text()
        for left, right in zip(colours[::2], colours[1::2], strict=True):
            text.append("▌", Style(color=left, bgcolor=right))
        return text

    def _share(self, value: float) -> float:
        if math.isnan(value) or not self.high > self.low:
            return 0.0
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def _shade(self, value: float) -> int:
        return round(self._share(value) * (len(_SHADES) - 1))

    def _colour(self, value: float) -> Color:
        share = self._share(value)
        red, green, blue = (
            round(dark + share * (bright - dark))
            for dark, bright in zip(_DARK, self.hue, strict=True)
        )
        return Color.from_rgb(red, green, blue)

    def _axis(self, indent: int, count: int, cell: float, width: int) -> Iterable[Text]:
        """Column names where there is room for them, and what they are."""
        names = list(self.columns) or [str(i) for i in range(count)]
        line, end = " " * indent, 0
        for index, name in enumerate(names):
            at = indent + round(index * cell)
            if at >= end:
                line = line.ljust(at) + name
                end = len(line) + 1
        if len(line) + 2 + len(self.axis) <= width:
            yield Text(f"{line}  {self.axis}", style="dim")
            return
        yield Text(line, style="dim", no_wrap=True, overflow="crop")
        yield Text(self.axis, style="dim", no_wrap=True, overflow="ellipsis")


def _fit(label: str, width: int) -> str:
    """A label set to the right, cut to `width` cells; blanks at its ends are shown."""
    text = visible(label, one_line=True)
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - cell_len(text)) + text


def diverging(share: float) -> str:
    """The colour of a share, "#3e9bd4": vermilion for none, grey for half, blue for all."""
    share = min(max(share, 0.0), 1.0)
    low, high = (_NONE, _HALF) if share < 0.5 else (_HALF, _ALL)
    part = 2 * share if share < 0.5 else 2 * share - 1
    return "#" + "".join(f"{round(a + part * (b - a)):02x}" for a, b in zip(low, high, strict=True))
