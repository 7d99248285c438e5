"""Lens, trace, vectors and explanations, as they are shown in a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..commands.inspected import (
    AverageShown,
    Explained,
    Inspected,
    LensShown,
    SweepShown,
    TraceShown,
    VectorsShown,
)
from . import parts
from .heat import HUES, HeatMap
from .history import step_name

if TYPE_CHECKING:
    from ...engine.arithmetic import OffsetScore
    from ...engine.average import Average
    from ...engine.explain import Direction
    from ...engine.lens import Lens, LensComparison, LensRow
    from ...engine.trace import Trace
    from ...sessions.inspection import Explanation, Moved

_CHANGED = "bold yellow"


def lens_shown(result: LensShown) -> RenderableType:
    """The lens, alone or beside another step's."""
    if result.comparison is None:
        body = lens_table(result.lens)
    else:
        names = (where(result.against_step or 0), where(result.step))
        body = comparison_table(result.comparison, names)
    return Group(_head(result, result.lens.prompt), *body, *_foot(result))


def lens_table(found: Lens) -> list[RenderableType]:
    """A line for each layer: its likeliest tokens, entropy, and the watched words' ranks."""
    rows: list[list[Text | str]] = [
        [str(row.layer), _tops(row), f"{row.entropy:.2f}", *_watched(row)] for row in found.rows
    ]
    watched = [f">rank of {parts.shown(word).plain}" for word in found.watched]
    return [
        parts.table(">layer", "likeliest tokens", ">entropy", *watched, rows=rows),
        _note(f"at token {found.position} ", _token(found.tokens[found.position])),
        _note("the answer ", _token(found.answer), f" stands from layer {found.settled} on"),
    ]


def comparison_table(found: LensComparison, names: tuple[str, str]) -> list[RenderableType]:
    """Two lenses in two columns, row by row; a changed row is marked."""
    made = parts.Fitting(*(_side_by_side(found, names, most) for most in (2, 1)))
    count = sum(found.changed)
    said = f"{parts.count(count, 'layer')} changed" if count else "no layer changed"
    if found.flip is None:
        return [made, _note(said + "; the answer is the same")]
    return [
        made,
        _note(f"{said}; the answer flips at layer {found.flip}: ", _token(found.before.answer),
              " → ", _token(found.after.answer)),
    ]  # fmt: skip


def _side_by_side(found: LensComparison, names: tuple[str, str], most: int) -> Table:
    made = parts.table(
        ">layer", "", names[0], names[1], *(f">{w}" for w in found.after.watched), rows=()
    )
    for before, after, changed in zip(
        found.before.rows, found.after.rows, found.changed, strict=True
    ):
        mark = Text("◆", style=_CHANGED) if changed else Text(" ")
        ranks = [
            Text(f"{a} → {b}" if a != b else str(a))
            for a, b in zip(before.watched_ranks, after.watched_ranks, strict=True)
        ]
        tops = (_tops(before, most), _tops(after, most, changed))
        made.add_row(str(before.layer), mark, *tops, *ranks)
    return made


def trace_shown(result: TraceShown) -> RenderableType:
    """The trace as a heat map, another step's beneath."""
    body: list[RenderableType] = list(trace_map(result.trace))
    if result.against is not None:
        body = [
            Text(where(result.against_step or 0), style=parts.LABEL),
            *trace_map(result.against),
            Text(where(result.step), style=parts.LABEL),
            *body,
        ]
    return Group(_head(result, result.trace.prompt), *body, *_foot(result))


def trace_map(found: Trace) -> Iterator[RenderableType]:
    """A heat map of tokens by layers and what it shows in words."""
    peak = max((max(row) for row in found.scores), default=found.high)
    subject = frozenset(
        i for i, t in enumerate(found.positions)
        if found.subject_range[0] <= t < found.subject_range[1]
    )  # fmt: skip
    labels = [
        found.tokens[t] + ("*" if i in subject else "") for i, t in enumerate(found.positions)
    ]
    yield HeatMap(
        labels, found.scores, found.low, max(peak, found.low), HUES[found.kind], subject,
        _axis(found),
    )  # fmt: skip
    yield _note(
        "p(", _token(found.answer),
        f"): clean {parts.percent(found.high)}, corrupted {parts.percent(found.low)}, "
        f"restored at most {parts.percent(peak)}",
    )  # fmt: skip
    token, layer = found.peak
    yield _note("strongest at ", _token(found.tokens[token]), f" (token {token}), layer {layer}")


def _axis(found: Trace) -> str:
    if found.kind == "states":
        cut = "" if found.severed == "none" else f", {found.severed} severed above"
        return f"restored layer{cut}"
    return f"centre of {found.window} restored {found.kind} layers"


def average_shown(result: AverageShown) -> RenderableType:
    """Average indirect effects, by role and layer."""
    found = result.average
    head = (
        f"{parts.count(found.facts, 'fact')} traced"
        + (f", {found.unknown} that the model doesn't know left out" if found.unknown else "")
        + f"; clean {parts.percent(found.high)}, corrupted {parts.percent(found.low)}"
    )
    return Group(Text(head), *average_map(found), *_foot(result))


def average_map(found: Average) -> Iterator[RenderableType]:
    """Heat map and best layer of each role."""
    if not found.curves:
        yield _note("the model knows none of these facts; --any-answer traces them all the same")
        return
    labels = [str(curve.role) for curve in found.curves]
    rows = [curve.mean for curve in found.curves]
    high = max(max(row) for row in rows)
    yield HeatMap(labels, rows, 0.0, high, HUES[found.settings.kind], axis="layer")
    lines = []
    for curve in found.curves:
        best = max(range(len(curve.mean)), key=lambda i: curve.mean[i])
        about = f"{_points(curve.low[best])} … {_points(curve.high[best])}"
        lines.append(
            (str(curve.role), str(curve.facts), str(best), _points(curve.mean[best]), about)
        )
    yield parts.table(">role", ">facts", ">best layer", ">AIE", "95 % interval", rows=lines)


def vectors_shown(result: VectorsShown) -> RenderableType:
    """Rows before and after in two columns, then the score against its controls."""
    found = result.arithmetic
    made = parts.table(">layer", "", "without", "with the vector", rows=())
    for before, after, changed in zip(found.before.rows, found.after, found.changed, strict=True):
        mark = Text("◆", style=_CHANGED) if changed else Text(" ")
        made.add_row(str(before.layer), mark, _tops(before, 3), _tops(after, 3, changed))
    facts: list[tuple[str, Text | str]] = [
        ("vector", parts.line(parts.shown(found.vector), f", norm {found.norm:.3g}")),
        ("push", f"{found.push.act}, scale {found.push.scale:g}" + _where_to(found.push)),
        ("answer", parts.line(_token(found.answer), f" from layer {found.boundary} on")),
        ("copied", _token(found.copied)),
    ]
    return Group(
        _head(result, found.prompt), made, parts.facts(facts), score_table(found.scores),
        *_foot(result),
    )  # fmt: skip


def _where_to(push: object) -> str:
    act, layer, layers = (getattr(push, name) for name in ("act", "layer", "layers"))
    if act == "read":
        return ", each layer by itself"
    return f" at layer {layer}" + (f" to {layer + layers - 1}" if layers > 1 else "")


def score_table(scores: Sequence[OffsetScore]) -> Table:
    """The layer score as a whole and by offset, each against its controls."""
    made = parts.table(">offset", ">before", ">behind", ">score", rows=())
    kinds = [control.kind for control in scores[0].controls]
    for kind in kinds:
        made.add_column(f"{kind} (mean, p)", no_wrap=True)
    for each in scores:
        score = each.score
        cells = [
            Text(f"{_share(c.mean)}, p = {_p(c.p_value)}", style="bold" if c.p_value < 0.05 else "")
            for c in each.controls
        ]
        made.add_row(
            "all" if each.offset == 0 else f"+{each.offset}",
            f"{score.before}/{score.of_before}", f"{score.after}/{score.of_after}",
            _share(score.value), *cells,
        )  # fmt: skip
    return made


def sweep_shown(result: SweepShown) -> RenderableType:
    """Probability of the answer for every start layer and scale."""
    found = result.sweep
    labels = [f"layer {layer}" for layer in found.layers]
    columns = [f"{scale:g}" for scale in found.scales]
    high = max((p for row in found.probs for p in row), default=1.0)
    return Group(
        _head(result, found.prompt),
        _note("p(", _token(found.answer), f") at the end, {found.act} push, by scale"),
        HeatMap(labels, found.probs, 0.0, high, HUES["mlp"], axis="scale", columns=columns),
        parts.table(">start", *(f">×{name}" for name in columns), rows=(
            (f"{layer}", *(parts.percent(p) for p in row))
            for layer, row in zip(found.layers, found.probs, strict=True)
        )),
        *_foot(result),
    )  # fmt: skip


def _of_the_key(found: Explanation) -> list[tuple[str, Text | str]]:
    """What only an edit through a key has."""
    if found.direction is None:
        return []
    return [
        ("u·k", parts.number(found.step.vitals.get("u_dot_k"))),
        ("right, read by the head", _changes(found.direction, up=True)),
        ("and away from", _changes(found.direction, up=False)),
    ]


def explained(result: Explained) -> RenderableType:
    """What an edit did, on one screen."""
    found = result.explanation
    vitals, step = found.step.vitals, found.step
    head = Text.assemble(
        (f"step {result.step}", parts.CURSOR), "  ",
        parts.shown(step.request.get("subject", ""), "bold"), " → ",
        parts.shown(str(step.request.get("target_new", "")).strip(), "bold"),
        (f"  {step.rule}, {step.weight_name}", parts.LABEL),
    )  # fmt: skip
    facts: list[tuple[str, Text | str]] = [
        ("‖Δ‖", f"{found.delta_norm:.4g}  ({parts.ratio(vitals.get('delta_ratio'))} of ‖W₀‖)"),
        *_of_the_key(found),
        ("logits raised", _changes(found.moved, up=True)),
        ("lowered", _changes(found.moved, up=False)),
    ]
    body: list[RenderableType] = [head, parts.facts(facts)]
    body += comparison_table(found.lens, ("before", "after"))
    for name, trace in zip(("before", "after"), found.traces or (), strict=False):
        body += [Text(f"trace {name}", style=parts.LABEL), *trace_map(trace)]
    rows = [("asked", found.asked), *(("paraphrase", m) for m in found.paraphrases),
            *(("neighbour", m) for m in found.neighbours)]  # fmt: skip
    body.append(
        parts.table("", "prompt", "answer before", "after", ">p(new) before", ">after", ">shift",
                    rows=(_moved(kind, moved) for kind, moved in rows))
    )  # fmt: skip
    return Group(*body, *_foot(result))


def _moved(kind: str, moved: Moved) -> tuple[Text | str, ...]:
    changed = moved.before.answer != moved.after.answer
    return (
        Text(kind, style=parts.LABEL), parts.shown(moved.after.prompt, width=48),
        _token(moved.before.answer), _token(moved.after.answer, _CHANGED if changed else ""),
        parts.percent(moved.before.prob_new), parts.percent(moved.after.prob_new),
        _points(moved.shift),
    )  # fmt: skip


def _changes(found: Direction, *, up: bool) -> Text:
    text = Text()
    for change in found.promoted if up else found.suppressed:
        text.append_text(_token(change.token)).append(f" {change.change:+.2f}  ", style=parts.LABEL)
    return text


def where(step: int) -> str:
    """What a column of weights is called."""
    return step_name(step)


def _head(result: Inspected, prompt: str) -> Text:
    return parts.line(
        parts.shown(prompt, "bold"), Text(f"  at {where(result.step)}", style=parts.LABEL)
    )


def _foot(result: Inspected) -> Iterator[RenderableType]:
    for path in result.files:
        yield _note("wrote ", parts.shown(path))


def _note(*pieces: Text | str) -> Text:
    return Text.assemble(*(Text(p, style=parts.LABEL) if isinstance(p, str) else p for p in pieces))


def _tops(row: LensRow, most: int | None = None, changed: bool = False) -> Text:
    """The likeliest tokens of a layer, the first with its probability."""
    text = Text()
    for i, (token, prob) in enumerate(zip(row.tokens[:most], row.probs, strict=False)):
        style = _CHANGED if changed and not i else "bold" if not i else ""
        text.append("  " if i else "").append_text(_token(token, style))
        text.append(f" {parts.percent(prob)}", parts.LABEL)
    return text


def _watched(row: LensRow) -> list[str]:
    return [
        f"{rank} ({parts.percent(prob)})"
        for rank, prob in zip(row.watched_ranks, row.watched_probs, strict=True)
    ]


def _token(token: str, style: str = "") -> Text:
    """A token with its leading space as ·, so that it can be told from one without."""
    shown = parts.shown(token, style, width=20)
    if token.startswith(" "):
        return Text("·" + shown.plain[1:], style=style)
    return shown


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _p(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _points(value: float) -> str:
    """A difference of probabilities in percentage points."""
    return "–" if math.isnan(value) else f"{100 * value:+.1f} pts"
