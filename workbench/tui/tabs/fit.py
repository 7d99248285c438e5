"""An optimisation as text: a curve for each term of its loss, and a row for each gradient step.

Of v*, or of a weight that is fine-tuned; the same for a step that is recorded and for one that is
being computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content

from ..text import FAINT, MUTED, figure, percent, spark

_SPARK = 24

_TERMS = (
    ("loss", "loss", "what is made small"),
    ("nll", "NLL", "of the target, mean over contexts, nats"),
    ("kl", "KL", "drift of “{} is a”, weighted"),
    ("weight_decay", "decay", "‖δ‖/‖v₀‖², weighted"),
    ("prob", "P(target)", "mean over contexts"),
    ("offset_norm", "‖δ‖", "length of the offset"),
)

_COLUMNS = (
    ("step", "step", 4), ("loss", "loss", 10), ("nll", "NLL", 10), ("kl", "KL", 10),
    ("weight_decay", "decay", 10), ("prob", "P", 9), ("offset_norm", "‖δ‖", 9),
)  # fmt: skip

_BAR = 20


def curves(losses: Sequence[Mapping[str, Any]]) -> Content:
    """Each term from its first value to its last."""
    lines = []
    for key, name, about in _TERMS:
        values = [float(line[key]) for line in losses if line.get(key) is not None]
        if not values:
            continue
        show = percent if key == "prob" else figure
        if key == "prob" and "nll" not in losses[0]:
            about = "behind the prompt"
        lines.append(
            Content.assemble(
                (f"{name:<10}", MUTED),
                (f"{spark(values, _SPARK):<{min(len(values), _SPARK)}}", "$accent"),
                f"  {show(values[0])} → ",
                (show(values[-1]), "bold"),
                (f"  {about}", FAINT),
            )
        )
    return Content("\n").join(lines)


def clamp(losses: Sequence[Mapping[str, Any]], radius: Any) -> Content:
    """How far the offset is from the ball it is kept in."""
    if not losses or not isinstance(radius, int | float) or radius <= 0:
        return Content("")
    norm = float(losses[-1].get("offset_norm") or 0.0)
    full = min(round(norm / radius * _BAR), _BAR)
    cut = sum(bool(line.get("clamped")) for line in losses)
    return Content.assemble(
        (f"{'clamp':<10}", MUTED),
        ("━" * full, "$warning" if cut else "$accent"),
        ("━" * (_BAR - full), "$panel-lighten-2"),
        f"  {figure(norm)} of {figure(radius)}",
        (f"  cut back {cut} time{'' if cut == 1 else 's'}" if cut else "", "$warning"),
        ("  ‖δ‖ against clamp_norm_factor·‖v₀‖", FAINT),
    )


def table(losses: Sequence[Mapping[str, Any]]) -> Content:
    """A row for each gradient step."""
    columns = [column for column in _COLUMNS if any(column[0] in line for line in losses)]
    lines = [Content.styled("".join(f"{name:>{width}}" for _, name, width in columns), MUTED)]
    for line in losses:
        cells = (
            f"{(percent if key == 'prob' else figure)(line.get(key)):>{width}}"
            for key, _, width in columns
        )
        lines.append(Content("".join(cells) + ("  clamped" if line.get("clamped") else "")))
    return Content("\n").join(lines)
