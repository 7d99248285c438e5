"""The history tree against a naive model, and its words when a move makes no sense."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from romebench.errors import UsageError
from romebench.sessions.history import History, Node
from romebench.sessions.names import check_branch_name, check_session_name, counted_name
from romebench.store.records import CursorRecord


def empty() -> History:
    return History([], {"main": 0}, CursorRecord("main", 0))


def chain(n: int) -> History:
    nodes = [Node(i, i - 1, i) for i in range(1, n + 1)]
    return History(nodes, {"main": n}, CursorRecord("main", n))


def test_an_edit_after_an_undo_makes_a_branch() -> None:
    history = empty()
    history.grow(1)
    history.grow(2)
    history.move(history.undo_target())
    assert history.after_edit() == "main-2"
    history.grow(3)
    assert history.branches == {"main": 2, "main-2": 3}
    assert history.cursor == CursorRecord("main-2", 3)
    assert history.path() == (1, 3)
    assert history.children(1) == (2, 3)
    assert not history.is_linear


def test_redo_follows_the_current_branch() -> None:
    history = empty()
    history.grow(1)
    history.grow(2)
    history.move(history.undo_target())
    history.grow(3)
    history.move(history.undo_target(2))
    history.move(history.redo_target(2))
    assert history.cursor == CursorRecord("main-2", 3)
    history.move(history.goto_target("main"))
    assert history.cursor == CursorRecord("main", 2)


def test_goto_stays_on_the_branch_that_holds_the_step() -> None:
    history = chain(2)
    history.move(history.undo_target())
    history.grow(3)
    history.move(history.goto_target("main"))
    assert history.goto_target(1) == CursorRecord("main", 1)
    assert history.goto_target("3") == CursorRecord("main-2", 3)
    assert history.goto_target("base") == CursorRecord("main", 0)
    assert history.goto_target(0) == CursorRecord("main", 0)


def test_goto_prefers_the_branch_that_grew_last() -> None:
    history = chain(2)
    for step in (3, 4):
        history.move(history.goto_target(1))
        history.grow(step)
    history.move(CursorRecord("main", 2))
    history.move(history.goto_target(4))
    assert history.cursor.branch == "main-3"
    history.add_branch("idle", 3)
    history.move(history.goto_target("main"))
    assert history.goto_target(3).branch == "main-2"


@pytest.mark.parametrize(
    ("move", "message"),
    [
        (lambda h: h.undo_target(4), "can't undo 4 steps: there are 3"),
        (lambda h: h.undo_target(0), "can't undo 0 steps"),
        (lambda h: h.redo_target(1), "nothing to redo: the cursor is at the tip of branch 'main'"),
        (lambda h: h.goto_target(9), "there is no step 9"),
        (lambda h: h.goto_target("-1"), "there is no step -1"),
        (lambda h: h.goto_target("nowhere"), "'nowhere' is neither a step, nor a branch"),
        (lambda h: h.new_branch("main"), "there is a branch 'main' already"),
        (lambda h: h.new_branch("12"), "would be taken for a step"),
        (lambda h: h.new_branch("a b"), "white space"),
        (lambda h: h.rename_branch("x", "y"), "there is no branch 'x'"),
    ],
)
def test_a_move_that_makes_no_sense_says_why(move, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        move(chain(3))


def test_undo_at_the_base_says_so() -> None:
    with pytest.raises(UsageError, match="nothing to undo: the cursor is at the base"):
        empty().undo_target()


@pytest.mark.parametrize(
    ("nodes", "branches", "cursor"),
    [
        ([Node(2, 3, 1)], {"main": 2}, CursorRecord("main", 2)),
        ([Node(1, 0, 1), Node(2, 1, 5)], {"main": 2}, CursorRecord("main", 2)),
        ([Node(1, 0, 1)], {"main": 4}, CursorRecord("main", 1)),
        ([Node(1, 0, 1)], {"main": 1}, CursorRecord("other", 1)),
        ([Node(1, 0, 1), Node(2, 0, 1)], {"main": 1}, CursorRecord("main", 1)),
        ([Node(1, 0, 1), Node(2, 0, 1)], {"main": 1, "b": 2}, CursorRecord("main", 2)),
    ],
)
def test_parts_that_form_no_tree_are_refused(nodes, branches, cursor) -> None:
    with pytest.raises(ValueError, match=r"step|branch"):
        History(nodes, branches, cursor)


def test_names() -> None:
    assert counted_name("main", {"main"}) == "main-2"
    assert counted_name("main-2", {"main", "main-2"}) == "main-3"
    assert counted_name("gpt-2", {"gpt-2"}) == "gpt-2-2"
    assert check_branch_name("größer-2") == "größer-2"
    assert check_session_name("gpt2-xl_1.5") == "gpt2-xl_1.5"
    for bad in ("", "base", "7", "-x", "a\tb", "a\x1bb", "x" * 65):
        with pytest.raises(UsageError):
            check_branch_name(bad)
    for bad in ("", "../x", ".hidden", "-x", "a b"):
        with pytest.raises(UsageError):
            check_session_name(bad)


def test_ten_thousand_steps_stay_fluid() -> None:
    """Work is counted in lines that run: climbing the path at each step would take 10⁸ of them."""
    lines = 0

    def count(_frame: object, event: str, _argument: object) -> Callable[..., Any]:
        nonlocal lines
        lines += event == "line"
        return count

    history = empty()
    before = sys.gettrace()
    sys.settrace(count)
    try:
        _walk(history)
    finally:
        sys.settrace(before)
    assert len(history.path(10_000)) == 10_000
    assert lines < 20_000_000


def _walk(history: History) -> None:
    """Ten thousand steps; all undone, all redone; twenty branches."""
    for step in range(1, 10_001):
        history.grow(step)
    for _ in range(10_000):
        history.move(history.undo_target())
    for _ in range(10_000):
        history.move(history.redo_target())
    for step in range(10_001, 10_021):
        history.move(history.goto_target(step % 9_000 + 1))
        history.grow(step)


def test_a_shared_step_belongs_to_the_branch_that_grew_last() -> None:
    history = empty()
    for step in range(1, 6):
        history.grow(step)
    history.move(history.goto_target(1))
    history.grow(6)
    assert history.cursor.branch == "main-2"
    history.move(history.goto_target(5))
    history.grow(7)  # main again: the shared step 1 is its own now
    history.move(history.goto_target(0))
    history.grow(8)
    history.move(history.goto_target(1))
    assert history.cursor == CursorRecord("main", 1)


class Machine(RuleBasedStateMachine):
    """Random commands on `History` and on a model that climbs parents every time."""

    def __init__(self) -> None:
        super().__init__()
        self.history = empty()
        self.parent: dict[int, int] = {}
        self.tips = {"main": 0}
        self.grown = {"main": 0}
        self.branch, self.step, self.clock = "main", 0, 0

    def climb(self, step: int) -> list[int]:
        path: list[int] = []
        while step:
            path.insert(0, step)
            step = self.parent[step]
        return path

    @rule()
    def edit(self) -> None:
        new = max(self.parent, default=0) + 1
        assert self.history.next_step == new
        if self.step != self.tips[self.branch]:
            number = 2
            while f"main-{number}" in self.tips:
                number += 1
            # Only names that descend from "main" are counted in this machine.
            self.branch = f"main-{number}"
        self.parent[new] = self.step
        self.clock += 1
        self.tips[self.branch], self.grown[self.branch], self.step = new, self.clock, new
        assert self.history.grow(new) == CursorRecord(self.branch, self.step)

    @rule(n=st.integers(1, 4))
    def undo(self, n: int) -> None:
        path = self.climb(self.step)
        if n > len(path):
            with pytest.raises(UsageError):
                self.history.undo_target(n)
            return
        self.step = ([0, *path])[-1 - n]
        self.history.move(self.history.undo_target(n))

    @rule(n=st.integers(1, 4))
    def redo(self, n: int) -> None:
        ahead = self.climb(self.tips[self.branch])[len(self.climb(self.step)) :]
        if n > len(ahead):
            with pytest.raises(UsageError):
                self.history.redo_target(n)
            return
        self.step = ahead[n - 1]
        self.history.move(self.history.redo_target(n))

    @rule(data=st.data())
    def goto_step(self, data: st.DataObject) -> None:
        step = data.draw(st.sampled_from([0, *self.parent]))
        if step not in [0, *self.climb(self.tips[self.branch])]:
            holders = [b for b, tip in self.tips.items() if step in self.climb(tip)]
            self.branch = max(holders, key=lambda b: self.grown[b])
        self.step = step
        self.history.move(self.history.goto_target(data.draw(st.sampled_from([step, str(step)]))))

    @rule(data=st.data())
    def goto_branch(self, data: st.DataObject) -> None:
        self.branch = data.draw(st.sampled_from(sorted(self.tips)))
        self.step = self.tips[self.branch]
        self.history.move(self.history.goto_target(self.branch))

    @precondition(lambda self: len(self.tips) < 8)
    @rule(data=st.data())
    def branch_here_or_there(self, data: st.DataObject) -> None:
        number = 2
        while f"main-{number}" in self.tips:
            number += 1
        name = f"main-{number}"
        at = data.draw(st.sampled_from([None, 0, *self.parent]))
        target = self.history.new_branch(name, at)
        self.step = self.step if at is None else at
        self.branch, self.tips[name], self.grown[name] = name, self.step, -number
        assert target == CursorRecord(name, self.step)
        self.history.add_branch(name, target.step)

    @invariant()
    def agrees(self) -> None:
        assert self.history.cursor == CursorRecord(self.branch, self.step)
        assert dict(self.history.branches) == self.tips
        assert list(self.history.path()) == self.climb(self.step)
        for step in self.parent:
            assert list(self.history.path(step)) == self.climb(step)
            assert self.history.depth(step) == len(self.climb(step))

    @invariant()
    def can_be_rebuilt(self) -> None:
        nodes = [Node(s, p, len(self.climb(s))) for s, p in self.parent.items()]
        again = History(nodes, self.tips, self.history.cursor)
        for step in self.parent:
            assert again.path(step) == self.history.path(step)
            assert again.children(step) == self.history.children(step)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
