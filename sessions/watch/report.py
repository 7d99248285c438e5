"""What a report says of some sessions, gathered from the store. Knows no page and no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...engine.request import EditRequest
from ...store.records import GenerationRecord
from ...version import __version__
from .compare import Curve, curve_of
from .levels import Verdict
from .limits import Limits, limits_for
from .retention import Column, read_retention

if TYPE_CHECKING:
    from ..view import SessionView

WORST = 5
"""Edits that are shown with their texts."""


@dataclass(frozen=True, slots=True)
class WorstEdit:
    """An edit after which the model stood worst, against how it stood before.

    Attributes:
        rise: Perplexity after it over perplexity before it; None where either is missing.
        texts: What was written before and after it, if it had generation prompts.
    """

    step: int
    depth: int
    typed: str
    verdict: str
    reason: str
    delta_ratio: float | None
    perplexity_ratio: float | None
    rise: float | None
    efficacy: bool
    texts: tuple[GenerationRecord, ...]


@dataclass(frozen=True, slots=True)
class SessionReport:
    """One session: its curve, what it was made with, its worst edits, its retention, its limits."""

    curve: Curve
    facts: tuple[tuple[str, str], ...]
    worst: tuple[WorstEdit, ...]
    retention: tuple[Column, ...]
    limits: dict[str, Limits] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """Sessions side by side.

    Attributes:
        rows: The table: a label, and a cell for each session.
    """

    sessions: tuple[SessionReport, ...]
    rows: tuple[tuple[str, tuple[object, ...]], ...]
    made_at: str
    version: str


def gather(views: Sequence[SessionView]) -> Report:
    """Gather a report.

    Raises:
        StoreError: A step can't be read.
    """
    sessions = tuple(_session(view) for view in views)
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Report(sessions, tuple(_rows([each.curve for each in sessions])), made_at, __version__)


def _rows(curves: Sequence[Curve]) -> list[tuple[str, tuple[object, ...]]]:
    def row(label: str, cells: Sequence[object]) -> tuple[str, tuple[object, ...]]:
        return label, tuple(cells)

    largest = [curve.largest("delta_ratio") for curve in curves]
    return [
        row("rule", [curve.rule for curve in curves]),
        row("second moments", ["C = I" if curve.identity else "C" for curve in curves]),
        row("edits", [len(curve.steps) for curve in curves]),
        row("share that took hold", [curve.success for curve in curves]),
        row("largest ‖Δ‖/‖W₀‖", [None if found is None else found[1] for found in largest]),
        row("‖W−W₀‖/‖W₀‖ at the end", [curve.last("weight_ratio") for curve in curves]),
        row("perplexity × base's at the end", [curve.last("perplexity_ratio") for curve in curves]),
        row("n-gram entropy × base's at the end", [c.last("entropy_ratio") for c in curves]),
        row("earlier edits in force at the end", [curve.last("in_force") for curve in curves]),
        row("first warn, at edit", [curve.first_verdict(Verdict.WARN) for curve in curves]),
        row("first collapsed, at edit", [c.first_verdict(Verdict.COLLAPSED) for c in curves]),
    ]


def _session(view: SessionView) -> SessionReport:
    record, curve = view.record, curve_of(view)
    facts = [
        ("model", record.model),
        ("fingerprint", record.model_sha256),
        ("rule", record.rule),
        ("site", record.weight_name),
        ("second moments", "C = I" if record.statistics is None else "C"),
        ("dtype, device", f"{record.dtype}, {record.device}"),
        ("seed", str(record.seed)),
        ("weight hash", view.weight_sha256),
        ("versions", ", ".join(f"{name} {v}" for name, v in record.versions.items())),
    ]
    if record.source:
        facts.append(("from", f"{record.source.get('kind')} of {record.source.get('session', '')}"))
    retention = read_retention(view).columns
    limits = limits_for(view.repository.database.path, record, [record.rule]).get(record.rule, {})
    return SessionReport(curve, tuple(facts), tuple(_worst(view, curve)), retention, limits)


def _worst(view: SessionView, curve: Curve) -> list[WorstEdit]:
    """The edits with the greatest rise of perplexity; of the norm where none was measured."""
    ratios = curve.figures["perplexity_ratio"]
    rises = [
        None if after is None or not before else after / before
        for before, after in zip((1.0, *ratios), ratios, strict=False)
    ]
    badness = [
        (rise if rise is not None else 0.0, norm or 0.0)
        for rise, norm in zip(rises, curve.figures["delta_ratio"], strict=True)
    ]
    order = sorted(range(len(badness)), key=lambda at: badness[at], reverse=True)[:WORST]
    return [_edit(view, curve, at, rises[at]) for at in order]


def _edit(view: SessionView, curve: Curve, at: int, rise: float | None) -> WorstEdit:
    number = curve.steps[at]
    step = view.step(number)
    # What was written before the edit is kept with the step it was written at.
    around = [*view.generations(step.parent), *view.generations(number)]
    prompts = step.request.get("generation_prompts", ())
    wanted = {(step.parent, "before"), (number, "after")}
    texts = [t for t in around if (t.step, t.role) in wanted and t.prompt in prompts]
    return WorstEdit(
        step=number,
        depth=at + 1,
        typed=EditRequest.from_json(step.request).typed,
        verdict=step.verdict,
        reason=step.verdict_reason,
        delta_ratio=step.vitals.get("delta_ratio"),
        perplexity_ratio=step.vitals.get("perplexity_ratio"),
        rise=rise,
        efficacy=bool(step.vitals.get("efficacy")),
        texts=tuple(sorted(texts, key=lambda t: (t.prompt, t.role == "after"))),
    )
