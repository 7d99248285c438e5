"""The verdict on a step: its vitals held against what is normal for one edit at that site.

Pure: reads figures, never a model. Limits are multiples of calibrated ranges, since the same norm
is ordinary on one model and ruinous on another; only shares have limits of their own. How the
multiples were chosen, and what they catch and miss, is in `docs/watch.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import exp, log

from ...store.records import Json
from .calibration import NOT_CALIBRATED, Calibration, Range
from .levels import Verdict

OUTSIDE = 2.0
"""A single figure warns where it is this many times beyond the range of single edits."""

RISE_WARNS = 1.5
RISE_COLLAPSES = 4.0
"""Perplexity warns, or collapses, where its logarithm has risen so many times as far as after the
costliest single edit."""

LEAST_RISE = 0.05
"""A costliest single edit that raised log perplexity by less counts as this much: where single
edits cost nothing, multiples of nothing would call a healthy sequence collapsed."""

FORCE_WARNS = 0.8
FORCE_COLLAPSES = 0.5
FORCE_EDITS = 10
"""Shares of earlier edits still in force, and how many must have been asked."""

ENTROPY_COLLAPSES = 0.5
"""Share of the base model's n-gram entropy under which texts only repeat themselves."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure outside its limits.

    Attributes:
        verdict: warn or collapsed.
        text: Which figure, its value, and the limit.
    """

    verdict: Verdict
    text: str


def judge(vitals: Json, calibration: Calibration | None, rule: str) -> tuple[Verdict, str]:
    """The verdict on a step's vitals, and its reason with the number.

    What can be said without a calibration (numbers that aren't finite) is said without one.
    """
    found = [*_broken(vitals)]
    ranges = None if calibration is None else calibration.rules.get(rule)
    if ranges is not None:
        found += [*_single(vitals, ranges), *_whole(vitals, ranges), *_force(vitals)]
    for verdict in (Verdict.COLLAPSED, Verdict.WARN):
        texts = [finding.text for finding in found if finding.verdict is verdict]
        if texts:
            return verdict, "; ".join(texts)
    if calibration is None:
        return Verdict.UNCALIBRATED, NOT_CALIBRATED
    if ranges is None:
        return Verdict.UNCALIBRATED, f"the calibration of this site leaves {rule} out"
    return Verdict.OK, "within the calibrated range"


def _broken(vitals: Json) -> Iterator[Finding]:
    if vitals.get("finite") is False:
        yield Finding(Verdict.COLLAPSED, "the edited weight is not finite")
    if "perplexity" in vitals and vitals["perplexity"] is None:
        yield Finding(Verdict.COLLAPSED, "the perplexity of the fixed text is not finite")


def _single(vitals: Json, ranges: Mapping[str, Range]) -> Iterator[Finding]:
    """Figures of this edit alone."""
    names = {"delta_ratio": "‖Δ‖/‖W₀‖", "key_ratio": "(k₀·u)/(k̄·u)"}
    for key, name in names.items():
        value, normal = vitals.get(key), ranges[key]
        if value is None:
            continue
        if value > OUTSIDE * normal.high:
            yield Finding(
                Verdict.WARN, f"{name} {value:.3g} is over {OUTSIDE * normal.high:.3g}, "
                f"{OUTSIDE:g} times the largest single edit's",
            )  # fmt: skip
        if key == "key_ratio" and value < normal.low / OUTSIDE:
            yield Finding(
                Verdict.WARN, f"{name} {value:.3g} is under {normal.low / OUTSIDE:.3g}, "
                f"1/{OUTSIDE:g} of the smallest single edit's",
            )  # fmt: skip


def foreseen(key_ratio: float, ranges: Mapping[str, Range], rule: str) -> Iterator[str]:
    """Warnings that the keys alone give, before an edit is made.

    `rome` divides by k₀·u what it writes along k̄, so its norm grows as the ratio falls; the other
    rules keep the norm, and the bare prompt then hardly feels the edit.
    """
    for finding in _single({"key_ratio": key_ratio}, ranges):
        usual = ranges["key_ratio"].q50 / key_ratio * ranges["delta_ratio"].q50 if key_ratio else 0
        effect = (
            f"‖Δ‖/‖W₀‖ would be {abs(usual):.2g} or more"
            if rule == "rome"
            else ("the bare prompt may not feel the edit")
        )
        yield f"{finding.text}: {effect}"


def _whole(vitals: Json, ranges: Mapping[str, Range]) -> Iterator[Finding]:
    """Figures of the model as a whole."""
    ratio = vitals.get("perplexity_ratio")
    for verdict, rise in ((Verdict.COLLAPSED, RISE_COLLAPSES), (Verdict.WARN, RISE_WARNS)):
        limit = perplexity_limit(ranges, rise)
        if ratio is not None and ratio > limit:
            yield Finding(
                verdict, f"perplexity is {ratio:.3f} times the base model's, over {limit:.3f}"
            )
    entropy = vitals.get("entropy_ratio")
    if entropy is not None and entropy < ENTROPY_COLLAPSES:
        yield Finding(
            Verdict.COLLAPSED,
            f"n-gram entropy is {entropy:.2f} of the base model's, under {ENTROPY_COLLAPSES:g}",
        )
    elif entropy is not None and entropy < (limit := entropy_warns(ranges)):
        yield Finding(
            Verdict.WARN, f"n-gram entropy is {entropy:.2f} of the base model's, under {limit:.2f}"
        )


def perplexity_limit(ranges: Mapping[str, Range], rise: float) -> float:
    """The perplexity ratio that is `rise` times the costliest single edit away from the base."""
    return exp(rise * max(LEAST_RISE, log(max(ranges["perplexity_ratio"].high, 1.0))))


def entropy_warns(ranges: Mapping[str, Range]) -> float:
    """Three times as far below the median as any single edit came."""
    normal = ranges["entropy_ratio"]
    return normal.q50 - 3 * (normal.q50 - normal.low)


def _force(vitals: Json) -> Iterator[Finding]:
    share, asked = vitals.get("in_force"), vitals.get("in_force_of", 0)
    if share is None or asked < FORCE_EDITS:
        return
    for verdict, limit in (
        (Verdict.COLLAPSED, FORCE_COLLAPSES),
        (Verdict.WARN, FORCE_WARNS),
    ):
        if share < limit:
            yield Finding(
                verdict, f"{share:.0%} of {asked} earlier edits are in force, under {limit:.0%}"
            )
            return
