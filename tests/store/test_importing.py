"""Taking in a whole session: the same again, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from romebench.errors import StoreError
from romebench.store import Database, Repository
from romebench.store.importing import AT_ONCE
from romebench.store.records import (
    THIS_STEP,
    BranchRecord,
    CursorRecord,
    GenerationRecord,
    MeasurementRecord,
    QueueRecord,
    SessionRecord,
    StepDraft,
)

Parts = dict[str, Any]


@pytest.fixture
def parts(
    repository: Repository,
    new_session: Callable[..., SessionRecord],
    new_draft: Callable[..., StepDraft],
) -> Parts:
    """All of a session with two branches and something of everything."""
    session = repository.create_session(new_session("source")).id
    repository.enqueue(session, [QueueRecord(0, {}, "typed")] * 2, command="run", params={})
    text = GenerationRecord(THIS_STEP, "Rome is", {}, 2**64 - 1, (1, 2), "Rome is …", "after")
    probe = MeasurementRecord(0, "perplexity", 9.5, {"tokens": 3})
    draft = new_draft(generations=(text,), measurements=(probe,), queue_position=1)
    repository.commit_step(session, draft, command="step", params={})
    repository.commit_step(session, new_draft(1), command="edit", params={})
    repository.move_cursor(session, CursorRecord("main", 1), command="undo", params={})
    repository.commit_step(session, new_draft(1, "main-2"), command="edit", params={})
    return read(repository, "source")


def read(repository: Repository, name: str) -> Parts:
    record = repository.session(name)
    numbers = [line.step for line in repository.step_lines(record.id)]
    return {
        "record": record,
        "steps": [repository.step(record.id, number) for number in numbers],
        "deltas": list(repository.deltas(record.id, numbers)),
        "branches": repository.branches(record.id),
        "cursor": repository.cursor(record.id),
        "queue": repository.queue(record.id),
        "generations": repository.generations(record.id),
        "measurements": repository.measurements(record.id),
        "operations": repository.operations(record.id),
    }


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Repository]:
    with Database.open(tmp_path / "other.sqlite3") as database:
        yield Repository(database)
        assert database.check() == ()


def test_into_an_empty_store(parts: Parts, empty: Repository) -> None:
    stored = empty.import_session(**parts)
    assert read(empty, "source") == {**parts, "record": stored}
    assert stored == replace(parts["record"], id=stored.id)
    (line,) = empty.sessions()
    assert (line.steps, line.cursor, line.branch) == (3, 3, "main-2")


def test_numbers_go_on_after_an_import(
    parts: Parts, empty: Repository, new_draft: Callable[..., StepDraft]
) -> None:
    session = empty.import_session(**parts).id
    step = empty.commit_step(session, new_draft(3, "main-2"), command="edit", params={})
    assert (step.step, step.depth) == (4, 3)
    assert empty.operations(session)[-1].number == len(parts["operations"]) + 1
    (entry,) = empty.enqueue(session, [QueueRecord(0, {}, "typed")], command="run", params={})
    assert entry.position == 3


def test_a_copy_beside_the_original_needs_an_identity(parts: Parts, repository: Repository) -> None:
    taken = {**parts, "record": replace(parts["record"], name="copy")}
    with pytest.raises(StoreError, match="in the store already, as 'source'"):
        repository.import_session(**taken)
    copy = {**parts, "record": replace(parts["record"], name="copy", uid="")}
    assert repository.import_session(**copy).uid != parts["record"].uid
    assert read(repository, "copy")["steps"] == parts["steps"]


def test_more_than_fits_in_one_go(parts: Parts, empty: Repository) -> None:
    count = AT_ONCE * 2 + 1
    step, delta = parts["steps"][0], parts["deltas"][0]
    stored = empty.import_session(
        parts["record"],
        (replace(step, step=n, parent=n - 1, depth=n) for n in range(1, count + 1)),
        (replace(delta, step=n) for n in range(1, count + 1)),
        [BranchRecord("main", count)],
        CursorRecord("main", 7),
    )
    assert len(empty.step_lines(stored.id)) == count
    assert sum(1 for _ in empty.deltas(stored.id, range(1, count + 1))) == count


def broken(parts: Parts) -> dict[str, tuple[Parts, str]]:
    """Exports that don't fit together, and what is said of them."""
    steps, deltas, branches = parts["steps"], parts["deltas"], parts["branches"]
    first, second, third = steps
    return {
        "twice": ({"steps": [first, first]}, "step 1 comes twice"),
        "zero": ({"steps": [replace(first, step=0)]}, "no step number"),
        "no parent": ({"steps": [first, third, replace(second, parent=9)]}, "stands on step 9"),
        "child first": ({"steps": [second, first]}, "which is not before it"),
        "depth": ({"steps": [replace(first, depth=2)]}, "its path says 1"),
        "no delta": ({"deltas": deltas[:2]}, "step 3 has no delta"),
        "spare delta": ({"deltas": [*deltas, deltas[0]]}, "one too many"),
        "digest": ({"deltas": [replace(deltas[0], data=b"x")]}, "does not give its digest"),
        "tip": ({"branches": [BranchRecord("main", 9)]}, "its tip 9 is no step"),
        "branch twice": ({"branches": [*branches, branches[0]]}, "'main' comes twice"),
        "no branch": ({"cursor": CursorRecord("gone", 1)}, "not on its branch 'gone'"),
        "off path": ({"cursor": CursorRecord("main", 3)}, "not on its branch 'main'"),
        "queue": (
            {"queue": [QueueRecord(1, {}, "", "done", 8)]},
            "a line of queue stands on step 8",
        ),
        "generation": (
            {"generations": [GenerationRecord(8, "", {}, 0, (), "")]},
            "a line of generations stands on step 8",
        ),
        "name": ({"record": replace(parts["record"], name="")}, "is no name"),
    }


@pytest.mark.parametrize(
    "case",
    [
        "twice",
        "zero",
        "no parent",
        "child first",
        "depth",
        "no delta",
        "spare delta",
        "digest",
        "tip",
        "branch twice",
        "no branch",
        "off path",
        "queue",
        "generation",
        "name",
    ],
)
def test_what_does_not_fit_is_refused_whole(parts: Parts, empty: Repository, case: str) -> None:
    changes, message = broken(parts)[case]
    with pytest.raises(StoreError, match=message):
        empty.import_session(**{**parts, **changes})
    assert empty.sessions() == []


def test_a_source_that_breaks_off_leaves_nothing(parts: Parts, empty: Repository) -> None:
    def breaks_off() -> Iterator[Any]:
        yield parts["deltas"][0]
        raise OSError("the stick was pulled out")

    with pytest.raises(OSError, match="stick"):
        empty.import_session(**{**parts, "deltas": breaks_off()})
    assert empty.sessions() == []
