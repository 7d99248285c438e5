"""Retention: every edit of a path asked again at chosen later steps, and how many were forgotten.

The weights visit the steps; the cursor stays. Each column is stored as one measurement as soon as
it is taken, so a stopped measurement goes on where it was. Reading what is stored needs no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ...engine.request import EditRequest
from ...errors import UsageError
from ...store.records import Json, MeasurementRecord
from ..memory import named_memory

if TYPE_CHECKING:
    from ..live import LiveSession
    from ..view import SessionView

PROBE = "retention"
"""Name of the measurements: at the step of the column, the share of edits in force."""

EFFICACY, PARAPHRASE, NEIGHBOURHOOD = "efficacy", "paraphrase", "neighbourhood"
SCORES = (EFFICACY, PARAPHRASE, NEIGHBOURHOOD)


@dataclass(frozen=True, slots=True)
class Column:
    """All edits of a path, asked at one step.

    Attributes:
        step: The step the weights stood at.
        steps: The edits that were asked, by step number, oldest first.
        succeeded: Whether each was in force right after it was made.
        scores: For each of `SCORES` that was taken, one figure an edit: efficacy 0 or 1; the share
            of paraphrases that give the new target; the share of neighbours that keep the true
            one. None where the request has no such prompts.
    """

    step: int
    steps: tuple[int, ...]
    succeeded: tuple[bool, ...]
    scores: dict[str, tuple[float | None, ...]]

    @property
    def kept(self) -> float:
        """Share of all edits in force."""
        return _mean(self.scores[EFFICACY]) or 0.0

    @property
    def forgotten(self) -> float | None:
        """Facts forgotten (unified-model-editing `fact_forgetting.py`): the share of the edits
        that succeeded when they were made and fail now; None where none succeeded."""
        now = self.scores[EFFICACY]
        asked = [kept for kept, once in zip(now, self.succeeded, strict=True) if once]
        return sum(not kept for kept in asked) / len(asked) if asked else None

    def mean(self, score: str) -> float | None:
        """Mean of a score over the edits that have it."""
        return _mean(self.scores.get(score, ()))

    def to_json(self) -> Json:
        """What a measurement keeps of it."""
        return {
            "steps": list(self.steps),
            "succeeded": list(self.succeeded),
            "scores": {name: list(values) for name, values in self.scores.items()},
            "forgotten": self.forgotten,
        }


def _mean(values: Sequence[float | None]) -> float | None:
    taken = [value for value in values if value is not None]
    return sum(taken) / len(taken) if taken else None


@dataclass(frozen=True, slots=True)
class Retention:
    """The matrix of a path: edits by steps.

    Attributes:
        session: The session's name.
        subjects: Subject of each edit of the path, by step number.
        columns: By step along the path.
    """

    session: str
    subjects: dict[int, str]
    columns: tuple[Column, ...]

    def cell(self, edit: int, column: Column, score: str = EFFICACY) -> float | None:
        """One cell; None where the edit was not made yet or has no such prompts."""
        values = column.scores.get(score, ())
        place = {step: at for at, step in enumerate(column.steps)}.get(edit)
        return None if place is None or place >= len(values) else values[place]


def columns_of(path: Sequence[int], every: int) -> list[int]:
    """The steps that are measured: each `every`-th along the path, and its last."""
    chosen = [step for depth, step in enumerate(path, 1) if depth % every == 0]
    return chosen if not path or path[-1] in chosen else [*chosen, path[-1]]


def read_retention(view: SessionView, to: int | None = None) -> Retention:
    """What is stored for a path.

    Args:
        to: The step it leads to; None for the cursor's.
    """
    path = view.history.path(view.cursor.step if to is None else to)
    lines = {line.step: line.subject for line in view.lines()}
    found: dict[int, Column] = {}
    on_path = frozenset(path)
    for record in view.measurements():
        if record.probe == PROBE and record.step in on_path:
            found[record.step] = _column(record)
    return Retention(
        view.record.name,
        {step: lines[step] for step in path},
        tuple(found[step] for step in path if step in found),
    )


def _column(record: MeasurementRecord) -> Column:
    return Column(
        record.step,
        tuple(record.detail["steps"]),
        tuple(record.detail["succeeded"]),
        {name: tuple(values) for name, values in record.detail["scores"].items()},
    )


def measure_retention(
    live: LiveSession,
    *,
    every: int = 10,
    scores: Sequence[str] = (EFFICACY,),
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Retention:
    """Ask every edit of the cursor's path again at chosen steps, and store what comes of it.

    Columns that are stored with these scores already are not taken again.

    Args:
        every: Depths between columns; the path's last step is always one.
        scores: Of `SCORES`; efficacy is always among them.

    Raises:
        UsageError: The cursor stands at the base.
        CancelledError: `stop` was set; the columns that were taken are stored.
    """
    session = live.session
    session.require_writable()
    live.settle()
    path = session.history.path(session.cursor.step)
    if not path:
        raise UsageError("there is no edit to ask again", "the cursor stands at the base")
    wanted = [name for name in SCORES if name in {EFFICACY, *scores}]
    done = {
        column.step
        for column in read_retention(session).columns
        if set(wanted) <= column.scores.keys()
    }
    todo = [step for step in columns_of(path, every) if step not in done]
    try:
        for at, step in enumerate(todo):
            check(stop, "the measurement")
            progress(Progress("measuring retention", at, len(todo), f"step {step}"))
            with named_memory("the measurement"):
                _store(live, _measure(live, path, step, wanted, stop), every)
    finally:
        live.goto_weights(session.cursor.step)
    progress(Progress("measuring retention", len(todo), len(todo)))
    return read_retention(session)


def _store(live: LiveSession, column: Column, every: int) -> None:
    live.session.repository.add_measurement(
        live.session.record.id,
        MeasurementRecord(column.step, PROBE, column.kept, column.to_json()),
        command="retention",
        params={"step": column.step, "every": every},
        result={"kept": column.kept, "forgotten": column.forgotten},
    )


def _measure(
    live: LiveSession, path: Sequence[int], step: int, wanted: Sequence[str], stop: StopFlag
) -> Column:
    steps = path[: path.index(step) + 1]
    live.goto_weights(step, stop=stop)
    edits = live.vitals.edits.of(steps)
    asked = {name: [_prompts(edit.request, name) for edit in edits] for name in wanted}
    return Column(
        step,
        tuple(steps),
        tuple(edit.succeeded for edit in edits),
        {name: _scores(live, questions, name, stop) for name, questions in asked.items()},
    )


def _prompts(request: EditRequest, score: str) -> list[EditRequest]:
    """What is asked of one edit for a score."""
    if score == EFFICACY:
        return [request]
    prompts = request.paraphrase_prompts
    if score == NEIGHBOURHOOD:
        prompts = request.neighborhood_prompts if request.target_true is not None else ()
    return [EditRequest("{}", text, request.target_new, request.target_true) for text in prompts]


def _scores(
    live: LiveSession, questions: Sequence[Sequence[EditRequest]], score: str, stop: StopFlag
) -> tuple[float | None, ...]:
    from ...engine.probes import says

    answers = iter(says(live.model, [one for many in questions for one in many], stop=stop))
    found: list[float | None] = []
    for many in questions:
        hits = [next(answers) for _ in many]
        if score == NEIGHBOURHOOD:
            hits = [not hit for hit in hits]
        found.append(sum(hits) / len(hits) if hits else None)
    return tuple(found)
