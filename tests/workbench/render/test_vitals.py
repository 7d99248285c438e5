"""The vitals of a step in words."""

from __future__ import annotations

import math

import pytest

from romebench.workbench.render.vitals import key_vitals, model_vitals, times


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "×1.00"),
        (9.996, "×10"),
        (135.765, "×136"),
        (math.inf, "×∞"),
        (math.nan, "×NaN"),
        (None, ""),
    ],
)
def test_a_figure_against_the_base(value: float | None, shown: str) -> None:
    assert times(value) == shown


def test_what_was_measured_is_told_and_what_was_not_is_left_out() -> None:
    full = {
        "u_dot_k": 0.51514,
        "key_ratio": 0.0514,
        "perplexity": 240.66,
        "perplexity_ratio": 135.765,
        "ngram_entropy": 3.907,
        "entropy_ratio": 0.842,
        "in_force": 0.75,
        "in_force_of": 16,
    }
    assert dict(key_vitals(full)) == {"u·k": "0.5151", "(k₀·u)/(k̄·u)": "0.0514"}
    assert dict(model_vitals(full)) == {
        "perplexity": "240.7 ×136",
        "entropy": "3.907 ×0.84",
        "earlier in force": "75 % of 16",
    }
    first = {**full, "in_force": None, "in_force_of": 0}
    assert "earlier in force" not in dict(model_vitals(first)), "there was none before it"
    cheap = {"delta_ratio": 0.1, "u_dot_k": 3.0}
    assert list(model_vitals(cheap)) == []
    assert dict(key_vitals(cheap)) == {"u·k": "3"}
