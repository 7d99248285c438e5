"""Statistics, as they are shown."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from ..commands.collected import (
    LayerLine,
    LayersSwept,
    StatisticsFile,
    StatsList,
    StatsShown,
    StatsWritten,
)
from . import parts


def written(result: StatsWritten) -> RenderableType:
    """Statistics that were collected or imported."""
    rows: list[tuple[str, Text | str]] = [
        ("model", parts.shown(result.model)),
        ("text", parts.shown(result.dataset or "not said")),
        ("tokens", "not said" if result.tokens is None else f"{result.tokens:,}"),
    ]
    if result.exhausted:
        rows.append(("", Text("the text ended before the wanted number", style="yellow")))
    if result.convergence is not None:
        rows.append(("convergence", f"C moved {result.convergence:.2%} at the last doubling"))
    if result.elapsed_s:
        speed = f"{parts.seconds(result.elapsed_s)}, {result.tokens_per_s:,.0f} tokens/s"
        rows.append(("took", speed))
    if result.resumed_at:
        rows.append(("went on from", f"{result.resumed_at:,} tokens"))
    if result.peak_bytes:
        rows.append(("peak memory", parts.size(result.peak_bytes)))
    rows += [("kept at", parts.shown(file.path)) for file in result.files]
    return parts.facts(rows)


def listed(result: StatsList) -> RenderableType:
    """The statistics that are kept."""
    if not result.files:
        return parts.line(
            Text("no statistics yet; `stats collect TEXT --model NAME` makes some", parts.LABEL)
        )
    return Group(
        parts.table(
            "model", "weight", ">d_in", ">tokens", "text",
            rows=(_row(file) for file in result.files),
        ),
        parts.line(Text("in ", parts.LABEL), parts.shown(result.folder, parts.LABEL)),
    )  # fmt: skip


def _row(file: StatisticsFile) -> tuple[Text | str, ...]:
    tokens = "" if file.tokens is None else f"{file.tokens:,}"
    text = file.about.get("error") or file.dataset
    return (
        parts.shown(file.model, width=32), parts.shown(file.weight_name), str(file.d_in), tokens,
        parts.shown(text, width=32),
    )  # fmt: skip


def shown(result: StatsShown) -> RenderableType:
    """One statistics file and its conditioning."""
    file = result.file
    about = [(name, parts.shown(value)) for name, value in sorted(file.about.items())]
    ridges = parts.table(
        ">ridge", ">condition", ">smallest λ", ">largest λ", ">effective rank",
        rows=(
            (
                f"{line.ridge:g}",
                "not definite" if line.condition is None else f"{line.condition:.3g}",
                "" if line.smallest is None else f"{line.smallest:.3g}",
                f"{line.largest:.3g}",
                f"{line.effective_rank:.1f} of {file.d_in}",
            )
            for line in result.conditioning
        ),
    )  # fmt: skip
    return Group(parts.facts([("file", parts.shown(file.path)), *about]), Text(), ridges)


def swept(result: LayersSwept) -> RenderableType:
    """The layers and their scores; the best one and the default are marked."""
    head = parts.line(
        parts.shown(result.model, "bold"),
        f", {result.rule}, {parts.count(result.requests, 'request')} a layer, "
        f"{parts.seconds(result.elapsed_s)}",
    )
    layers = parts.table(
        "", ">layer", ">score", ">efficacy", ">paraphrase", ">neighbourhood", ">p(new)",
        ">‖Δ‖/‖W₀‖", "C", ">failed",
        rows=(_layer(line, result) for line in result.layers),
    )  # fmt: skip
    note = Text(f"best: layer {result.best}; default: layer {result.default_layer}", parts.LABEL)
    return Group(head, layers, note)


def _layer(line: LayerLine, result: LayersSwept) -> tuple[Text | str, ...]:
    mark = Text("→", style="bold green") if line.layer == result.best else Text("")
    shares = (line.score, line.efficacy, line.paraphrase, line.neighborhood, line.prob_new)
    return (
        mark, str(line.layer), *("" if x is None else parts.percent(x) for x in shares),
        parts.ratio(line.delta_ratio), "C = I" if line.identity else "C", str(line.failed or ""),
    )  # fmt: skip
