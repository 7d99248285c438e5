"""A session as JSON Lines: complete, schema-versioned, and readable by anything.

The lines come in the order session, branch, cursor, queue, step with its delta, generation,
measurement, operation; a reader may rely on the session line being first. The lines of a step are
read from the store one after another, so that a long session needs no more memory than a short one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ..errors import StoreError
from .files import whole_file
from .lines import to_line

if TYPE_CHECKING:
    from ..store.records import (
        BranchRecord,
        CursorRecord,
        GenerationRecord,
        MeasurementRecord,
        OperationRecord,
        QueueRecord,
    )
    from ..store.repository import Repository

_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        session: Name of the session.
        path: The file.
        steps: How many steps are in it.
        lines: How many lines.
        size_bytes: How long the file is.
    """

    session: str
    path: Path
    steps: int
    lines: int
    size_bytes: int


def export_session(
    repository: Repository,
    name: str,
    path: Path,
    *,
    force: bool = False,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> ExportReport:
    """Write a session to a file, whole or not at all.

    Raises:
        StoreError: There is no such session; the disk is full.
        UsageError: The file exists and `force` is off, or can't be written.
        CancelledError: `stop` was set; no file is left.
    """
    steps = lines = size = 0
    total = len(repository.step_lines(repository.session(name).id))
    with whole_file(path, force=force) as file:
        for line in export_lines(repository, name):
            check(stop, f"the export of {name}")
            if line.startswith('{"type": "step"'):
                steps += 1
                progress(Progress("exporting", steps, total))
            size += file.write(line.encode() + b"\n")
            lines += 1
    return ExportReport(name, path, steps, lines, size)


def export_lines(repository: Repository, name: str) -> Iterator[str]:
    """The lines of a session's export, without line ends.

    Raises:
        StoreError: There is no such session, or the store can't be read.
    """
    record = repository.session(name)
    frame = _frame(repository, record.id)
    head: list[object] = [record, *frame.branches, frame.cursor, *frame.queue]
    yield from map(to_line, head)
    steps = repository.steps(record.id, frame.steps)
    for step, delta in zip(steps, repository.deltas(record.id, frame.steps), strict=True):
        yield to_line(step)
        yield to_line(delta)
    tail: list[object] = [*frame.generations, *frame.measurements, *frame.operations]
    yield from map(to_line, tail)


@dataclass(frozen=True, slots=True)
class _Frame:
    """All of a session that can change, as it was at one moment; its steps never change."""

    branches: list[BranchRecord]
    cursor: CursorRecord
    queue: list[QueueRecord]
    steps: list[int]
    generations: list[GenerationRecord]
    measurements: list[MeasurementRecord]
    operations: list[OperationRecord]


def _frame(repository: Repository, session_id: int) -> _Frame:
    """Read until nothing was written meanwhile: every change of a session appends an operation.

    Raises:
        StoreError: Another process writes faster than the session can be read.
    """
    for _ in range(_ATTEMPTS):
        frame = _Frame(
            operations=list(repository.operations(session_id)),
            branches=list(repository.branches(session_id)),
            cursor=repository.cursor(session_id),
            queue=list(repository.queue(session_id)),
            steps=sorted(line.step for line in repository.step_lines(session_id)),
            generations=list(repository.generations(session_id)),
            measurements=list(repository.measurements(session_id)),
        )
        if list(repository.operations(session_id, limit=1))[-1:] == frame.operations[-1:]:
            return frame
    raise StoreError("another process is writing to the session", "export it when that is done")
