"""Exact replay: the stored deltas again from the base, every step's weight hash compared.

Imports torch only when a replay is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..engine.progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ..store.records import BASE
from .verify import VerifyReport, verify

if TYPE_CHECKING:
    from ..engine.weights import EditedWeights
    from .history import History
    from .live import LiveSession

__all__ = ["Mismatch", "ReplayReport", "VerifyReport", "replay", "verify"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A step whose deltas do not give the weight hash it was recorded with."""

    step: int
    recorded: str
    found: str


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What an exact replay found.

    Attributes:
        session: Name of the session.
        checked: Steps whose hash was compared, the first mismatch included.
        mismatch: The first step whose hash differs, in the order of replay; None if none does.
        elapsed_s: How long it took, in seconds.
    """

    session: str
    checked: int
    mismatch: Mismatch | None
    elapsed_s: float


def replay(
    live: LiveSession, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER
) -> ReplayReport:
    """Replay every step of a session, branch by branch, on a fresh copy of the base weight.

    The live weights and the cursor are afterwards as they were.

    Raises:
        StoreError: A stored delta is damaged.
        CancelledError: `stop` was set.
    """
    from ..engine.weights import EditedWeights

    began = time.perf_counter()
    session = live.session
    with live.weights.at_base():
        fresh = EditedWeights(live.model)
        try:
            checked, mismatch = _replay(live, fresh, progress, stop)
        finally:
            fresh.goto((), live.loader(()))
    report = ReplayReport(
        session.record.name, checked, mismatch, round(time.perf_counter() - began, 6)
    )
    if session.writable:
        result = {"checked": checked, "mismatch": mismatch.step if mismatch else None}
        session.repository.record_operation(
            session.record.id, command="replay", params={}, status="ok", result=result,
            elapsed_s=report.elapsed_s,
        )  # fmt: skip
    return report


def _replay(
    live: LiveSession, fresh: EditedWeights, progress: ProgressSink, stop: StopFlag
) -> tuple[int, Mismatch | None]:
    session = live.session
    record, history = session.record, session.history
    found = fresh.base_sha256(record.weight_name)
    if found != record.base_weight_sha256:
        return 0, Mismatch(BASE, record.base_weight_sha256, found)
    order = list(_depth_first(history))
    load, at = live.loader(order), BASE
    for done, step in enumerate(order, 1):
        check(stop, "the replay")
        parent = history.node(step).parent
        if parent != at:
            fresh.goto(session.path_weights(parent), load)
        fresh.apply(step, load(step))
        at, recorded = step, session.weight_sha256_at(step)
        found = fresh.sha256(record.weight_name)
        if found != recorded:
            return done, Mismatch(step, recorded, found)
        progress(Progress("replaying", done, len(order)))
    return len(order), None


def _depth_first(history: History) -> Iterator[int]:
    """Every step after its parent, each branch to its end before the next."""
    waiting = list(reversed(history.children(BASE)))
    while waiting:
        step = waiting.pop()
        yield step
        waiting.extend(reversed(history.children(step)))
