"""Large stores: what a list reads, and how long it takes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from romebench.store import Database, Repository
from romebench.store.codec import sha256
from romebench.store.connection import driver_of
from romebench.store.records import (
    BranchRecord,
    CursorRecord,
    DeltaRecord,
    SessionRecord,
    StepDraft,
    StepRecord,
)

STEPS = 10_000


@pytest.fixture
def large(
    path: Path, new_session: Callable[..., SessionRecord], new_draft: Callable[..., StepDraft]
) -> Path:
    """A store with a session of ten thousand steps and thirty of one."""
    with Database.open(path) as database:
        repository = Repository(database)
        first = repository.create_session(new_session("first")).id
        draft = new_draft()
        step = repository.commit_step(first, draft, command="edit", params={})
        data = draft.delta
        fill(repository, new_session("long"), step, data, STEPS)
        for number in range(30):
            fill(repository, new_session(f"short {number}"), step, data, 1)
    return path


def fill(
    repository: Repository, record: SessionRecord, step: StepRecord, data: bytes, count: int
) -> None:
    numbers = range(1, count + 1)
    repository.import_session(
        record,
        (replace(step, step=n, parent=n - 1, depth=n) for n in numbers),
        (DeltaRecord(n, step.weight_name, data, sha256(data)) for n in numbers),
        [BranchRecord("main", count)],
        CursorRecord("main", count),
    )


@pytest.mark.serial
def test_a_large_store_opens_lists_and_moves_quickly(large: Path) -> None:
    started = time.perf_counter()
    with Database.open(large) as database:
        repository = Repository(database)
        assert len(repository.sessions()) == 32
        listed_s = time.perf_counter() - started
        session = repository.session("long").id
        started = time.perf_counter()
        assert len(repository.step_lines(session)) == STEPS
        lines_s = time.perf_counter() - started
        started = time.perf_counter()
        repository.move_cursor(session, CursorRecord("main", 1), command="goto", params={})
        moved_s = time.perf_counter() - started
    assert listed_s < 0.5
    assert lines_s < 0.5
    assert moved_s < 0.5


def test_lists_read_no_more_than_they_show(
    database: Database,
    new_session: Callable[..., SessionRecord],
    new_draft: Callable[..., StepDraft],
) -> None:
    repository = Repository(database)
    session = repository.create_session(new_session()).id
    repository.commit_step(session, new_draft(), command="edit", params={})
    read: set[tuple[str, str]] = set()

    def watch(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ:
            read.add((str(table), str(column)))
        return sqlite3.SQLITE_OK

    with database.read() as connection:
        driver_of(connection).set_authorizer(watch)
    repository.sessions()
    # Of the steps one row a session, by its key: the verdict at the cursor.
    assert {table for table, _ in read} == {"sessions", "cursors", "branches", "steps"}
    of_steps = {column for table, column in read if table == "steps"}
    assert of_steps <= {"session_id", "step", "verdict", ""}
    assert not {"contexts", "statistics", "hparams"} & {column for _, column in read}
    read.clear()
    repository.step_lines(session)
    assert {table for table, _ in read} == {"steps"}


def test_a_step_takes_little_room(
    path: Path,
    database: Database,
    new_session: Callable[..., SessionRecord],
    new_draft: Callable[..., StepDraft],
) -> None:
    """Hyperparameters and contexts of a session are not repeated with every step."""
    repository = Repository(database)
    long = {"templates": ["x" * 50] * 200}
    session = repository.create_session(new_session(contexts=("x" * 10_000,), hparams=long)).id
    for parent in range(50):
        repository.commit_step(session, new_draft(parent, hparams=long), command="edit", params={})
    database.close()
    assert path.stat().st_size / 50 < 8_000
