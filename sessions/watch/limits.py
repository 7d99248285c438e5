"""Where a figure begins to warn, and where it says collapsed: the verdict's limits, to be drawn.

The verdict itself is made in `verdict`, on the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import FileFormatError
from ...store.records import SessionRecord
from .calibration import Calibration, Range, find_calibration
from .verdict import (
    ENTROPY_COLLAPSES,
    FORCE_COLLAPSES,
    FORCE_WARNS,
    OUTSIDE,
    RISE_COLLAPSES,
    RISE_WARNS,
    entropy_warns,
    perplexity_limit,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one figure; None where it has none.

    Attributes:
        warn: It warns beyond this.
        collapsed: It says collapsed beyond this.
        falling: Beyond is below: the figure is good where it is high.
    """

    warn: float | None = None
    collapsed: float | None = None
    falling: bool = False


def limits_of(calibration: Calibration | None, rule: str) -> dict[str, Limits]:
    """The limits of every figure that has any, for a rule; empty where it is not calibrated."""
    ranges: Mapping[str, Range] | None = (
        None if calibration is None else calibration.rules.get(rule)
    )
    if ranges is None:
        return {}
    return {
        "delta_ratio": Limits(OUTSIDE * ranges["delta_ratio"].high),
        "key_ratio": Limits(ranges["key_ratio"].low / OUTSIDE, falling=True),
        "perplexity_ratio": Limits(
            perplexity_limit(ranges, RISE_WARNS), perplexity_limit(ranges, RISE_COLLAPSES)
        ),
        "entropy_ratio": Limits(entropy_warns(ranges), ENTROPY_COLLAPSES, falling=True),
        "in_force": Limits(FORCE_WARNS, FORCE_COLLAPSES, falling=True),
    }


def limits_for(
    store: Path, record: SessionRecord, rules: Iterable[str]
) -> dict[str, dict[str, Limits]]:
    """The limits of a session's figures, from the calibration beside its store or of its model.

    By rule: the session's, or what some of its steps were made with.
    """
    try:
        search = find_calibration(
            store, record.model_sha256, record.weight_name, record.hparams,
            identity=record.statistics is None,
        )  # fmt: skip
    except FileFormatError:
        # A damaged file is told of by `calibrate --show`; curves can be drawn without limits.
        return {}
    return {rule: limits_of(search.calibration, rule) for rule in rules}
