"""The HTML report: one page that needs nothing beside it. Curves are inline SVG, drawn here.

Owns the page's figures and shapes; the text comes from `report.html.j2`, which escapes whatever
models and users wrote. Knows no store and no terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from ...sessions.watch.levels import Verdict
from .text import visible
from .watch import FIGURE_NAMES

if TYPE_CHECKING:
    from ...sessions.watch.report import Report, SessionReport

CURVES = ("perplexity_ratio", "weight_ratio", "delta_ratio", "entropy_ratio", "in_force")
COLOURS = ("#0b6e99", "#c0392b", "#4f7d2a", "#8e44ad", "#b9770e", "#34495e")
WIDTH, HEIGHT = 640, 220
_LEFT, _TOP, _RIGHT, _BOTTOM = 52, 12, 12, 26


@dataclass(frozen=True, slots=True)
class Line:
    """One session's curve in a plot: a polyline's points, and marks where a verdict was bad."""

    name: str
    colour: str
    pieces: tuple[str, ...]
    marks: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, in pixels."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure of every session against depth."""

    title: str
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def report_html(report: Report) -> str:
    """The page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = lambda text: visible(str(text))
    environment.filters["figure"] = _figure
    source = files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        report=report,
        plots=[_plot(name, report.sessions) for name in CURVES if _taken(name, report.sessions)],
        colours=[COLOURS[i % len(COLOURS)] for i in range(len(report.sessions))],
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        bottom=HEIGHT - _BOTTOM,
        top=_TOP,
        verdicts=Verdict,
    )


def _figure(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else "–"


def _taken(name: str, sessions: Sequence[SessionReport]) -> bool:
    return any(value is not None for each in sessions for value in each.curve.figures[name])


def _plot(name: str, sessions: Sequence[SessionReport]) -> Plot:
    found = [[v for v in each.curve.figures[name] if v is not None] for each in sessions]
    values = [value for line in found for value in line]
    low, high = min(values), max(values)
    if name in ("perplexity_ratio", "entropy_ratio"):
        low, high = min(low, 1.0), max(high, 1.0)
    else:
        low = 0.0
    span = (high - low) or 1.0
    deepest = max(2, max(len(each.curve.steps) for each in sessions))

    def x(depth: float) -> float:
        return _LEFT + (depth - 1) / (deepest - 1) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - (value - low) / span * (HEIGHT - _BOTTOM - _TOP)

    lines = []
    for at, each in enumerate(sessions):
        points = [
            None if value is None else (round(x(depth), 1), round(y(value), 1))
            for depth, value in enumerate(each.curve.figures[name], 1)
        ]
        marks = tuple(
            (*point, verdict)
            for point, verdict in zip(points, each.curve.verdicts, strict=True)
            if point is not None and verdict in (Verdict.WARN, Verdict.COLLAPSED)
        )
        colour = COLOURS[at % len(COLOURS)]
        lines.append(Line(each.curve.session, colour, tuple(_pieces(points)), marks))
    x_ticks = tuple(Tick(round(x(d), 1), str(d)) for d in _depths(deepest))
    y_ticks = tuple(
        Tick(round(y(low + span * i / 4), 1), f"{low + span * i / 4:.3g}") for i in range(5)
    )
    return Plot(FIGURE_NAMES[name], tuple(lines), x_ticks, y_ticks)


def _pieces(points: Iterable[tuple[float, float] | None]) -> list[str]:
    """Polylines: a gap in the figures is a gap in the curve."""
    pieces: list[list[str]] = [[]]
    for point in points:
        if point is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{point[0]},{point[1]}")
    return [" ".join(piece) for piece in pieces if piece]


def _depths(deepest: int) -> list[int]:
    every = max(1, deepest // 8)
    return [1, *range(every, deepest + 1, every)] if every > 1 else list(range(1, deepest + 1))
