"""Scores over pairs of target likelihoods: success, magnitude, and their harmonic mean.

Pure arithmetic on numbers. Source: kmeng01/rome `experiments/summarize.py`. All of them compare
length-normalised likelihoods: exp(−NLL) is the geometric mean of the token probabilities, not the
probability of the sequence that the paper's text speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp


@dataclass(frozen=True, slots=True)
class TargetPair:
    """How a prompt is answered: mean NLL per token of the new and of the true target, nats."""

    new: float
    true: float

    def to_json(self) -> dict[str, float]:
        """As the published case files have it."""
        return {"target_new": self.new, "target_true": self.true}


def success(pairs: Sequence[TargetPair]) -> float:
    """Share of prompts where the new target is likelier: ES on the request, PS on paraphrases.

    >>> success([TargetPair(new=1.0, true=2.0), TargetPair(new=3.0, true=2.0)])
    0.5
    """
    return _mean([float(pair.true > pair.new) for pair in pairs])


def magnitude(pairs: Sequence[TargetPair]) -> float:
    """Mean of p(new) − p(true): EM on the request, PM on paraphrases."""
    return _mean([exp(-pair.new) - exp(-pair.true) for pair in pairs])


def kept_success(pairs: Sequence[TargetPair]) -> float:
    """Share of neighbourhood prompts where the true target is likelier: NS."""
    return _mean([float(pair.true < pair.new) for pair in pairs])


def kept_magnitude(pairs: Sequence[TargetPair]) -> float:
    """Mean of p(true) − p(new) over neighbourhood prompts: NM."""
    return _mean([exp(-pair.true) - exp(-pair.new) for pair in pairs])


def harmonic_mean(values: Sequence[float]) -> float:
    """S, of ES, PS and NS (or of zsRE's three accuracies); 0 where one of them is 0.

    >>> harmonic_mean([100.0, 96.4, 75.4])
    89.2...
    """
    if any(value <= 0 for value in values):
        return 0.0
    return len(values) / sum(1 / value for value in values)


def _mean(values: Sequence[float]) -> float:
    """The mean.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("no prompts to score")
    return sum(values) / len(values)
