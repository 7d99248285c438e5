"""Sessions as a whole: making, finding, listing, naming, deleting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from romebench.errors import StoreError
from romebench.store import Database, Repository
from romebench.store.records import (
    BranchRecord,
    CursorRecord,
    GenerationRecord,
    Intent,
    MeasurementRecord,
    QueueRecord,
    SessionRecord,
    StepDraft,
)

NewSession = Callable[..., SessionRecord]
NewDraft = Callable[..., StepDraft]


def test_a_new_session_stands_at_the_base(repository: Repository, new_session: NewSession) -> None:
    made = repository.create_session(new_session())
    assert made.id > 0
    assert len(made.uid) == 32
    assert made.created_at == made.used_at != ""
    assert repository.session("pocket") == made
    assert repository.cursor(made.id) == CursorRecord("main", 0)
    assert repository.branches(made.id) == [BranchRecord("main", 0, made.created_at)]
    (operation,) = repository.operations(made.id)
    assert (operation.number, operation.command, operation.status) == (1, "create", "ok")
    assert operation.before == operation.after == CursorRecord("main", 0)


def test_everything_of_a_session_comes_back(
    repository: Repository, new_session: NewSession
) -> None:
    changes: dict[str, Any] = {
        "uid": "f" * 32,
        "created_at": "2026-01-01T00:00:00.000000+00:00",
        "used_at": "2026-01-02T00:00:00.000000+00:00",
        "revision": "main",
        "seed": 2**64 - 1,
        "contexts": ("{}", "日本 \u0000 \x1b[31m {}"),
        "statistics": None,
        "hparams": {"v_lr": 0.1 + 0.2, "nested": {"b": [1, None, True]}},
        "source": {"kind": "replay", "session": "other"},
        "watch": {"vitals": "cheap", "guard": "off"},
    }
    made = repository.create_session(new_session("a name with spaces", **changes))
    found = repository.find_session("a name with spaces")
    assert found == made
    assert made == new_session("a name with spaces", **changes, id=made.id)


def test_how_a_session_is_watched_is_kept(repository: Repository, new_session: NewSession) -> None:
    made = repository.create_session(new_session())
    assert made.watch is None
    repository.set_watch(made.id, {"vitals": "full", "guard": "undo"})
    assert repository.session(made.name).watch == {"vitals": "full", "guard": "undo"}
    last = repository.operations(made.id)[-1]
    assert (last.command, last.params) == ("watch", {"vitals": "full", "guard": "undo"})


def test_times_are_utc_with_microseconds(repository: Repository, new_session: NewSession) -> None:
    made = repository.create_session(new_session())
    assert made.created_at.endswith("+00:00")
    assert len(made.created_at) == len("2026-01-01T00:00:00.000000+00:00")


def test_the_list_begins_with_the_last_used(
    repository: Repository, new_session: NewSession, new_draft: NewDraft
) -> None:
    assert repository.last_used() is None
    ids = [repository.create_session(new_session(name)).id for name in ("a", "b", "c")]
    assert [line.name for line in repository.sessions()] == ["c", "b", "a"]
    repository.touch(ids[0])
    assert repository.last_used() == "a"
    repository.commit_step(ids[1], new_draft(), command="edit", params={})
    assert [line.name for line in repository.sessions()] == ["b", "a", "c"]
    line = repository.sessions()[0]
    assert (line.steps, line.cursor, line.branch) == (1, 1, "main")
    repository.move_cursor(ids[1], CursorRecord("main", 0), command="undo", params={})
    line = repository.sessions()[0]
    assert (line.steps, line.cursor) == (1, 0)


def test_unique_names(repository: Repository, new_session: NewSession) -> None:
    assert repository.unique_name("pocket") == "pocket"
    repository.create_session(new_session("pocket"))
    assert repository.unique_name("pocket") == "pocket-2"
    repository.create_session(new_session("pocket-2"))
    assert repository.unique_name("pocket") == "pocket-3"


def test_a_taken_name(repository: Repository, new_session: NewSession) -> None:
    repository.create_session(new_session())
    with pytest.raises(StoreError, match="a session named 'pocket' already"):
        repository.create_session(new_session())
    assert len(repository.sessions()) == 1


@pytest.mark.parametrize("name", ["", "  ", " a", "a\n", "\x1b[31m", "x" * 201])
def test_names_that_are_none(repository: Repository, new_session: NewSession, name: str) -> None:
    with pytest.raises(StoreError, match=r"is no name|is too long"):
        repository.create_session(new_session(name))
    assert repository.sessions() == []


def test_an_unknown_name_is_met_with_near_ones(
    repository: Repository, new_session: NewSession
) -> None:
    assert repository.find_session("pocket") is None
    with pytest.raises(StoreError, match="no session named 'pocket'") as caught:
        repository.session("pocket")
    assert "none yet" in caught.value.hint
    repository.create_session(new_session("pocket"))
    repository.create_session(new_session("gpt2-xl"))
    with pytest.raises(StoreError) as caught:
        repository.session("poket")
    assert caught.value.hint == "Did you mean 'pocket'?"
    with pytest.raises(StoreError) as caught:
        repository.session("zzz")
    assert caught.value.hint == "There are: gpt2-xl, pocket."


def test_rename(repository: Repository, new_session: NewSession) -> None:
    made = repository.create_session(new_session("old"))
    repository.create_session(new_session("other"))
    repository.rename_session(made.id, "new")
    assert repository.session("new").id == made.id
    assert repository.find_session("old") is None
    last = repository.operations(made.id)[-1]
    assert (last.command, last.params) == ("sessions rename", {"name": "old", "to": "new"})
    with pytest.raises(StoreError, match="named 'other' already"):
        repository.rename_session(made.id, "other")
    repository.rename_session(made.id, "new")
    assert repository.session("new").id == made.id


def test_delete_takes_all_rows_of_one_session(
    database: Database, repository: Repository, new_session: NewSession, new_draft: NewDraft
) -> None:
    ids = [repository.create_session(new_session(name)).id for name in ("stays", "goes")]
    for number in ids:
        fill(repository, number, new_draft)
    before = contents(repository, ids[0])
    repository.delete_session(ids[1])
    assert [line.name for line in repository.sessions()] == ["stays"]
    assert contents(repository, ids[0]) == before
    with database.read() as connection:
        tables = connection.exec_driver_sql(
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
            "ON c.name = 'session_id' WHERE m.type = 'table'"
        ).scalars()
        for table in tables.all():
            query = f"SELECT count(*) FROM {table} WHERE session_id = {ids[1]}"
            assert connection.exec_driver_sql(query).scalar_one() == 0, table
    assert database.check() == ()
    with pytest.raises(StoreError, match="no longer in the store"):
        repository.cursor(ids[1])
    with pytest.raises(StoreError, match="no longer in the store"):
        repository.commit_step(ids[1], new_draft(), command="edit", params={})


def fill(repository: Repository, number: int, new_draft: NewDraft) -> None:
    """Something in every table."""
    generation = GenerationRecord(0, "Rome is", {}, 0, (1,), "Rome is in Italy")
    measurement = MeasurementRecord(0, "perplexity", 9.0, {})
    repository.enqueue(number, [QueueRecord(0, {}, "typed")], command="run", params={})
    draft = new_draft(generations=(generation,), measurements=(measurement,), queue_position=1)
    repository.commit_step(number, draft, command="step", params={})
    repository.commit_step(number, new_draft(1), command="edit", params={})
    repository.begin(number, Intent("edit"))


def contents(repository: Repository, number: int) -> list[object]:
    """All that can be read of a session."""
    lines = repository.step_lines(number)
    steps = [line.step for line in lines]
    return [
        lines,
        [repository.step(number, step) for step in steps],
        list(repository.deltas(number, steps)),
        repository.branches(number),
        repository.cursor(number),
        repository.queue(number),
        repository.generations(number),
        repository.measurements(number),
        repository.operations(number),
    ]
