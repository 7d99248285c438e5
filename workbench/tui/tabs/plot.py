"""A figure against steps as styled text: title, axis, bands of the verdict, curves, cursor.

Knows no widget and no session: it takes figures and gives `Content`. What colour says, shapes say
too: marks tell lines apart, dotted lines are limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from textual.content import Content

from ....sessions.watch.limits import Limits
from ...render.curves import MARKS, Scale, Values, Window, draw
from ..text import FAINT, MUTED, figure

COLOURS = ("$primary", "$accent", "$secondary", "$success", "$foreground", "$error")
"""One for each line; they come round again with the marks."""

AXIS = 8
"""Cells at the left for the axis."""

_BANDS = ("", "on $warning 12%", "on $error 14%")
_LIMITS = ((1, "┈", "$warning"), (2, "╌", "$error"))

CURSOR = "on $foreground 25%"
"""The style of the column in which the cursor is."""

Cell = tuple[str, str]
"""A character and its style."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure.

    Attributes:
        title: What it is.
        lines: One for each session; the first lies on top.
        limits: From where on it warns and says collapsed.
        window: The places that are shown.
        least: The bottom of the scale; None for the least of the figures.
        most: Its top likewise.
        logarithmic: The scale may be logarithmic, where the figures span much.
        names: What the lines are, where they aren't sessions.
    """

    title: str
    lines: Sequence[Values]
    limits: Limits
    window: Window
    least: float | None = None
    most: float | None = None
    logarithmic: bool = False
    names: Sequence[str] = ()

    def scale(self) -> Scale:
        """The scale of the figures that are shown."""
        first, end = self.window.first, self.window.last + 1
        taken = [v for line in self.lines for v in line[first:end] if v is not None]
        taken += [v for v in (self.least, self.most) if v is not None]
        around = [v for v in (self.limits.warn, self.limits.collapsed) if v is not None]
        return Scale.of(taken, around, may_be_logarithmic=self.logarithmic)


class DrawnPlot:
    """A plot at one size: what doesn't change while the cursor moves is drawn once."""

    def __init__(self, plot: Plot, width: int, height: int) -> None:
        self.plot = plot
        self.width = max(width - AXIS, 2)
        self.height = max(height - 1, 1)
        self._scale = plot.scale()
        self._raster = draw(plot.lines, plot.window, self._scale, self.width, self.height)
        self._bands = [self._band(y) for y in range(self.height)]
        self._ruled = self._limit_rows()

    def lines(self, place: int | None) -> list[Content]:
        """The title and the rows.

        Args:
            place: Where the cursor is; None for no cursor.
        """
        at = None if place is None else column_of(self.plot.window, place, self.width)
        return [self._title(place), *(self._row(y, at) for y in range(self.height))]

    def _title(self, place: int | None) -> Content:
        several = len(self.plot.lines) > 1
        shown: list[tuple[str, str]] = [(self.plot.title, "bold")]
        for number, values in enumerate(self.plot.lines):
            value = values[place] if place is not None and place < len(values) else None
            mark = f"{mark_of(number)} " if several else ""
            mark += f"{self.plot.names[number]} " if self.plot.names else ""
            shown.append((f"  {mark}{figure(value)}", colour_of(number)))
        limits = self.plot.limits
        word = "<" if limits.falling else ">"
        if limits.warn is not None:
            shown.append((f"  warn {word} {figure(limits.warn)}", FAINT))
        if limits.collapsed is not None:
            shown.append((f", collapsed {word} {figure(limits.collapsed)}", FAINT))
        if self._scale.logarithmic:
            shown.append(("  log", FAINT))
        return Content.assemble(*shown).truncate(self.width + AXIS, ellipsis=True)

    def _row(self, y: int, at: int | None) -> Content:
        band = _BANDS[self._bands[y]]
        rule, rule_style = self._ruled.get(y, (" ", ""))
        chars, owners = self._raster.chars[y], self._raster.owners[y]
        cells: list[Cell] = [(self._label(y), FAINT)]
        for x in range(self.width):
            char, style = chars[x], colour_of(owners[x]) if owners[x] >= 0 else ""
            if char == " ":
                char, style = rule, rule_style
            if x == at:
                char = "│" if char in (" ", rule) else char
                style = f"{style or '$foreground'} {CURSOR}"
            else:
                style = f"{style} {band}".strip()
            cells.append((char, style))
        return row_of(cells)

    def _label(self, y: int) -> str:
        """The axis: figures at the top, at the bottom, and between where there is room."""
        shown = {0, self.height - 1} | ({self.height // 2} if self.height >= 7 else set())
        if y not in shown:
            return " " * (AXIS - 1) + "│"
        share = 1 - y / max(self.height - 1, 1)
        return f"{f'{self._scale.at(share):.3g}':>{AXIS - 1}.{AXIS - 1}}┤"

    def _band(self, y: int) -> int:
        value = self._scale.at(1 - (y + 0.5) / self.height)
        return next((n for n, limit in ((2, self.plot.limits.collapsed), (1, self.plot.limits.warn))
                     if limit is not None and self._beyond(value, limit)), 0)  # fmt: skip

    def _beyond(self, value: float, limit: float) -> bool:
        return value < limit if self.plot.limits.falling else value > limit

    def _limit_rows(self) -> dict[int, Cell]:
        found: dict[int, Cell] = {}
        values = (self.plot.limits.warn, self.plot.limits.collapsed)
        for limit, (_, char, style) in zip(values, _LIMITS, strict=True):
            low, high = self._scale.low, self._scale.high
            if limit is not None and low < limit < high:
                found[int((1 - self._scale.share(limit)) * self.height)] = (char, style)
        return found


def mark_of(number: int) -> str:
    """The mark of a line."""
    return MARKS[number % len(MARKS)]


def colour_of(number: int) -> str:
    """The colour of a line."""
    return COLOURS[number % len(COLOURS)]


def column_of(window: Window, place: int, width: int) -> int:
    """The cell in which a place stands."""
    return window.column(place, 2 * width) // 2


def place_of(window: Window, column: int, width: int) -> int:
    """The place that stands nearest to a cell."""
    return window.place(2 * column, 2 * width)


def row_of(cells: Iterable[Cell]) -> Content:
    """Cells as one line, neighbours of one style together."""
    runs = groupby(cells, key=lambda cell: cell[1])
    return Content.assemble(*(("".join(c for c, _ in run), style) for style, run in runs))


def axis(window: Window, width: int, what: str) -> Content:
    """The numbers of the places beneath a plot of so many cells."""
    room = max(width // 9, 1)
    span = window.last - window.first
    every = next(
        (n * 10**p for p in range(7) for n in (1, 2, 5) if span <= n * 10**p * room), 10**7
    )
    line = [" "] * (width + AXIS)
    end = 0
    numbers = range(window.first // every * every, window.last + 1, every)
    for place in (window.first, *(n - 1 for n in numbers if n - 1 > window.first), window.last):
        text = f"{place + 1:,}"
        at = min(AXIS + column_of(window, place, width), AXIS + width - len(text))
        if at >= end:
            line[at : at + len(text)] = text
            end = at + len(text) + 1
    head = f"{what:>{AXIS - 1}} "
    return Content.assemble((head, FAINT), ("".join(line)[AXIS:], MUTED))
