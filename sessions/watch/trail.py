"""The vitals of a session along its branch, followed while it grows.

Reads the store: of a session that is known already only the steps that are new. Knows no model and
never imports torch. Steps are in the order of the branch the cursor is on, up to its tip: the first
edit, the second, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ...store.records import BASE, SessionRecord, StepVitals
from .levels import Verdict
from .limits import Limits, limits_for

if TYPE_CHECKING:
    from ...store.repository import Repository

FIGURES = (
    "perplexity_ratio",
    "weight_ratio",
    "key_ratio",
    "in_force",
    "delta_ratio",
    "entropy_ratio",
    "prob_new",
    "u_dot_k",
    "efficacy",
    "perplexity",
    "ngram_entropy",
)
"""The vitals that are followed, those that tell most first."""

_MOST_HELD = 16
"""Sessions whose steps are kept."""


class Point(NamedTuple):
    """What is drawn and told of a step; `figures` are `FIGURES`, in their order."""

    step: int
    parent: int
    subject: str
    target: str
    rule: str
    verdict: str
    reason: str
    figures: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Trail:
    """One session along the branch of its cursor.

    Attributes:
        session: Its name.
        rule: The session's rule.
        identity: C = I.
        points: One a step, from the first edit to the branch's tip.
        limits: By the rule of a step, of the figures that have any.
    """

    session: str
    rule: str
    identity: bool
    points: tuple[Point, ...]
    limits: dict[str, dict[str, Limits]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many steps."""
        return len(self.points)

    def figure(self, name: str) -> list[float | None]:
        """One of `FIGURES`, by place on the path; None where it was not taken."""
        at = FIGURES.index(name)
        return [point.figures[at] for point in self.points]

    def limits_at(self, place: int) -> dict[str, Limits]:
        """What the verdict of a step went by: those of its rule, none where there was none."""
        if not self.points:
            return {}
        point = self.points[min(place, len(self.points) - 1)]
        return {} if point.verdict == Verdict.UNCALIBRATED else self.limits.get(point.rule, {})


@dataclass(slots=True)
class _Held:
    """What has been read of a session."""

    record: SessionRecord
    points: dict[int, Point] = field(default_factory=dict)
    last: int = 0


class Trails:
    """Follows sessions of a store. Used from one thread at a time."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def follow(self, repository: Repository, session: str) -> Trail:
        """A session as it stands now.

        Raises:
            StoreError: There is no such session.
        """
        record = repository.session(session)
        held = self._known(record)
        for found in repository.vitals_since(record.id, held.last):
            held.points[found.step] = _point(found)
            held.last = found.step
        branch = repository.cursor(record.id).branch
        at = next(b.tip for b in repository.branches(record.id) if b.name == branch)
        points = []
        while at != BASE and at in held.points:
            points.append(held.points[at])
            at = points[-1].parent
        path = tuple(reversed(points))
        rules = {point.rule for point in path}
        limits = limits_for(repository.database.path, record, rules)
        return Trail(record.name, record.rule, record.statistics is None, path, limits)

    def _known(self, record: SessionRecord) -> _Held:
        """What is held of a session; steps are never changed, so it stays true."""
        held = self._held.pop(record.uid, None) or _Held(record)
        self._held[record.uid] = held
        while len(self._held) > _MOST_HELD:
            del self._held[next(iter(self._held))]
        return held


def _point(found: StepVitals) -> Point:
    figures = tuple(_number(found.vitals.get(name)) for name in FIGURES)
    return Point(
        found.step, found.parent, found.subject, found.target_new.strip(),
        found.rule, found.verdict, found.verdict_reason, figures,
    )  # fmt: skip


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
