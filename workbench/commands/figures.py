"""Inspections as tables: one observation a row, for CSV. Knows no file and no screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...store.records import Json
from .inspected import AverageShown, LensShown, SweepShown, TraceShown, VectorsShown

if TYPE_CHECKING:
    from ...engine.arithmetic import OffsetScore
    from .inspected import Inspected


def figures(result: Inspected) -> list[Json]:
    """The figures of an inspection, one observation a row."""
    lines = _lines(result)
    names = next(lines)
    return [dict(zip(names, line, strict=True)) for line in lines]


def _lines(result: Inspected) -> Iterator[Sequence[Any]]:
    """The names of the columns, then the cells of each row."""
    match result:
        case LensShown():
            yield from _lens_rows(result)
        case TraceShown():
            yield ("step", "token", "piece", "subject", "layer", "score", "indirect_effect")
            for step, found in ((result.against_step, result.against), (result.step, result.trace)):
                if found is None:
                    continue
                first, end = found.subject_range
                for token, row in zip(found.positions, found.scores, strict=True):
                    for layer, score in enumerate(row):
                        yield (step, token, found.tokens[token], int(first <= token < end), layer,
                               score, score - found.low)  # fmt: skip
        case AverageShown():
            yield ("role", "facts", "layer", "mean", "low", "high")
            for curve in result.average.curves:
                for layer, values in enumerate(zip(curve.mean, curve.low, curve.high, strict=True)):
                    yield (str(curve.role), curve.facts, layer, *values)
        case VectorsShown():
            yield ("offset", "before", "of_before", "after", "of_after", "score", "control",
                   "control_mean", "control_low", "control_high", "p_value")  # fmt: skip
            for each in result.arithmetic.scores:
                real = _score_cells(each)
                for c in each.controls:
                    yield (*real, str(c.kind), c.mean, c.low, c.high, c.p_value)
                if not each.controls:
                    yield (*real, "", "", "", "", "")
        case SweepShown():
            yield ("layer", "scale", "score", "probability")
            found_ = result.sweep
            for i, layer in enumerate(found_.layers):
                for j, scale in enumerate(found_.scales):
                    yield (layer, scale, found_.scores[i][j], found_.probs[i][j])


def _lens_rows(result: LensShown) -> Iterator[Sequence[Any]]:
    watched = [name for word in result.lens.watched for name in (f"rank {word}", f"prob {word}")]
    yield ("step", "layer", "rank", "token", "probability", "entropy", *watched)
    lenses = [(result.step, result.lens)]
    if result.comparison is not None and result.against_step is not None:
        lenses.insert(0, (result.against_step, result.comparison.before))
    for step, found in lenses:
        for row in found.rows:
            ranks = [x for pair in zip(row.watched_ranks, row.watched_probs, strict=True)
                     for x in pair]  # fmt: skip
            for rank, (token, prob) in enumerate(zip(row.tokens, row.probs, strict=True), 1):
                yield (step, row.layer, rank, token, prob, row.entropy, *ranks)


def _score_cells(each: OffsetScore) -> tuple[float, ...]:
    score = each.score
    counts = (score.before, score.of_before, score.after, score.of_after)
    return (each.offset, *counts, score.value)
