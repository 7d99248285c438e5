"""Sessions side by side: their vitals by depth, and where they first part and in what.

Reads the store; knows no model and never imports torch. A session is compared along its cursor's
path. Steps correspond by depth: the first step of each, the second, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...store.records import GenerationRecord, Json, StepRecord
from .levels import Verdict

if TYPE_CHECKING:
    from ..view import SessionView

FIGURES = (
    "delta_ratio",
    "weight_ratio",
    "key_ratio",
    "u_dot_k",
    "perplexity",
    "perplexity_ratio",
    "ngram_entropy",
    "entropy_ratio",
    "in_force",
    "prob_new",
)
"""The vitals that are laid over each other."""

APART = 0.1
"""Curves have parted where they differ by more than this share of the larger."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One session along its path.

    Attributes:
        session: Its name.
        rule: The session's rule.
        model: Its model.
        identity: C = I.
        source: Where the session came from, if it is a replay.
        steps: Step numbers, by depth.
        subjects: Subject of each.
        verdicts: Verdict of each.
        reasons: Reason of each verdict.
        figures: Each of `FIGURES` by depth; None where it was not taken.
        efficacies: Whether each edit was in force right after it was made.
    """

    session: str
    rule: str
    model: str
    identity: bool
    source: Json | None
    steps: tuple[int, ...]
    subjects: tuple[str, ...]
    verdicts: tuple[str, ...]
    reasons: tuple[str, ...]
    figures: dict[str, tuple[float | None, ...]]
    efficacies: tuple[bool, ...]

    def last(self, name: str) -> float | None:
        """The last value of a figure that was taken."""
        return next((value for value in reversed(self.figures[name]) if value is not None), None)

    def largest(self, name: str) -> tuple[int, float] | None:
        """Depth and value of the largest; None where none was taken."""
        found = [(v, -d) for d, v in enumerate(self.figures[name], 1) if v is not None]
        return (-max(found)[1], max(found)[0]) if found else None

    @property
    def success(self) -> float | None:
        """Share of the edits that were in force right after they were made."""
        return sum(self.efficacies) / len(self.efficacies) if self.efficacies else None

    def first_verdict(self, verdict: Verdict) -> int | None:
        """Depth of the first step with a verdict, None where there is none."""
        return next((d for d, v in enumerate(self.verdicts, 1) if v == verdict), None)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between the first session and another.

    Attributes:
        name: What: "request", "rule", "u_dot_k", "last_loss", a generation's prompt, …
        first: In the first session.
        other: In the other.
    """

    name: str
    first: object
    other: object


@dataclass(frozen=True, slots=True)
class Parting:
    """Where a session parts from the first one.

    Attributes:
        session: The other session.
        depth: The first depth at which the edited weights differ; None where they never do.
        differences: What differs there.
        figures: The depth at which each curve has parted by more than a tenth.
    """

    session: str
    depth: int | None
    differences: tuple[Difference, ...]
    figures: dict[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Sessions side by side; the first is what the others are compared with."""

    curves: tuple[Curve, ...]
    partings: tuple[Parting, ...]


def compare(views: Sequence[SessionView]) -> Comparison:
    """Lay sessions over each other.

    Raises:
        StoreError: A step can't be read.
    """
    paths = [_path(view) for view in views]
    curves = tuple(_curve(view, path) for view, path in zip(views, paths, strict=True))
    others = zip(views[1:], paths[1:], curves[1:], strict=True)
    partings = tuple(
        _parting(views[0], paths[0], curves[0], view, path, curve) for view, path, curve in others
    )
    return Comparison(curves, partings)


def curve_of(view: SessionView) -> Curve:
    """One session along its cursor's path."""
    return _curve(view, _path(view))


def _path(view: SessionView) -> list[StepRecord]:
    return view.records(view.history.path(view.cursor.step))


def _curve(view: SessionView, path: Sequence[StepRecord]) -> Curve:
    record = view.record
    return Curve(
        session=record.name,
        rule=record.rule,
        model=record.model,
        identity=record.statistics is None,
        source=record.source,
        steps=tuple(step.step for step in path),
        subjects=tuple(str(step.request.get("subject", "")) for step in path),
        verdicts=tuple(step.verdict for step in path),
        reasons=tuple(step.verdict_reason for step in path),
        figures={name: tuple(_number(step.vitals.get(name)) for step in path) for name in FIGURES},
        efficacies=tuple(bool(step.vitals.get("efficacy")) for step in path),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _parting(
    first_view: SessionView,
    first: Sequence[StepRecord],
    first_curve: Curve,
    view: SessionView,
    path: Sequence[StepRecord],
    curve: Curve,
) -> Parting:
    pairs = list(zip(first, path, strict=False))
    at = next((i for i, (a, b) in enumerate(pairs) if a.weight_sha256 != b.weight_sha256), None)
    if at is None and len(first) != len(path):
        at = len(pairs)
    differences: tuple[Difference, ...] = ()
    if at is not None and at < len(pairs):
        a, b = pairs[at]
        differences = (
            *_differences(a, b),
            *_texts(first_view.generations(a.step), view.generations(b.step)),
        )
    return Parting(curve.session, None if at is None else at + 1, differences, _apart(
        first_curve, curve
    ))  # fmt: skip


def _differences(a: StepRecord, b: StepRecord) -> list[Difference]:
    """What differs between two steps, the causes before the consequences."""
    said = ("prompt", "subject", "target_new")
    rows: list[tuple[str, object, object]] = [
        ("request", _parts(a.request, said), _parts(b.request, said)),
        ("rule", a.rule, b.rule),
        ("site", a.weight_name, b.weight_name),
    ]
    keys = sorted(a.hparams.keys() | b.hparams.keys())
    rows += [(f"hparams: {key}", a.hparams.get(key), b.hparams.get(key)) for key in keys]
    for name in ("first_loss", "last_loss", "grad_steps", "offset_norm", "k0_dot_u", "kbar_dot_u",
                 "divisor", "amplification", "delta_norm", "identity_moment"):  # fmt: skip
        rows.append((name, a.diagnostics.get(name), b.diagnostics.get(name)))
    rows += [(name, a.vitals.get(name), b.vitals.get(name)) for name in (*FIGURES, "efficacy")]
    return [Difference(*row) for row in rows if row[1] != row[2]]


def _parts(request: Json, names: Sequence[str]) -> Json:
    return {name: request.get(name) for name in names}


def _texts(
    first: Sequence[GenerationRecord], other: Sequence[GenerationRecord]
) -> list[Difference]:
    """Texts written after the step from the same prompt that differ."""
    after = {text.prompt: text.text for text in other if text.role == "after"}
    return [
        Difference(f"text from {text.prompt!r}", text.text, after[text.prompt])
        for text in first
        if text.role == "after" and after.get(text.prompt, text.text) != text.text
    ]


def _apart(first: Curve, other: Curve) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in FIGURES:
        pairs = zip(first.figures[name], other.figures[name], strict=False)
        for depth, (a, b) in enumerate(pairs, 1):
            if a is not None and b is not None and abs(a - b) > APART * max(abs(a), abs(b)):
                found[name] = depth
                break
    return found
