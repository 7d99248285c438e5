"""What the cases of a run come to: mean and standard deviation as published, with intervals.

Arithmetic on published-shape case results, whoever made them; knows no model and no store.
Source: kmeng01/rome and rebuilding-rome `experiments/summarize.py`. Scores are shown times 100, the
deviation is that of the population, and S is the harmonic mean of the rounded means, all as there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Any

import numpy as np

from ...engine.metrics.scores import (
    TargetPair,
    harmonic_mean,
    kept_magnitude,
    kept_success,
    magnitude,
    success,
)
from ...store.records import Json

Z95 = 1.959963984540054
RESAMPLES = 1000

LABELS = {
    "score": "S",
    "rewrite_success": "ES",
    "rewrite_diff": "EM",
    "paraphrase_success": "PS",
    "paraphrase_diff": "PM",
    "neighborhood_success": "NS",
    "neighborhood_diff": "NM",
    "rewrite_acc": "efficacy",
    "paraphrase_acc": "paraphrase",
    "neighborhood_acc": "specificity",
    "ngram_entropy": "GE",
    "reference_score": "RS",
    "essence_score": "essence",
    "generation_entropy": "generation entropy",
    "distance": "|Δ|/numel",
    "time": "time (s)",
}
"""Published key without its "pre_" or "post_", and the name in the papers' tables; their order."""

UNSCALED = frozenset({"essence_score", "time", "distance", "generation_entropy"})
"""What is not shown times 100."""

_TRIPLES = (
    ("rewrite_success", "paraphrase_success", "neighborhood_success"),
    ("rewrite_acc", "paraphrase_acc", "neighborhood_acc"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric over the cases of a run, at the scale of the papers' tables.

    Attributes:
        key: As published, "post_rewrite_success".
        label: As in the papers' tables, "ES".
        mean: Mean over cases; for S the harmonic mean of the means.
        std: Standard deviation over cases (of the population); None for S.
        low: Lower end of a 95 % interval: Wilson's where every case is 0 or 1, the normal one of
            the mean otherwise, a percentile bootstrap over cases for S.
        high: Upper end.
        n: Cases that have the metric.
    """

    key: str
    label: str
    mean: float
    std: float | None
    low: float
    high: float
    n: int


def summarize(cases: Sequence[Json]) -> list[Figure]:
    """Every metric that the cases have, after the edit ("post") and before it ("pre").

    A metric counts the cases that have it.
    """
    return figures_of([case_metrics(case) for case in cases])


def figures_of(metrics: Sequence[Mapping[str, float]]) -> list[Figure]:
    """What `summarize` gives, from the metrics of each case."""
    columns: dict[str, list[float]] = defaultdict(list)
    for case in metrics:
        for key, value in case.items():
            columns[key].append(value)
    figures = [_figure(key, values) for key, values in columns.items()]
    figures += [s for when in ("post", "pre") for s in _scores(when, columns)]
    order = list(LABELS)
    return sorted(figures, key=lambda f: (f.key.startswith("pre_"), order.index(_stem(f.key))))


def case_metrics(case: Json) -> dict[str, float]:
    """The metrics of one case by their published keys, unscaled."""
    found: dict[str, float] = {}
    if "time" in case:
        found["time"] = float(case["time"])
    moved = case.get("distance_from_original")
    if isinstance(moved, Mapping) and moved:
        found["distance"] = fsum(map(float, moved.values())) / len(moved)
    for when in ("pre", "post"):
        part = case.get(when)
        if isinstance(part, Mapping):
            found.update({f"{when}_{key}": value for key, value in _part(part).items()})
    return found


def _part(part: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of one side of a case."""
    found: dict[str, float] = {}
    for name in ("rewrite", "paraphrase", "neighborhood"):
        pairs = part.get(f"{name}_prompts_probs")
        if pairs:
            read = [TargetPair(float(p["target_new"]), float(p["target_true"])) for p in pairs]
            kept = name == "neighborhood"
            found[f"{name}_success"] = (kept_success if kept else success)(read)
            found[f"{name}_diff"] = (kept_magnitude if kept else magnitude)(read)
        bits = part.get(f"{name}_prompts_correct")
        if bits:
            found[f"{name}_acc"] = sum(map(float, bits)) / len(bits)
    for name in ("ngram_entropy", "reference_score", "essence_score", "generation_entropy"):
        if part.get(name) is not None:
            found[name] = float(part[name])
    return found


def _figure(key: str, values: Sequence[float]) -> Figure:
    stem = _stem(key)
    scale = 1.0 if stem in UNSCALED else 100.0
    mean, std = float(np.mean(values)), float(np.std(values))
    low, high = _interval(values)
    least = 0.0 if stem.endswith(("_success", "_acc")) else -1.0
    if stem.endswith(("_success", "_acc", "_diff")):
        low, high = max(least, low), min(1.0, high)
    return Figure(
        key, LABELS[stem], scale * mean, scale * std, scale * low, scale * high, len(values)
    )


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """A 95 % interval of the mean; the mean itself where there is one value."""
    n, mean = len(values), float(np.mean(values))
    if set(values) <= {0.0, 1.0}:
        middle = (mean + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
        half = Z95 / (1 + Z95**2 / n) * sqrt(mean * (1 - mean) / n + Z95**2 / (4 * n * n))
        return middle - half, middle + half
    half = Z95 * float(np.std(values, ddof=1)) / sqrt(n) if n > 1 else 0.0
    return mean - half, mean + half


def _scores(when: str, columns: Mapping[str, Sequence[float]]) -> list[Figure]:
    """S, where its three parts are there for the same cases."""
    for triple in _TRIPLES:
        parts = [columns.get(f"{when}_{stem}", ()) for stem in triple]
        n = len(parts[0])
        if not n or any(len(part) != n for part in parts):
            continue
        score = harmonic_mean([round(100 * float(np.mean(part)), 2) for part in parts])
        low, high = _bootstrap(np.array(parts))
        return [Figure(f"{when}_score", LABELS["score"], score, None, low, high, n)]
    return []


def _bootstrap(parts: Any) -> tuple[float, float]:
    """Percentile interval of S over resampled cases; `parts` is [3, cases]."""
    n = parts.shape[1]
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    means = 100 * draws @ parts.T / n
    scores = [harmonic_mean(row) for row in means]
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def _stem(key: str) -> str:
    return key.removeprefix("post_").removeprefix("pre_")
