"""The page of the Watch tab at one size: plots, verdicts, axis, and the step under the cursor.

What stays while the cursor moves is drawn once. Knows no keys and no widget.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from ....sessions.watch.limits import Limits
from ....sessions.watch.trail import FIGURES
from ...render.curves import Window
from ...render.watch import FIGURE_NAMES
from ..text import FAINT, MUTED, said, verdict_glyph, verdict_style
from .plot import (
    AXIS,
    CURSOR,
    Cell,
    DrawnPlot,
    Plot,
    axis,
    colour_of,
    column_of,
    mark_of,
    place_of,
    row_of,
)

if TYPE_CHECKING:
    from ....sessions.watch.trail import Trail

_LEAST = 5
"""Lines a plot needs, its title among them; where two would get as few, one is drawn less."""

_GOOD = 7
"""Lines a plot is given where there is room."""

_UNASKED = 3
"""Rows of plots that are drawn unless vitals were chosen: fewer are seen better."""

_GAP = 2
_WIDE = 124
"""Cells between two plots, and the width from which two stand beside each other."""

_STRIPS = 4
"""At most so many sessions have a line of verdicts."""

_SHORT = 16
"""Height under which the reason gets one line."""

_SHARES = ("in_force", "prob_new", "efficacy", "recall")
_LOGARITHMIC = ("perplexity", "perplexity_ratio")
_WORST = {"collapsed": 3, "warn": 2, "ok": 1}


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn.

    Attributes:
        trails: The sessions; the first is the one that is worked on.
        wanted: The vitals, those to be seen first at the front.
        chosen: They were chosen, and as many are drawn as there is room for.
        window: The places in sight.
        selected: The session whose steps are told.
        stands: The step the session stands at.
        limits: Of the step that is told, by figure.
    """

    trails: tuple[Trail, ...]
    wanted: tuple[str, ...]
    chosen: bool
    window: Window
    selected: int
    stands: int
    limits: dict[str, Limits]


def taken(trails: Sequence[Trail]) -> tuple[str, ...]:
    """The vitals that any of the sessions has."""
    return tuple(
        name
        for name in FIGURES
        if any(value is not None for trail in trails for value in trail.figure(name))
    )


class Board:
    """A scene at one size."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self.scene = scene
        self._width = width
        self._several = len(scene.trails) > 1
        self._told_lines = 2 if height < _SHORT else 3
        self._strips = min(len(scene.trails), _STRIPS)
        room = height - self._strips - self._told_lines - 1 - self._several
        self._plots = self._arranged(room)
        self._across = self._plots[0][0].width if self._plots else 0
        self._worst = [self._verdicts(number) for number in range(self._strips)]

    def _arranged(self, room: int) -> list[list[DrawnPlot]]:
        wanted = self.scene.wanted
        if self._width <= 2 * AXIS or room < 2 or not wanted:
            return []
        beside = 2 if self._width >= _WIDE and len(wanted) > 1 else 1
        most = -(-len(wanted) // beside) if self.scene.chosen else _UNASKED
        good = room // (_LEAST if self.scene.chosen else _GOOD)
        rows = max(1, min(most, max(good, min(2, room // _LEAST))))
        across = (self._width - _GAP * (beside - 1)) // beside
        found = wanted[: rows * beside]
        rows = -(-len(found) // beside)
        drawn = [DrawnPlot(self._plot(name), across, room // rows) for name in found]
        return [drawn[at : at + beside] for at in range(0, len(drawn), beside)]

    def _plot(self, name: str) -> Plot:
        scene, share = self.scene, name in _SHARES
        return Plot(
            FIGURE_NAMES[name],
            [trail.figure(name) for trail in scene.trails],
            scene.limits.get(name, Limits()),
            scene.window,
            least=0.0 if share else None,
            most=1.0 if share else None,
            logarithmic=name in _LOGARITHMIC,
        )

    @property
    def count(self) -> int:
        """How many vitals are in sight."""
        return sum(map(len, self._plots))

    def lines(self, place: int) -> list[Content]:
        """The page with the cursor at a place."""
        found: list[Content] = [self._legend()] if self._several else []
        for row in self._plots:
            columns = [plot.lines(place) for plot in row]
            found += [self._beside(parts) for parts in zip(*columns, strict=True)]
        found += [self._strip(number, place) for number in range(self._strips)]
        found.append(axis(self.scene.window, self._across, "edit"))
        return [*found, *self._told(place)]

    def place_at(self, x: int) -> int | None:
        """The place under a cell; None beside the plots."""
        at = x % (self._across + AXIS + _GAP) - AXIS
        inside = self._plots and 0 <= at < self._across
        return place_of(self.scene.window, at, self._across) if inside else None

    def _beside(self, parts: Sequence[Content]) -> Content:
        width = self._across + AXIS + _GAP
        padded = [part.pad_right(width - part.cell_length) for part in parts[:-1]]
        return Content.assemble(*padded, parts[-1])

    def _legend(self) -> Content:
        """The sessions, with what they are where there is room for that."""
        roomy, short = self._names(about=True), self._names(about=False)
        found = roomy if roomy.cell_length <= self._width else short
        return found.truncate(self._width, ellipsis=True)

    def _names(self, *, about: bool) -> Content:
        parts = []
        for number, trail in enumerate(self.scene.trails):
            here = number == self.scene.selected
            what = f" {trail.rule}{', C=I' if trail.identity else ''} · {len(trail):,}"
            parts.append(
                Content.assemble(
                    ("▸" if here else " ", "bold"),
                    (f"{mark_of(number)} ", colour_of(number)),
                    said(trail.session, "bold" if here else "", width=24),
                    (what if about else "", FAINT),
                )
            )
        return Content(" ").join(parts)

    def _strip(self, number: int, place: int) -> Content:
        """The worst verdict in each column, and where the session stands."""
        window, width = self.scene.window, self._across
        worst, stands = self._worst[number]
        head = mark_of(number) if self._several else "verdict"
        cells: list[Cell] = [
            (f"{head:>{AXIS - 1}} ", colour_of(number) if self._several else FAINT)
        ]
        at = column_of(window, place, width)
        for x in range(width):
            verdict = worst.get(x)
            char, style = (" ", "") if verdict is None else _stripe(verdict)
            if x == stands:
                char, style = "@", "bold $accent"
            cells.append((char, f"{style} {CURSOR}".strip() if x == at else style))
        return row_of(cells)

    def _verdicts(self, number: int) -> tuple[dict[int, str], int | None]:
        window, points = self.scene.window, self.scene.trails[number].points
        worst: dict[int, str] = {}
        stands = None
        for place in range(window.first, min(window.last + 1, len(points))):
            x = column_of(window, place, self._across)
            verdict = points[place].verdict
            if _WORST.get(verdict, 0) >= _WORST.get(worst.get(x, ""), 0):
                worst[x] = verdict
            if not number and points[place].step == self.scene.stands:
                stands = x
        for x in range(1, max(worst, default=0)):
            worst.setdefault(x, worst[x - 1])
        return worst, stands

    def _told(self, place: int) -> list[Content]:
        """The step under the cursor, its verdict, and the reason."""
        number = self.scene.selected
        trail = self.scene.trails[number]
        if place >= len(trail):
            return [said(f"{trail.session} ends at edit {len(trail):,}", MUTED)]
        point = trail.points[place]
        head = Content.assemble(
            (f"{mark_of(number)} " if self._several else "", colour_of(number)),
            (f"edit {place + 1:,}", "bold"),
            (f" of {len(trail):,} · step {point.step:,}  ", MUTED),
            (f"{verdict_glyph(point.verdict)} {point.verdict}  ", verdict_style(point.verdict)),
            said(point.subject),
            (" → ", FAINT),
            said(point.target),
        ).truncate(self._width, ellipsis=True)
        return [head, *_folded(point.reason, self._width, self._told_lines - 1)]


def _stripe(verdict: str) -> Cell:
    """A verdict in the line of verdicts: only what is not well stands out."""
    char = "·" if verdict == "ok" else verdict_glyph(verdict)
    return char, verdict_style(verdict)


def _folded(text: str, width: int, lines: int) -> list[Content]:
    """A text on at most so many lines, the last one cut."""
    rows = textwrap.wrap(text, max(width, 10))
    if len(rows) > lines:
        rows = [*rows[: lines - 1], " ".join(rows[lines - 1 :])]
    return [said(row, MUTED, width=width) for row in rows]
