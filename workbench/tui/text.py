"""Small pieces of styled text that several panes show: verdicts, figures, names.

What others wrote goes through `visible` into `Content` and is never parsed as markup.
"""

from __future__ import annotations

import math
from typing import Any

from rich.cells import cell_len
from textual.content import Content

from ..render.text import shortened, visible

_GLYPHS = {"ok": "●", "warn": "◐", "collapsed": "✖", "uncalibrated": "○"}
_COLOURS = {"ok": "$success", "warn": "$warning", "collapsed": "bold $error"}
_BLOCKS = "▁▂▃▄▅▆▇█"

MUTED = "$foreground-muted"
"""The style of labels and of what is said beside the point."""

FAINT = "$foreground-disabled"
"""The style of what need not be read."""

BASE_GLYPH = "◆"
"""Stands for the unedited model."""


def verdict_glyph(verdict: str) -> str:
    """The shape of a verdict; shapes differ so that colour is not needed to read them."""
    return _GLYPHS.get(verdict, "○")


def verdict_style(verdict: str) -> str:
    """The colour of a verdict."""
    return _COLOURS.get(verdict, MUTED)


def verdict_content(verdict: str) -> Content:
    """A verdict with its glyph, "○ uncalibrated"."""
    return Content.styled(f"{verdict_glyph(verdict)} {verdict}", verdict_style(verdict))


def said(text: object, style: str = "", *, width: int | None = None) -> Content:
    """What somebody or the model wrote, on one line, with every control character shown."""
    raw = str(text)
    line = visible(raw, one_line=True) if width is None else shortened(raw, width)
    return Content.styled(line, style) if style else Content(line)


def percent(value: Any) -> str:
    """A probability, "0.04 %"; an en dash where it is unknown."""
    if not _is_number(value):
        return "–"
    if 0 < value < 1e-6:
        return f"{100 * value:.0e} %"
    return f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.1f} %"


def figure(value: Any) -> str:
    """A number of any size, in four digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if _is_number(value) else "–"


def ratio(value: Any) -> str:
    """A relative norm, ".081" or "1.25"; an en dash where it is unknown."""
    if not _is_number(value):
        return "–"
    return f"{value:.3f}".removeprefix("0") if value < 9.9995 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """A time span in whole units, "4 s", "2:05" or "1:02:05"."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def spark(values: list[float], width: int = 0) -> str:
    """Values as a row of blocks, lowest to highest; at most `width` of them, 0 for all."""
    kept = [value for value in values if math.isfinite(value)]
    if not kept:
        return ""
    if width and len(kept) > width:
        kept = [kept[i * (len(kept) - 1) // max(width - 1, 1)] for i in range(width)]
    low, high = min(kept), max(kept)
    span = (high - low) or 1.0
    return "".join(_BLOCKS[int((value - low) / span * (len(_BLOCKS) - 1))] for value in kept)


def padded(text: str, width: int) -> str:
    """Text filled up to a width in cells; a combining mark takes none."""
    return text + " " * max(width - cell_len(text), 0)


def site_of(weight_name: str) -> str:
    """A weight's name without what every name has: "h.1.mlp.c_proj"."""
    return weight_name.removesuffix(".weight").removeprefix("transformer.").removeprefix("model.")


def step_name(step: int) -> str:
    """A step in a sentence."""
    return f"step {step}" if step else "the base"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
