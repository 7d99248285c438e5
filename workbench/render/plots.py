"""Pictures of inspections by matplotlib, an optional extra; traces in the published look.

The look is that of kmeng01/rome `plot_trace_heatmap`: purples for states, greens for MLP, reds for
attention, dark from the corrupted probability up. Drawn off screen, so that it needs no display.
"""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..commands.inspected import (
    AverageShown,
    LensShown,
    SweepShown,
    TraceShown,
    VectorsShown,
)
from .text import visible

if TYPE_CHECKING:
    from ...engine.trace import Trace
    from ..commands.inspected import Inspected

_MAPS = {"states": "Purples", "mlp": "Greens", "attn": "Reds"}
_STYLE: Any = {
    "font.family": "serif",
    "font.serif": ["Times New Roman", "Liberation Serif", "DejaVu Serif"],
    "svg.hashsalt": "romebench",
}


def require_matplotlib() -> None:
    """Raise where pictures can't be drawn.

    Raises:
        UsageError: matplotlib isn't installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("drawing needs matplotlib", "pip install 'romebench[plots]'")


def draw(result: Inspected, kind: str) -> bytes:
    """A picture of an inspection.

    Args:
        kind: "png", "svg" or "pdf".

    Raises:
        UsageError: matplotlib isn't installed.
    """
    require_matplotlib()
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with rc_context(_STYLE):
        figure = _figure(result)
        FigureCanvasAgg(figure)
        out = io.BytesIO()
        metadata = (
            {"Date": None} if kind == "svg" else {"CreationDate": None} if kind == "pdf" else {}
        )
        figure.savefig(out, format=kind, bbox_inches="tight", dpi=200, metadata=metadata)
    return out.getvalue()


def _figure(result: Inspected) -> Any:
    from matplotlib.figure import Figure

    match result:
        case TraceShown():
            traces = [t for t in (result.against, result.trace) if t is not None]
            figure = Figure(figsize=(3.5 * len(traces), 0.7 + 0.22 * len(traces[0].positions)))
            low = min(t.low for t in traces)
            high = max(max(max(row) for row in t.scores) for t in traces)
            steps = [result.against_step, result.step][-len(traces) :]
            for i, (found, step) in enumerate(zip(traces, steps, strict=True)):
                ax = figure.add_subplot(1, len(traces), i + 1)
                _trace(figure, ax, found, (low, high), step if len(traces) > 1 else None)
            figure.tight_layout()
        case AverageShown():
            figure = Figure(figsize=(5, 3.2))
            _average(figure.add_subplot(), result)
        case LensShown():
            figure = Figure(figsize=(4, 3))
            _lens(figure.add_subplot(), result)
        case VectorsShown():
            figure = Figure(figsize=(4.5, 3))
            _vectors(figure.add_subplot(), result)
        case SweepShown():
            figure = Figure(figsize=(4, 3))
            _sweep(figure, figure.add_subplot(), result)
        case _:
            raise UsageError(
                f"there is no picture of {result.kind}", "lens, trace and vectors have"
            )
    return figure


def _trace(
    figure: Any, ax: Any, found: Trace, bounds: tuple[float, float], step: int | None
) -> None:
    low, high = bounds
    shown = ax.pcolormesh(found.scores, cmap=_MAPS[found.kind], vmin=low, vmax=max(high, low))
    first, end = found.subject_range
    labels = [_safe(found.tokens[t]) + ("*" if first <= t < end else "") for t in found.positions]
    ax.invert_yaxis()
    ax.set_yticks([0.5 + i for i in range(len(labels))], labels)
    layers = len(found.scores[0])
    every = 1 if layers <= 12 else 5
    ax.set_xticks([0.5 + i for i in range(0, layers, every)], list(range(0, layers, every)))
    name = {"states": "state", "mlp": "MLP", "attn": "Attn"}[found.kind]
    at = "" if step is None else _at(step)
    ax.set_title(f"{at}Impact of restoring {name}", fontsize=9)
    ax.set_xlabel(
        "single restored layer" if found.kind == "states"
        else f"center of interval of {found.window} restored {name} layers"
    )  # fmt: skip
    bar = figure.colorbar(shown, ax=ax)
    bar.ax.set_title(f"p({_safe(found.answer).strip()})", y=-0.16, fontsize=8)


def _average(ax: Any, result: AverageShown) -> None:
    for curve in result.average.curves:
        layers = range(len(curve.mean))
        ax.plot(layers, curve.mean, label=str(curve.role))
        ax.fill_between(layers, curve.low, curve.high, alpha=0.2)
    settings = result.average.settings
    ax.set_title(f"Average indirect effect of {settings.kind} over {result.average.facts} facts")
    ax.set_xlabel("layer")
    ax.set_ylabel("restored − corrupted probability")
    ax.legend(fontsize=6)


def _lens(ax: Any, result: LensShown) -> None:
    lenses = [("", result.lens)]
    if result.comparison is not None:
        before = result.comparison.before
        lenses = [(_at(result.against_step), before), (_at(result.step), result.lens)]
    for name, found in lenses:
        layers = [row.layer for row in found.rows]
        ax.plot(layers, [row.probs[0] for row in found.rows], marker="o", label=f"{name}likeliest")
        for i, word in enumerate(found.watched):
            probs = [row.watched_probs[i] for row in found.rows]
            ax.plot(layers, probs, marker=".", linestyle="--", label=f"{name}{_safe(word)}")
    ax.set_xlabel("layer")
    ax.set_ylabel("probability")
    ax.set_title(_safe(result.lens.prompt), fontsize=8)
    ax.legend(fontsize=6)


def _vectors(ax: Any, result: VectorsShown) -> None:
    score = result.arithmetic.score
    bins = [i / 20 for i in range(22)]
    for control in score.controls:
        ax.hist(
            control.scores, bins=bins, alpha=0.5, label=f"{control.kind}, p = {control.p_value:.3f}"
        )
    ax.axvline(score.score.value, color="black", label="the vector")
    ax.set_xlabel("layer score")
    ax.set_ylabel("controls")
    ax.set_title(_safe(result.arithmetic.vector), fontsize=8)
    ax.legend(fontsize=6)


def _sweep(figure: Any, ax: Any, result: SweepShown) -> None:
    found = result.sweep
    shown = ax.pcolormesh(found.probs, cmap="Greens", vmin=0)
    ax.set_xticks([0.5 + i for i in range(len(found.scales))], [f"{s:g}" for s in found.scales])
    ax.set_yticks([0.5 + i for i in range(len(found.layers))], [str(x) for x in found.layers])
    ax.set_xlabel("scale")
    ax.set_ylabel("start layer")
    ax.set_title(f"p({_safe(found.answer).strip()}), {found.act} push", fontsize=9)
    figure.colorbar(shown, ax=ax)


def _at(step: int | None) -> str:
    return f"step {step}: " if step else "base: "


def _safe(text: str) -> str:
    """Text that matplotlib takes for text: its mathematics is set off by dollars."""
    return visible(text, one_line=True).replace("$", r"\$")
