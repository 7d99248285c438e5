"""Checking what is stored of a session against itself. Needs no model; never imports torch.

That the deltas give the recorded weight hashes is for exact replay (`replay.py`) to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..engine.progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ..errors import StoreError
from ..store.records import BASE, DeltaRecord, StepLine
from .deltas import arrays
from .history import History, Node

if TYPE_CHECKING:
    from ..store.repository import Repository


_AT_ONCE = 128
"""Deltas read in one query."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was checked, and what is wrong.

    Attributes:
        steps: How many steps the session has.
        deltas: How many of their deltas are sound.
        problems: One line for each thing that is wrong; empty for a sound session.
    """

    steps: int
    deltas: int
    problems: tuple[str, ...]


def verify(
    repository: Repository,
    session_id: int,
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> VerifyReport:
    """Check tree, branches, cursor, deltas and whatever names a step.

    Raises:
        StoreError: The store can't be read.
        CancelledError: `stop` was set.
    """
    lines = repository.step_lines(session_id)
    problems = [*_tree(repository, session_id, lines), *_names(repository, session_id, lines)]
    damaged = 0
    for start in range(0, len(lines), _AT_ONCE):
        check(stop, "the check")
        progress(Progress("checking deltas", start, len(lines)))
        some = lines[start : start + _AT_ONCE]
        found = [problem for problem in _deltas(repository, session_id, some) if problem]
        problems += found
        damaged += len(found)
    progress(Progress("checking deltas", len(lines), len(lines)))
    return VerifyReport(len(lines), len(lines) - damaged, tuple(problems))


def _tree(repository: Repository, session_id: int, lines: list[StepLine]) -> Iterator[str]:
    branches = {branch.name: branch.tip for branch in repository.branches(session_id)}
    nodes = [Node(line.step, line.parent, line.depth) for line in lines]
    try:
        History(nodes, branches, repository.cursor(session_id))
    except ValueError as error:
        yield f"the history is damaged: {error}"


def _names(repository: Repository, session_id: int, lines: list[StepLine]) -> Iterator[str]:
    known = {BASE, *(line.step for line in lines)}
    named = [("a generation", record.step) for record in repository.generations(session_id)]
    named += [("a measurement", record.step) for record in repository.measurements(session_id)]
    named += [("the queue", entry.step or BASE) for entry in repository.queue(session_id)]
    for what, step in named:
        if step not in known:
            yield f"{what} names step {step}, which does not exist"
    numbers = [operation.number for operation in repository.operations(session_id)]
    for expected, number in enumerate(numbers, 1):
        if number != expected:
            yield f"operation {expected} is missing"
            return


def _deltas(repository: Repository, session_id: int, lines: list[StepLine]) -> Iterator[str | None]:
    """What is wrong with each delta, read all at once unless one can't be read."""
    try:
        records = list(repository.deltas(session_id, [line.step for line in lines]))
    except StoreError as error:
        if len(lines) == 1:
            yield error.message
            return
        for line in lines:
            yield from _deltas(repository, session_id, [line])
        return
    for line, record in zip(lines, records, strict=True):
        yield _delta(line, record)


def _delta(line: StepLine, record: DeltaRecord) -> str | None:
    try:
        arrays(record)
    except StoreError as error:
        return error.message
    if record.weight_name != line.weight_name:
        return f"step {line.step} edits {line.weight_name}, its delta {record.weight_name}"
    return None
