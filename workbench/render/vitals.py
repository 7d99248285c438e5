"""The vitals of a step in words, as every view of it says them: names and values, unstyled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any


def times(value: object) -> str:
    """A figure against the base's, "×1.04"; nothing where it was not taken."""
    if not isinstance(value, int | float):
        return ""
    if not math.isfinite(value):
        return "×NaN" if math.isnan(value) else "×∞"
    return f"×{value:.2f}" if value < 9.995 else f"×{value:.3g}"


def model_vitals(vitals: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was measured of the whole model after a step; nothing where vitals were cheap."""
    if "perplexity_ratio" in vitals:
        found = _number(vitals.get("perplexity"))
        yield "perplexity", f"{found} {times(vitals['perplexity_ratio'])}"
    if "entropy_ratio" in vitals:
        yield "entropy", f"{_number(vitals.get('ngram_entropy'))} {times(vitals['entropy_ratio'])}"
    if vitals.get("in_force") is not None:
        yield "earlier in force", f"{100 * vitals['in_force']:.0f} % of {vitals['in_force_of']}"


def key_vitals(vitals: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the key says of the edit: the divisor, and how near the bare key is to the mean one."""
    if "u_dot_k" in vitals:
        yield "u·k", _number(vitals["u_dot_k"])
    if vitals.get("key_ratio") is not None:
        yield "(k₀·u)/(k̄·u)", _number(vitals["key_ratio"])


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "–"
