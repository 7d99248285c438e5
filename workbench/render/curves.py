"""Curves in characters: braille dots for the lines, marks that tell lines apart without colour.

Pure: takes numbers, gives cells. A curve of more points than columns of dots is drawn from the
least to the greatest of each column, so that no spike is lost however long it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

MARKS = "●▲■◆✚★"
"""One for each line of a plot; they come round again."""

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_EVERY = 14
"""Cells from one mark of a line to its next."""

_LOG_FROM = 8.0
"""A figure that spans more is drawn on a logarithmic scale."""

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Window:
    """The places that are shown, from `first` to `last`, counted from 0."""

    first: int
    last: int

    def column(self, place: int, columns: int) -> int:
        """Where a place stands among so many columns."""
        span = self.last - self.first
        return 0 if span <= 0 else round((place - self.first) / span * (columns - 1))

    def place(self, column: int, columns: int) -> int:
        """The place that stands nearest to a column."""
        share = column / max(columns - 1, 1)
        return self.first + round(min(max(share, 0.0), 1.0) * (self.last - self.first))


@dataclass(frozen=True, slots=True)
class Scale:
    """The figures that are shown, from bottom to top."""

    low: float
    high: float
    logarithmic: bool = False

    @classmethod
    def of(
        cls,
        values: Sequence[float],
        around: Sequence[float] = (),
        *,
        may_be_logarithmic: bool = False,
    ) -> Scale:
        """A scale for some figures.

        Args:
            values: All that will be drawn.
            around: Limits, shown too where they are not far off.
            may_be_logarithmic: It is, where the figures span much.
        """
        finite = [value for value in values if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        if may_be_logarithmic and low > 0 and high / low > _LOG_FROM:
            return cls(low, high, True)
        reach = max(high - low, 0.1 * max(abs(high), abs(low)))
        near = [x for x in around if low - 1.5 * reach <= x <= high + 1.5 * reach]
        low, high = min([low, *near]), max([high, *near])
        if 0 < low < 0.3 * high:
            low = 0.0
        pad = 0.04 * (high - low) or 0.05 * max(abs(high), 1e-9)
        return cls(low if low in (0.0, 1.0) else low - pad, high if high == 1.0 else high + pad)

    def share(self, value: float) -> float:
        """Where a figure stands between bottom (0) and top (1)."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = (math.log(max(x, 1e-300)) for x in (low, high, value))
        return min(max((value - low) / ((high - low) or 1.0), 0.0), 1.0)

    def at(self, share: float) -> float:
        """The figure at a height."""
        if self.logarithmic:
            low, high = math.log(self.low), math.log(self.high)
            return math.exp(low + share * (high - low))
        return self.low + share * (self.high - self.low)


@dataclass(slots=True)
class Raster:
    """A plot in cells.

    Attributes:
        chars: A row of characters for each line of the screen, blanks where nothing is.
        owners: Which line a cell belongs to; -1 where none does.
    """

    chars: list[list[str]]
    owners: list[list[int]]


def draw(lines: Sequence[Values], window: Window, scale: Scale, width: int, height: int) -> Raster:
    """Draw lines over each other, the first on top; several get marks."""
    bits = [[0] * width for _ in range(height)]
    owners = [[-1] * width for _ in range(height)]
    marks: list[tuple[int, int, int]] = []
    for number in reversed(range(len(lines))):
        spans = _spans(lines[number], window, scale, 2 * width, 4 * height)
        for column, span in enumerate(spans):
            if span is not None:
                _stroke(bits, owners, number, column, span)
        if len(lines) > 1:
            marks += _marks(spans, number, len(lines), width)
    chars = [[chr(0x2800 + b) if b else " " for b in row] for row in bits]
    for number, x, y in marks:
        chars[y][x], owners[y][x] = MARKS[number % len(MARKS)], number
    return Raster(chars, owners)


def _stroke(
    bits: list[list[int]], owners: list[list[int]], number: int, column: int, span: tuple[int, int]
) -> None:
    for dot in range(span[0], span[1] + 1):
        bits[dot // 4][column // 2] |= _DOTS[column % 2][dot % 4]
        owners[dot // 4][column // 2] = number


def _spans(
    values: Values, window: Window, scale: Scale, columns: int, dots: int
) -> list[tuple[int, int] | None]:
    """From which dot down to which a line is drawn in each column of dots."""

    def dot(value: float) -> int:
        return round((1 - scale.share(value)) * (dots - 1))

    found: list[tuple[int, int] | None] = [None] * columns
    shown = list(values[window.first : window.last + 1])
    if len(shown) > columns:
        _dense(found, shown, dot)
    else:
        _sparse(found, shown, window, dot)
    return found


def _dense(found: list[tuple[int, int] | None], shown: Values, dot: object) -> None:
    """Several places to a column: from its least to its greatest, joined to the column before."""
    assert callable(dot)
    count, columns = len(shown), len(found)
    before: float | None = None
    for column in range(columns):
        part = shown[column * count // columns : (column + 1) * count // columns]
        taken = [v for v in part if v is not None and math.isfinite(v)]
        if taken:
            joined = taken if before is None else [before, *taken]
            found[column] = (dot(max(joined)), dot(min(joined)))
        before = taken[-1] if taken else None


def _sparse(
    found: list[tuple[int, int] | None], shown: Values, window: Window, dot: object
) -> None:
    """A column or more to a place: straight from one to the next, a gap where there is a gap."""
    assert callable(dot)
    points = [
        None
        if value is None or not math.isfinite(value)
        else (window.column(window.first + at, len(found)), dot(value))
        for at, value in enumerate(shown)
    ]
    for point in points:
        if point is not None:
            _widen(found, point[0], point[1], point[1])
    for left, right in pairwise(points):
        if left is not None and right is not None:
            _join(found, left, right)


def _join(
    found: list[tuple[int, int] | None], left: tuple[int, int], right: tuple[int, int]
) -> None:
    steps = right[0] - left[0]
    before = left[1]
    for step in range(1, steps + 1):
        here = round(left[1] + (right[1] - left[1]) * step / steps)
        _widen(found, left[0] + step, *sorted((here, before + (here > before) - (here < before))))
        before = here


def _widen(found: list[tuple[int, int] | None], column: int, top: int, bottom: int) -> None:
    old = found[column]
    found[column] = (top, bottom) if old is None else (min(old[0], top), max(old[1], bottom))


def _marks(
    spans: Sequence[tuple[int, int] | None], number: int, count: int, width: int
) -> list[tuple[int, int, int]]:
    """Cells that get the line's mark: every so often, each line at places of its own."""
    start = 1 + number * _EVERY // count
    last = max((x // 2 for x, span in enumerate(spans) if span is not None), default=-1)
    wanted = [x for x in range(start, width, _EVERY) if x <= last - 2]
    found = []
    for x in [*wanted, last] if last >= 0 else []:
        span = spans[2 * x] if spans[2 * x] is not None else spans[2 * x + 1]
        if span is not None:
            found.append((number, x, (span[0] + span[1]) // 8))
    return found
