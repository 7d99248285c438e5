"""Probes along a session's path: at the base, every so many edits, and at the cursor.

What was measured at a step stays with the step, so going on means measuring the other steps. Knows
no task: a probe says what it is called, what decides its value, and how it is measured.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ...engine.metrics.distance import distance_per_number
from ...engine.progress import Progress, ProgressSink, StopFlag, check
from ...store.records import BASE, Json, MeasurementRecord
from ..memory import named_memory

if TYPE_CHECKING:
    from ...engine.model import LoadedModel
    from ..live import LiveSession


class PathProbe(Protocol):
    """One measurement of a model.

    Attributes:
        label: What people call it.
        name: What it is called in the store.
        asked: What decides its value besides the model; a stored value counts where this is equal.
        command: The command that takes it, for the operation.
    """

    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def asked(self) -> Json: ...  # noqa: D102
    @property
    def command(self) -> str: ...  # noqa: D102

    def measure(
        self, model: LoadedModel, progress: ProgressSink, stop: StopFlag
    ) -> tuple[float, Json]:
        """The value, and everything behind it.

        Raises:
            RomebenchError: It can't be measured.
            CancelledError: `stop` was set.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """One probe at one step.

    Attributes:
        step: The step; 0 is the base.
        depth: Edits between the base and it.
        probe: Its label.
        value: The figure it is listed with.
        detail: Everything behind it, |Δ| and every text.
        known: It was measured before.
    """

    step: int
    depth: int
    probe: str
    value: float
    detail: Json
    known: bool


def read_along(
    live: LiveSession,
    probes: Sequence[PathProbe],
    *,
    every: int | None,
    progress: ProgressSink,
    stop: StopFlag,
) -> list[Reading]:
    """Take probes on the path to the cursor; the model is back at the cursor afterwards.

    Args:
        every: At the base, after every so many edits, and at the cursor; None: at the cursor.

    Raises:
        RomebenchError: A probe can't be measured; what was measured stays.
        CancelledError: `stop` was set; what was measured stays.
    """
    session = live.session
    session.require_writable()
    live.settle()
    points = _points(session.history.path(), every)
    known = {(record.step, record.probe): record for record in session.measurements()}
    readings: list[Reading] = []
    try:
        for depth, step in points:
            for probe in probes:
                check(stop, "the measurement")
                progress(Progress("probing", len(readings), len(points) * len(probes), probe.label))
                held = known.get((step, probe.name))
                found = held is not None and _same(held.detail, probe.asked)
                record = held if found else _measure(live, step, probe, progress, stop)
                assert record is not None
                assert record.value is not None
                readings.append(
                    Reading(step, depth, probe.label, record.value, record.detail, found)
                )
    finally:
        live.goto_weights(session.cursor.step)
    return readings


def _same(detail: Json, asked: Json) -> bool:
    return all(detail.get(key) == value for key, value in asked.items())


def _points(path: Sequence[int], every: int | None) -> list[tuple[int, int]]:
    """The (depth, step) at which probes are taken."""
    steps = dict(enumerate((BASE, *path)))
    last = len(path)
    wanted = {last} if every is None else {*range(0, last, every), last}
    return [(depth, steps[depth]) for depth in sorted(wanted)]


def _measure(
    live: LiveSession, step: int, probe: PathProbe, progress: ProgressSink, stop: StopFlag
) -> MeasurementRecord:
    """Take a probe at a step, and keep it."""
    session, began = live.session, time.perf_counter()
    live.goto_weights(step, stop=stop)
    with named_memory("the measurement"):
        value, detail = probe.measure(live.model, progress, stop)
    moved = distance_per_number(live.model, live.weights, session.record.weight_name)
    return session.repository.add_measurement(
        session.record.id,
        MeasurementRecord(step, probe.name, value, {**detail, **probe.asked, "distance": moved}),
        command=probe.command,
        params={"probe": probe.label, "step": step},
        result={"value": value},
        elapsed_s=time.perf_counter() - began,
    )
