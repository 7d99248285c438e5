"""The content of an export, read line by line and checked as a whole. Knows no store.

What can be checked without the model is: the shape of each line, the digests of the deltas, the
tree, and that whatever names a step names one that is there. That the deltas give the recorded
hashes is for exact replay to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..engine.progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ..errors import FileFormatError, StoreError, UsageError
from ..store.records import (
    BASE,
    BranchRecord,
    CursorRecord,
    DeltaRecord,
    GenerationRecord,
    MeasurementRecord,
    OperationRecord,
    QueueRecord,
    SessionRecord,
    StepRecord,
)
from .deltas import arrays
from .history import History, Node
from .lines import LineError, from_line
from .names import check_branch_name

_QUEUE_STATUSES = frozenset({"pending", "done", "failed", "cleared"})
_REPORT_EVERY = 500


@dataclass(slots=True)
class Content:
    """The records of one export.

    Attributes:
        lines: Line of each record that has a number of its own.
        named: (line, what, step) for everything that names a step.
    """

    session: SessionRecord | None = None
    cursor: CursorRecord | None = None
    branches: list[BranchRecord] = field(default_factory=list)
    queue: list[QueueRecord] = field(default_factory=list)
    steps: dict[int, StepRecord] = field(default_factory=dict)
    deltas: dict[int, DeltaRecord] = field(default_factory=dict)
    generations: list[GenerationRecord] = field(default_factory=list)
    measurements: list[MeasurementRecord] = field(default_factory=list)
    operations: list[OperationRecord] = field(default_factory=list)
    lines: dict[tuple[type[Any], int], int] = field(default_factory=dict)
    named: list[tuple[int, str, int]] = field(default_factory=list)


def read_content(path: Path, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER) -> Content:
    """Read and check an export.

    Raises:
        FileFormatError: The file is no export, or a damaged one; names file and line.
        CancelledError: `stop` was set.
    """
    content = Content()
    number = 0
    try:
        for number, text in _lines(path):
            if number % _REPORT_EVERY == 0:
                check(stop, "the import")
                progress(Progress("reading", number, detail=f"{len(content.steps)} steps"))
            _take(content, number, from_line(text, id=0, used_at=""))
        _require(content)
    except LineError as error:
        raise FileFormatError(
            f"{path}:{number}: {error}", "is it an export of romebench?"
        ) from None
    try:
        _check_references(content)
        _check_tree(content)
    except _AtLineError as error:
        raise FileFormatError(f"{path}:{error.line}: {error}", "the export is damaged") from None
    return content


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield number, text
    except UnicodeDecodeError:
        raise FileFormatError(f"{path}: not UTF-8 text", "name an export (.jsonl)") from None
    except OSError as error:
        raise FileFormatError(f"{path}: {error.strerror or error}", "name an export") from None


class _AtLineError(Exception):
    """Something wrong with what a line says of the others."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _take(content: Content, number: int, record: Any) -> None:
    if (content.session is None) != isinstance(record, SessionRecord):
        raise LineError(
            "a second session line" if content.session else "the first line is not a session's"
        )
    _TAKERS[type(record)](content, number, record)


def _take_session(content: Content, number: int, record: SessionRecord) -> None:
    content.session = record


def _take_branch(content: Content, number: int, record: BranchRecord) -> None:
    try:
        check_branch_name(record.name)
    except UsageError as error:
        raise LineError(error.message) from None
    if any(record.name == other.name for other in content.branches):
        raise LineError(f"a second branch {record.name!r}")
    content.branches.append(record)
    content.named.append((number, f"branch {record.name!r}", record.tip))


def _take_cursor(content: Content, number: int, record: CursorRecord) -> None:
    if content.cursor is not None:
        raise LineError("a second cursor")
    content.cursor = record
    content.lines[CursorRecord, 0] = number
    content.named.append((number, "the cursor", record.step))


def _take_queue(content: Content, number: int, record: QueueRecord) -> None:
    if record.status not in _QUEUE_STATUSES:
        raise LineError(f"a queue status {record.status!r}")
    _unique(content, QueueRecord, record.position, number, f"queue position {record.position}")
    content.queue.append(record)
    if record.step is not None:
        content.named.append((number, "the queue", record.step))


def _take_step(content: Content, number: int, record: StepRecord) -> None:
    if record.step < 1:
        raise LineError(f"a step with the number {record.step}")
    _unique(content, StepRecord, record.step, number, f"step {record.step}")
    content.steps[record.step] = record


def _take_delta(content: Content, number: int, record: DeltaRecord) -> None:
    _unique(content, DeltaRecord, record.step, number, f"delta of step {record.step}")
    try:
        arrays(record)
    except StoreError as error:
        raise LineError(error.message) from None
    content.deltas[record.step] = record
    content.named.append((number, "a delta", record.step))


def _take_generation(content: Content, number: int, record: GenerationRecord) -> None:
    content.generations.append(record)
    content.named.append((number, "a generation", record.step))


def _take_measurement(content: Content, number: int, record: MeasurementRecord) -> None:
    content.measurements.append(record)
    content.named.append((number, "a measurement", record.step))


def _take_operation(content: Content, number: int, record: OperationRecord) -> None:
    _unique(content, OperationRecord, record.number, number, f"operation {record.number}")
    content.operations.append(record)
    content.named.append((number, "an operation", record.before.step))
    content.named.append((number, "an operation", record.after.step))


_TAKERS: dict[type[Any], Callable[[Content, int, Any], None]] = {
    SessionRecord: _take_session,
    BranchRecord: _take_branch,
    CursorRecord: _take_cursor,
    QueueRecord: _take_queue,
    StepRecord: _take_step,
    DeltaRecord: _take_delta,
    GenerationRecord: _take_generation,
    MeasurementRecord: _take_measurement,
    OperationRecord: _take_operation,
}


def _unique(content: Content, kind: type[Any], key: int, number: int, what: str) -> None:
    if (kind, key) in content.lines:
        raise LineError(f"a second {what}; the first is on line {content.lines[kind, key]}")
    content.lines[kind, key] = number


def _require(content: Content) -> None:
    """Raise, at the last line, where the file ends too soon."""
    missing = [
        name
        for name, there in (
            ("session", content.session),
            ("branch", content.branches),
            ("cursor", content.cursor),
        )
        if not there
    ]
    if missing:
        raise LineError(f"the file ends without a {missing[0]} line")


def _check_references(content: Content) -> None:
    for line, what, step in content.named:
        if step != BASE and step not in content.steps:
            raise _AtLineError(line, f"{what} names step {step}, which is not in the file")
    for number, record in content.steps.items():
        line = content.lines[StepRecord, number]
        if number not in content.deltas:
            raise _AtLineError(line, f"step {number} has no delta line")
        if content.deltas[number].weight_name != record.weight_name:
            raise _AtLineError(line, f"step {number} and its delta name different weights")


def _check_tree(content: Content) -> None:
    assert content.cursor is not None
    for step in content.steps.values():
        above = content.steps.get(step.parent)
        depth = above.depth if above else 0
        if not BASE <= step.parent < step.step or (above is None and step.parent != BASE):
            line = content.lines[StepRecord, step.step]
            raise _AtLineError(line, f"step {step.step} names {step.parent} as its parent")
        if step.depth != depth + 1:
            line = content.lines[StepRecord, step.step]
            raise _AtLineError(line, f"step {step.step} has depth {step.depth}, not {depth + 1}")
    try:
        History(
            (Node(step.step, step.parent, step.depth) for step in content.steps.values()),
            {branch.name: branch.tip for branch in content.branches},
            content.cursor,
        )
    except ValueError as error:
        raise _AtLineError(content.lines[CursorRecord, 0], str(error)) from None
