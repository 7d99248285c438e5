"""The queue: positions, what becomes of entries, and the operations that say so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from romebench.errors import StoreError
from romebench.store import Repository
from romebench.store.records import QueueRecord, SessionRecord, StepDraft


@pytest.fixture
def session(repository: Repository, new_session: Callable[..., SessionRecord]) -> int:
    return repository.create_session(new_session()).id


def some(count: int) -> list[QueueRecord]:
    return [QueueRecord(0, {"subject": f"s{n}"}, f"facts.json:{n + 1}") for n in range(count)]


def test_positions_go_on_counting(repository: Repository, session: int) -> None:
    first = repository.enqueue(session, some(2), command="run", params={"file": "facts.json"})
    assert [each.position for each in first] == [1, 2]
    repository.clear_queue(session, command="queue clear", params={})
    second = repository.enqueue(session, some(1), command="run", params={})
    assert [each.position for each in second] == [3]
    assert [each.status for each in repository.queue(session)] == ["cleared", "cleared", "pending"]
    assert repository.queue(session, "pending") == second
    operations = repository.operations(session)
    assert operations[1].result == {"queued": 2, "first": 1}
    assert operations[2].result == {"cleared": 2}


def test_enqueueing_nothing(repository: Repository, session: int) -> None:
    assert repository.enqueue(session, [], command="run", params={}) == []
    assert repository.operations(session)[-1].result["queued"] == 0


def test_a_step_finishes_its_entry(
    repository: Repository, session: int, new_draft: Callable[..., StepDraft]
) -> None:
    repository.enqueue(session, some(2), command="run", params={})
    draft = new_draft(queue_position=1)
    repository.commit_step(session, draft, command="step", params={"position": 1})
    entry = repository.queue(session)[0]
    assert (entry.status, entry.step, entry.message) == ("done", 1, "")
    with pytest.raises(StoreError, match="no entry 9"):
        repository.commit_step(session, new_draft(1, queue_position=9), command="step", params={})
    assert len(repository.step_lines(session)) == 1


def test_a_failed_entry_and_its_operation_are_one(repository: Repository, session: int) -> None:
    repository.enqueue(session, some(1), command="run", params={})
    repository.set_queue_status(
        session,
        1,
        "failed",
        message="the subject is not in the prompt",
        command="step",
        params={"position": 1},
        operation_status="failed",
        elapsed_s=0.5,
    )
    (entry,) = repository.queue(session)
    assert (entry.status, entry.message) == ("failed", "the subject is not in the prompt")
    last = repository.operations(session)[-1]
    assert (last.command, last.status, last.elapsed_s) == ("step", "failed", 0.5)
    with pytest.raises(StoreError, match="no entry 2"):
        repository.set_queue_status(session, 2, "done", command="step", params={})
    assert repository.operations(session)[-1] == last
