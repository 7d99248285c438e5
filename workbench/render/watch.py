"""The collapse watch as it is shown: calibrations, comparisons, retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ...sessions.watch.levels import Verdict
from . import parts

if TYPE_CHECKING:
    from ...sessions.watch.calibration import Range
    from ...sessions.watch.compare import Comparison, Curve, Parting
    from ..commands.watched import Calibrated, Compared, ReplayedAnew, ReportWritten, Retained

FIGURE_NAMES = {
    "delta_ratio": "‖Δ‖/‖W₀‖",
    "key_ratio": "(k₀·u)/(k̄·u)",
    "perplexity_ratio": "perplexity, × base",
    "entropy_ratio": "n-gram entropy, × base",
    "efficacy": "in force right after",
    "weight_ratio": "‖W−W₀‖/‖W₀‖",
    "perplexity": "perplexity",
    "ngram_entropy": "n-gram entropy",
    "in_force": "earlier edits in force",
    "u_dot_k": "u·k",
    "prob_new": "probability of the target",
}


def calibrated(result: Calibrated) -> RenderableType:
    """The normal range of single edits."""
    made = result.calibration
    source = made.source
    head = parts.line(
        "calibration of ", parts.shown(made.model, parts.CURSOR), " at ",
        parts.shown(made.weight_name), " with C = I" if made.identity else " with C",
    )  # fmt: skip
    where = "ships with the model" if result.path is None else result.path
    rows = (
        [rule if at == 0 else "", FIGURE_NAMES[name], *_cells(figures)]
        for rule, ranges in made.rules.items()
        for at, (name, figures) in enumerate(ranges.items())
        if name in FIGURE_NAMES
    )
    return Group(
        head,
        parts.facts(
            [
                (
                    "edits",
                    parts.line(
                        f"{source['requests']} single ones from the base: ",
                        parts.shown(source["name"]),
                    ),
                ),
                ("file", parts.shown(where)),
                ("made", parts.when(made.made_at) + " UTC"),
            ]
        ),
        Text(),
        parts.table("rule", "", ">least", ">5 %", ">median", ">95 %", ">most", rows=rows),
    )


def _cells(figures: Range) -> list[str]:
    values = (figures.low, figures.q05, figures.q50, figures.q95, figures.high)
    return [parts.number(value) for value in values]


def replayed_anew(result: ReplayedAnew) -> RenderableType:
    """A history that was made again."""
    changes = ", ".join(f"{name} {value}" for name, value in result.changes.items())
    head = parts.line(
        f"{parts.count(len(result.steps), 'step')} of ", parts.shown(result.source),
        " made again in ", parts.shown(result.session, parts.CURSOR), ": ",
        parts.shown(changes or "nothing changed"),
    )  # fmt: skip
    lines = [parts.line("failed: ", parts.shown(message, "red")) for message in result.failed]
    if result.pending:
        lines.append(parts.line(f"{parts.count(result.pending, 'request')} left in the queue"))
    lines.append(parts.line("compare: ", parts.shown(f"compare {result.source} {result.session}")))
    return Group(head, *lines)


def compared(result: Compared) -> RenderableType:
    """Sessions side by side: what each came to, the curves by depth, and where they part."""
    found = result.comparison
    shown: list[RenderableType] = [_summary(found), Text(), _by_depth(found)]
    for parting in found.partings:
        shown += [Text(), _parting(found.curves[0], parting)]
    return Group(*shown)


def _summary(found: Comparison) -> RenderableType:
    names = (">" + parts.shown(curve.session).plain for curve in found.curves)
    rows: list[list[Text | str]] = [
        ["rule", *(curve.rule + (", C=I" if curve.identity else "") for curve in found.curves)],
        ["edits", *(f"{len(curve.steps):,}" for curve in found.curves)],
        ["took hold", *(parts.percent(curve.success) for curve in found.curves)],
        ["largest ‖Δ‖/‖W₀‖", *(_largest(curve, "delta_ratio") for curve in found.curves)],
    ]
    for name in ("weight_ratio", "perplexity_ratio", "entropy_ratio", "in_force"):
        cells = (_figure(name, curve.last(name)) for curve in found.curves)
        rows.append([f"{FIGURE_NAMES[name]}, at the end", *cells])
    for verdict in (Verdict.WARN, Verdict.COLLAPSED):
        depths = (curve.first_verdict(verdict) for curve in found.curves)
        rows.append([f"first {verdict}", *("–" if d is None else f"edit {d}" for d in depths)])
    return parts.table("", *names, rows=rows)


def _largest(curve: Curve, name: str) -> str:
    found = curve.largest(name)
    return "–" if found is None else f"{found[1]:.3f} (edit {found[0]})"


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.0f} %" if name == "in_force" else f"{value:.3f}"


_ROWS = 24
"""Depths that are shown: evenly spread, the last among them. `--json` has all."""


def _by_depth(found: Comparison) -> RenderableType:
    """Each session's drift, perplexity and edits in force, at some depths."""
    deepest = max((len(curve.steps) for curve in found.curves), default=0)
    every = max(1, -(-deepest // _ROWS))
    depths = sorted({*range(every, deepest + 1, every), deepest} - {0})
    columns = ("weight_ratio", "perplexity_ratio", "in_force")
    heads = [
        f">{parts.shown(curve.session, width=18).plain if at == 0 else ''}\n{_SHORT[name]}"
        for curve in found.curves
        for at, name in enumerate(columns)
    ]
    rows = (
        [str(depth), *(_at(c, n, depth) for c in found.curves for n in columns)] for depth in depths
    )
    return parts.table(">\nedit", *heads, rows=rows)


_SHORT = {"weight_ratio": "‖ΔW‖", "perplexity_ratio": "ppl", "in_force": "kept"}


def _at(curve: Curve, name: str, depth: int) -> Text | str:
    values = curve.figures[name]
    if depth > len(values):
        return ""
    text = _figure(name, values[depth - 1])
    return Text(text, style=parts.verdict(curve.verdicts[depth - 1]).style)


def _parting(first: Curve, parting: Parting) -> RenderableType:
    """Where one session parts from the first, and in what."""
    names = parts.line(
        parts.shown(parting.session, parts.CURSOR), " and ", parts.shown(first.session)
    )
    if parting.depth is None:
        return parts.line(names, ": the same weights at every depth")
    head = parts.line(names, f" part at edit {parting.depth}")
    apart = ", ".join(f"{FIGURE_NAMES[name]} at {d}" for name, d in parting.figures.items())
    rows = (
        [
            parts.shown(each.name, width=40),
            parts.shown(parts.number(each.first), width=44),
            parts.shown(parts.number(each.other), width=44),
        ]
        for each in parting.differences
    )
    shown: list[RenderableType] = [head]
    if parting.differences:
        shown.append(parts.table("", first.session, parting.session, rows=rows))
    if apart:
        shown.append(Text(f"over a tenth apart first: {apart}", style=parts.LABEL))
    return Group(*shown)


_SHADES = "·░▒▓█"
"""A score from 0 to 1."""


def retained(result: Retained) -> RenderableType:
    """The curve of what was forgotten, and the matrix of edits by steps."""
    if not result.curve:
        return Text("nothing was measured: `retention` does", style=parts.LABEL)
    rows = (
        [
            f"{line.step:,}",
            f"{line.edits:,}",
            parts.percent(line.kept),
            parts.percent(line.forgotten),
            parts.percent(line.paraphrase),
            parts.percent(line.neighbourhood),
        ]
        for line in result.curve
    )
    heads = (">step", ">edits", ">in force", ">forgotten", ">paraphrases", ">neighbours")
    return Group(parts.table(*heads, rows=rows), Text(), _matrix(result))


def _matrix(result: Retained) -> RenderableType:
    """A line an edit, a column a step: filled where it is in force."""
    columns = result.matrix.columns
    rows: list[list[Text | str]] = []
    for edit, subject in result.matrix.subjects.items():
        cells = (result.matrix.cell(edit, column) for column in columns)
        shades = "".join(
            " " if cell is None else _SHADES[round(cell * (len(_SHADES) - 1))] for cell in cells
        )
        rows.append([f"{edit:,}", parts.shown(subject, width=28), shades])
    made = parts.table(">edit", "subject", "at each step above", rows=rows)
    return Group(made, Text("█ in force   · not   blank: not made yet", style=parts.LABEL))


def report_written(result: ReportWritten) -> RenderableType:
    """A report."""
    return parts.line(
        f"wrote {parts.count(len(result.sessions), 'session')} to ",
        parts.shown(result.path),
        f", {parts.size(result.size_bytes)}",
    )
