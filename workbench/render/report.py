"""The HTML report: one page that needs nothing beside it. Curves are inline SVG, drawn here.

Owns the page's figures and shapes; the text comes from `report.html.j2`, which escapes whatever
models and users wrote. Knows no store and no terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from ...sessions.watch.levels import Verdict
from ...sessions.watch.limits import Limits
from .curves import Scale, Values
from .heat import diverging
from .text import visible
from .watch import FIGURE_NAMES

if TYPE_CHECKING:
    from ...sessions.watch.report import Report, SessionReport

CURVES = (
    "perplexity_ratio", "weight_ratio", "delta_ratio", "key_ratio", "entropy_ratio", "in_force"
)  # fmt: skip
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#b8860b", "#5b6770")
"""Told apart by every kind of colour vision; the dashes say the same on paper."""

DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 2", "12 4")
WIDTH, HEIGHT = 640, 220
_LEFT, _TOP, _RIGHT, _BOTTOM = 52, 12, 12, 26


@dataclass(frozen=True, slots=True)
class Line:
    """One session's curve in a plot: a polyline's points, and a mark for each step.

    Attributes:
        marks: Place, verdict, and what the mouse tells of it.
    """

    name: str
    colour: str
    dash: str
    pieces: tuple[str, ...]
    marks: tuple[tuple[float, float, str, str], ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, in pixels."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure of every session against depth; `limits` are those of the first session."""

    title: str
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    limits: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Square:
    """A cell of the retention map."""

    x: float
    y: float
    colour: str
    about: str


@dataclass(frozen=True, slots=True)
class Map:
    """Edits by steps, in pixels."""

    side: float
    high: float
    height: float
    squares: tuple[Square, ...]
    columns: tuple[Tick, ...]


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
        maps=[_map(each) for each in report.sessions],
        colours=[COLOURS[i % len(COLOURS)] for i in range(len(report.sessions))],
        dashes=[DASHES[i % len(DASHES)] for i in range(len(report.sessions))],
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
    limits = sessions[0].limits.get(name, Limits())
    scale = _scale(name, [each.curve.figures[name] for each in sessions], limits)
    deepest = max(2, max(len(each.curve.steps) for each in sessions))

    def x(depth: float) -> float:
        return round(_LEFT + (depth - 1) / (deepest - 1) * (WIDTH - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - _BOTTOM - scale.share(value) * (HEIGHT - _BOTTOM - _TOP), 1)

    ruled = (("warn", limits.warn), ("collapsed", limits.collapsed))
    return Plot(
        FIGURE_NAMES[name] + (", logarithmic" if scale.logarithmic else ""),
        tuple(_line(at, name, each, x, y) for at, each in enumerate(sessions)),
        tuple(Tick(x(depth), str(depth)) for depth in _depths(deepest)),
        tuple(Tick(y(v), f"{v:.3g}") for v in (scale.at(i / 4) for i in range(5))),
        tuple(Tick(y(v), w) for w, v in ruled if v is not None and scale.low < v < scale.high),
    )


def _scale(name: str, curves: Sequence[Values], limits: Limits) -> Scale:
    values = [value for curve in curves for value in curve if value is not None]
    if name in ("perplexity_ratio", "entropy_ratio"):
        values.append(1.0)
    elif name == "in_force":
        values += [0.0, 1.0]
    around = [limit for limit in (limits.warn, limits.collapsed) if limit is not None]
    return Scale.of(values, around, may_be_logarithmic=name == "perplexity_ratio")


def _line(
    at: int,
    name: str,
    each: SessionReport,
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> Line:
    curve = each.curve
    values = curve.figures[name]
    points = [None if v is None else (x(depth), y(v)) for depth, v in enumerate(values, 1)]
    marks = tuple(
        (*point, curve.verdicts[i], _told(each, i, values[i]))
        for i, point in enumerate(points)
        if point is not None
    )
    colour, dash = COLOURS[at % len(COLOURS)], DASHES[at % len(DASHES)]
    return Line(curve.session, colour, dash, tuple(_pieces(points)), marks)


def _told(each: SessionReport, i: int, value: float | None) -> str:
    """What the mouse tells of a step."""
    curve = each.curve
    head = f"{curve.session}, edit {i + 1}, step {curve.steps[i]}: {curve.subjects[i]}"
    return f"{head}\n{_figure(value)}\n{curve.verdicts[i]}: {curve.reasons[i]}"


_MAP_MOST = 4_000
"""A larger matrix is left to `retention --show`: the page would not open any more."""


def _map(each: SessionReport) -> Map | None:
    """The retention of a session as a map; None where there is none, or too much."""
    columns = each.retention
    edits = [step for step in each.curve.steps if any(step in c.steps for c in columns)]
    if not columns or len(edits) * len(columns) > _MAP_MOST:
        return None
    side = min(28.0, (WIDTH - _LEFT - _RIGHT) / len(columns))
    high = min(14.0, max(3.0, 320 / len(edits)))
    subject = dict(zip(each.curve.steps, each.curve.subjects, strict=True))
    squares = []
    for at, column in enumerate(columns):
        scores = zip(column.steps, column.scores["efficacy"], column.succeeded, strict=True)
        for step, kept, once in scores:
            if kept is None or step not in subject:
                continue
            became = "in force" if kept else "forgotten" if once else "never took"
            about = f"step {step}, {subject[step]}: {became} at step {column.step}"
            colour = diverging(kept) if once or kept else "#c8ccd0"
            squares.append(
                Square(_LEFT + at * side, _TOP + edits.index(step) * high, colour, about)
            )
    ticks = tuple(Tick(_LEFT + (i + 0.5) * side, str(c.step)) for i, c in enumerate(columns))
    return Map(side, high, _TOP + len(edits) * high, tuple(squares), ticks)


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
