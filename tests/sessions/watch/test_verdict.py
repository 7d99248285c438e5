"""The verdict: what each limit is a multiple of, and what is said without a calibration."""

from __future__ import annotations

import json
from dataclasses import replace
from math import exp, log
from pathlib import Path
from typing import Any

import pytest

from romebench.errors import FileFormatError
from romebench.sessions.watch.calibration import (
    NOT_CALIBRATED,
    Calibration,
    Range,
    Search,
    calibration_file,
    find_calibration,
    read_calibration,
    write_calibration,
)
from romebench.sessions.watch.levels import Verdict
from romebench.sessions.watch.verdict import (
    OUTSIDE,
    RISE_COLLAPSES,
    RISE_WARNS,
    foreseen,
    judge,
)

HIGH = 1.07


def calibration(**parts: Any) -> Calibration:
    ranges = {
        "delta_ratio": Range(60, 0.1, 0.12, 0.3, 0.5, 0.6),
        "key_ratio": Range(60, 0.9, 1.0, 1.1, 1.2, 1.3),
        "perplexity_ratio": Range(60, 0.999, 0.9995, 1.0, 1.005, HIGH),
        "entropy_ratio": Range(60, 0.96, 0.98, 1.0, 1.02, 1.04),
        "efficacy": Range(60, 0.0, 1.0, 1.0, 1.0, 1.0),
    }
    whole: dict[str, Any] = {
        "model": "m", "model_sha256": "ab" * 32, "weight_name": "h.1.weight", "identity": False,
        "hparams": {}, "source": {"name": "x", "requests": 60}, "base": {"perplexity": 2.0},
        "rules": {"rome": ranges}, "made_at": "2026-01-01T00:00:00+00:00", "versions": {},
    }  # fmt: skip
    return Calibration(**{**whole, **parts})


HEALTHY = {
    "finite": True, "delta_ratio": 0.3, "key_ratio": 1.1, "perplexity": 2.01,
    "perplexity_ratio": 1.005, "entropy_ratio": 1.0, "in_force": 0.95, "in_force_of": 20,
}  # fmt: skip


def verdict_of(**figures: Any) -> tuple[Verdict, str]:
    return judge({**HEALTHY, **figures}, calibration(), "rome")


def test_a_healthy_step_is_ok() -> None:
    assert verdict_of()[0] is Verdict.OK


@pytest.mark.parametrize(
    ("figures", "verdict", "said"),
    [
        ({"delta_ratio": OUTSIDE * 0.6 + 0.01}, Verdict.WARN, "‖Δ‖/‖W₀‖ 1.21 is over 1.2"),
        ({"delta_ratio": OUTSIDE * 0.6 - 0.01}, Verdict.OK, ""),
        ({"key_ratio": 0.44}, Verdict.WARN, "under 0.45"),
        ({"key_ratio": -0.5}, Verdict.WARN, "-0.5"),
        ({"key_ratio": 2.7}, Verdict.WARN, "over 2.6"),
        ({"perplexity_ratio": exp((RISE_WARNS + 0.1) * log(HIGH))}, Verdict.WARN, "perplexity"),
        ({"perplexity_ratio": exp((RISE_COLLAPSES + 0.1) * log(HIGH))}, Verdict.COLLAPSED, "over"),
        ({"perplexity_ratio": exp((RISE_WARNS - 0.1) * log(HIGH))}, Verdict.OK, ""),
        ({"entropy_ratio": 0.87}, Verdict.WARN, "entropy is 0.87"),
        ({"entropy_ratio": 0.4}, Verdict.COLLAPSED, "entropy is 0.40"),
        ({"in_force": 0.7}, Verdict.WARN, "70% of 20"),
        ({"in_force": 0.4}, Verdict.COLLAPSED, "40% of 20"),
        ({"in_force": 0.4, "in_force_of": 9}, Verdict.OK, ""),
        ({"perplexity": None, "perplexity_ratio": None}, Verdict.COLLAPSED, "not finite"),
        ({"finite": False}, Verdict.COLLAPSED, "not finite"),
    ],
)
def test_each_limit(figures: dict[str, Any], verdict: Verdict, said: str) -> None:
    found, reason = verdict_of(**figures)
    assert found is verdict, reason
    assert said in reason


def test_where_single_edits_cost_nothing_a_small_rise_is_no_collapse() -> None:
    made = calibration()
    ranges = {**made.rules["rome"], "perplexity_ratio": Range(60, 0.999, 0.9995, 1.0, 1.0, 1.001)}
    cheap = replace(made, rules={"rome": ranges})
    for ratio, verdict in ((1.07, Verdict.OK), (1.1, Verdict.WARN), (1.3, Verdict.COLLAPSED)):
        assert judge({**HEALTHY, "perplexity_ratio": ratio}, cheap, "rome")[0] is verdict


def test_collapse_outweighs_a_warning() -> None:
    verdict, reason = verdict_of(delta_ratio=9.0, in_force=0.1)
    assert verdict is Verdict.COLLAPSED
    assert "in force" in reason
    assert "Δ" not in reason


def test_cheap_vitals_are_judged_by_what_there_is() -> None:
    cheap = {"finite": True, "delta_ratio": 0.3, "key_ratio": 1.1}
    assert judge(cheap, calibration(), "rome")[0] is Verdict.OK
    assert judge({**cheap, "delta_ratio": 5.0}, calibration(), "rome")[0] is Verdict.WARN


def test_without_a_calibration_only_what_is_broken_is_named() -> None:
    assert judge({**HEALTHY, "delta_ratio": 99.0}, None, "rome")[0] is Verdict.UNCALIBRATED
    assert judge({"finite": False}, None, "rome")[0] is Verdict.COLLAPSED
    verdict, reason = judge(HEALTHY, calibration(), "p-rome")
    assert verdict is Verdict.UNCALIBRATED
    assert "p-rome" in reason


def test_quantiles_are_interpolated() -> None:
    found = Range.of([float(n) for n in range(101)])
    assert (found.low, found.q05, found.q50, found.q95, found.high) == (0, 5, 50, 95, 100)
    assert Range.of([1.0, 2.0]).q50 == 1.5
    with pytest.raises(ValueError, match="no values"):
        Range.of([])


def test_a_calibration_is_found_by_model_site_and_moment(tmp_path: Path) -> None:
    store, made = tmp_path / "store.sqlite3", calibration()
    sha, weight = made.model_sha256, made.weight_name
    write_calibration(calibration_file(store, sha, weight, {}, identity=False), made)
    assert find_calibration(store, sha, weight, {}, identity=False) == Search(made)
    for other in ((sha, weight, True), ("cd" * 32, weight, False), (sha, "h.2.weight", False)):
        *asked, identity = other
        assert find_calibration(store, *asked, {}, identity=identity) == Search(
            None, NOT_CALIBRATED
        )


def test_a_calibration_holds_for_its_hyperparameters_alone(tmp_path: Path) -> None:
    store, made = tmp_path / "store.sqlite3", calibration(hparams={"layers": [1], "v_lr": 0.5})
    sha, weight = made.model_sha256, made.weight_name
    write_calibration(calibration_file(store, sha, weight, made.hparams, identity=False), made)
    # What is only named otherwise, or says nothing of the size of an edit, may differ.
    same = {"layers": [1], "mom2_n_samples": 7, "rewrite_module_tmp": "h.{}"}
    assert find_calibration(store, sha, weight, same, identity=False).calibration == made
    other = {"layers": [1], "v_lr": 2.0, "clamp_norm_factor": 3}
    found = find_calibration(store, sha, weight, other, identity=False)
    assert found.calibration is None
    assert "calibrated with v_lr 0.5, not 2.0, clamp_norm_factor 4.0, not 3.0" in found.reason
    # One for each: they lie side by side.
    second = replace(made, hparams=other)
    write_calibration(calibration_file(store, sha, weight, other, identity=False), second)
    assert find_calibration(store, sha, weight, other, identity=False).calibration == second
    assert find_calibration(store, sha, weight, same, identity=False).calibration == made


def test_a_damaged_calibration_is_named(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    for text in ("{", "[]", "{}", json.dumps({"type": "calibration", "version": 1})):
        path.write_text(text)
        with pytest.raises(FileFormatError):
            read_calibration(path)


def test_a_mismatched_key_is_foreseen() -> None:
    ranges = calibration().rules["rome"]
    assert not list(foreseen(1.1, ranges, "rome"))
    (warning,) = foreseen(0.05, ranges, "rome")
    # The median edit's norm, times how much smaller its divisor is: 0.3 · 1.1 / 0.05.
    assert "6.6 or more" in warning
    (milder,) = foreseen(0.05, ranges, "r-rome")
    assert "may not feel" in milder
