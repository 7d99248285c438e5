"""Inspections as files: CSV for the figures, a picture by matplotlib where it is installed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..commands.inspected import (
    AverageShown,
    LensShown,
    SweepShown,
    TraceShown,
    VectorsShown,
)

if TYPE_CHECKING:
    from ...engine.arithmetic import OffsetScore
    from ..commands.inspected import Inspected

PICTURES = (".png", ".svg", ".pdf")


def check_paths(table: str | None, picture: str | None, *, force: bool) -> tuple[str, ...]:
    """The files that will be written.

    Raises:
        UsageError: One exists already, is of no kind that can be drawn, or matplotlib is missing.
    """
    if picture is not None:
        if Path(picture).suffix.lower() not in PICTURES:
            raise UsageError(f"{picture!r} is no picture file", f"end it in {', '.join(PICTURES)}")
        from .plots import require_matplotlib

        require_matplotlib()
    paths = tuple(path for path in (table, picture) if path is not None)
    for path in paths:
        if Path(path).exists() and not force:
            raise UsageError(f"there is a file {path} already", "--force writes over it")
    return paths


def write_files(result: Inspected, table: str | None, picture: str | None, *, force: bool) -> None:
    """Write what was asked for.

    Raises:
        UsageError: A path can't be written.
        StoreError: The disk is full.
    """
    from ...sessions.files import whole_file

    if table is not None:
        with whole_file(Path(table), force=force) as file:
            file.write(to_csv(result).encode())
    if picture is not None:
        from .plots import draw

        data = draw(result, Path(picture).suffix.lower().removeprefix("."))
        with whole_file(Path(picture), force=force) as file:
            file.write(data)


def to_csv(result: Inspected) -> str:
    """The figures of an inspection, one observation a line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows(_rows(result))
    return out.getvalue()


def _rows(result: Inspected) -> Iterator[Sequence[Any]]:
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
