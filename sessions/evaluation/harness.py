"""Tasks of the lm-evaluation-harness as probes along a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.metrics.harness import BATCH_SIZE, HarnessTasks
from ...engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ...store.records import Json
from .along import Reading, read_along

if TYPE_CHECKING:
    from ...engine.model import LoadedModel
    from ..live import LiveSession


@dataclass(frozen=True, slots=True)
class HarnessProbe:
    """One task, as it is asked.

    Attributes:
        tasks: Where it was found.
        label: Its name.
        limit: Only the first so many examples.
        shots: Examples in front; None for the task's own number.
        batch_size: Requests that go through the model together.
    """

    tasks: HarnessTasks
    label: str
    limit: int | None
    shots: int | None
    batch_size: int
    command: str = "eval harness"

    @property
    def name(self) -> str:
        """What it is called in the store."""
        return f"lm-eval.{self.label}"

    @property
    def asked(self) -> Json:
        """What decides the value besides the model."""
        return {"limit": self.limit, "asked_shots": self.shots, "sha256": self.tasks.sha256}

    def measure(
        self, model: LoadedModel, progress: ProgressSink, stop: StopFlag
    ) -> tuple[float, Json]:
        """The task's first metric, and all that the harness gave."""
        found = self.tasks.score(
            model,
            self.label,
            limit=self.limit,
            shots=self.shots,
            batch_size=self.batch_size,
            progress=progress,
            stop=stop,
        )
        return found.value, {**asdict(found), "context": model.max_positions}


def measure_harness(
    live: LiveSession,
    tasks: Sequence[str],
    *,
    include: Path | None = None,
    every: int | None = None,
    limit: int | None = None,
    shots: int | None = None,
    batch_size: int = BATCH_SIZE,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> list[Reading]:
    """Ask tasks on the path to the cursor; the model is back at the cursor afterwards.

    Args:
        tasks: Names of tasks or groups.
        include: A folder of YAML task files.
        every: At the base, after every so many edits, and at the cursor; None: at the cursor.
        limit: Only the first so many examples of each.
        shots: Examples in front of each; None for each task's own number.

    Raises:
        UsageError: lm-eval isn't installed, there is no such task, or its data can't be had.
        ModelError: A task asks for longer texts than the model can write.
        CancelledError: `stop` was set; what was measured stays.
    """
    found = HarnessTasks.find(tasks, include)
    probes = [HarnessProbe(found, name, limit, shots, batch_size) for name in found.names]
    return read_along(live, probes, every=every, progress=progress, stop=stop)
