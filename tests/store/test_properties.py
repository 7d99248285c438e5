"""Any sequence of commands keeps what must hold of a session, checked against a plain model."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from romebench.errors import StoreError
from romebench.store import Database, Repository
from romebench.store.records import (
    BranchRecord,
    CursorRecord,
    Intent,
    OperationRecord,
    SessionRecord,
    StepDraft,
)

NAMES = st.sampled_from(["main", "a", "b", "c", "d"])
NUMBERS = st.integers(min_value=0, max_value=12)


def session() -> SessionRecord:
    return SessionRecord(
        *(0, "", "s", "", "", "pocket", None, "gpt2", "m", "t", "float32", "cpu", "rome"),
        *({"v_lr": 0.5}, "w", 0, ("{}",), None, "h", {}),
    )


def draft(parent: int, branch: str) -> StepDraft:
    request = {"subject": "Rome", "target_new": "Malta"}
    return StepDraft(
        *(parent, branch, request, "rome", {"v_lr": 0.5}, "w", "h", {}, (), {}, {}),
        *("uncalibrated", "", {}, os.urandom(8)),
    )


@cache
def empty_store() -> bytes:
    """The bytes of a store that was just made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite3"
        Database.open(path).close()
        return path.read_bytes()


class SessionMachine(RuleBasedStateMachine):
    """Plays commands on a store and on a model of dictionaries."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "store.sqlite3"
        self.path.write_bytes(empty_store())
        self.database = Database.open(self.path)
        self.repository = Repository(self.database)
        self.id = self.repository.create_session(session()).id
        self.parents: dict[int, int] = {}
        self.tips = {"main": 0}
        self.cursor = CursorRecord("main", 0)
        self.intent: Intent | None = None
        self.operations: list[OperationRecord] = self.repository.operations(self.id)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    def path_to(self, step: int) -> list[int]:
        path = [0]
        while step:
            path.append(step)
            step = self.parents[step]
        return path

    def refused(self, allowed: bool, call: Callable[[], object]) -> bool:
        """Runs the call; checks that it is refused exactly when the model says so."""
        if allowed:
            call()
            self.intent = None
            return False
        with pytest.raises(StoreError):
            call()
        return True

    @rule(branch=NAMES, astray=st.sampled_from([0, 0, 0, 1]))
    def commit(self, branch: str, astray: int) -> None:
        parent = self.cursor.step + astray
        on_tip = branch == self.cursor.branch and self.tips[branch] == parent
        allowed = not astray and (on_tip or branch not in self.tips)
        step = draft(parent, branch)
        if self.refused(
            allowed,
            lambda: self.repository.commit_step(self.id, step, command="edit", params={}),
        ):
            return
        number = len(self.parents) + 1
        self.parents[number] = parent
        self.tips[branch] = number
        self.cursor = CursorRecord(branch, number)

    @rule(branch=NAMES, step=NUMBERS)
    def move(self, branch: str, step: int) -> None:
        allowed = branch in self.tips and step in self.path_to(self.tips[branch])
        cursor = CursorRecord(branch, step)
        if not self.refused(
            allowed,
            lambda: self.repository.move_cursor(self.id, cursor, command="goto", params={}),
        ):
            self.cursor = cursor

    @rule(branch=NAMES, tip=NUMBERS, step=NUMBERS)
    def put_branch(self, branch: str, tip: int, step: int) -> None:
        there = tip == 0 or tip in self.parents
        allowed = branch not in self.tips and there and step in self.path_to(tip if there else 0)
        cursor = CursorRecord(branch, step)
        if not self.refused(
            allowed,
            lambda: self.repository.put_branch(
                self.id, BranchRecord(branch, tip), cursor, command="branch", params={}
            ),
        ):
            self.tips[branch] = tip
            self.cursor = cursor

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        allowed = old in self.tips and new not in self.tips
        if self.refused(
            allowed,
            lambda: self.repository.rename_branch(
                self.id, old, new, command="branch rename", params={}
            ),
        ):
            return
        self.tips[new] = self.tips.pop(old)
        if self.cursor.branch == old:
            self.cursor = CursorRecord(new, self.cursor.step)

    @rule(number=NUMBERS)
    def begin(self, number: int) -> None:
        self.intent = Intent("edit", {"number": number})
        self.repository.begin(self.id, self.intent)

    @rule()
    def come_back(self) -> None:
        """The process ends (or dies) and another opens the store."""
        self.database.close()
        self.database = Database.open(self.path)
        self.repository = Repository(self.database)
        found = self.repository.recover(self.id)
        named = None if found is None else Intent(found.command, found.params)
        assert named == self.intent
        self.intent = None

    @invariant()
    def agrees_with_the_model(self) -> None:
        lines = self.repository.step_lines(self.id)
        assert {line.step: line.parent for line in lines} == self.parents
        assert [line.step for line in lines] == list(range(1, len(lines) + 1))
        for line in lines:
            assert line.depth == len(self.path_to(line.step)) - 1
        branches = self.repository.branches(self.id)
        assert {branch.name: branch.tip for branch in branches} == self.tips
        assert self.repository.cursor(self.id) == self.cursor
        (summary,) = self.repository.sessions()
        assert (summary.steps, summary.cursor) == (len(lines), self.cursor.step)

    @invariant()
    def operations_only_grow(self) -> None:
        operations = self.repository.operations(self.id)
        assert operations[: len(self.operations)] == self.operations
        assert [each.number for each in operations] == list(range(1, len(operations) + 1))
        assert operations[-1].after == self.cursor
        for earlier, later in pairwise(operations):
            moved = earlier.after.step == later.before.step
            assert moved, "an operation begins where the last one ended"
        self.operations = operations


SessionMachine.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestSessionMachine = SessionMachine.TestCase
