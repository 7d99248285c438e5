"""The virtualised lists: what a line looks like, and that ten thousand cost no more than ten."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App

from romebench.store.records import CursorRecord, OperationRecord, QueueRecord
from romebench.workbench.render.graph import graph
from romebench.workbench.tui.side.history import HistoryList
from romebench.workbench.tui.side.queue import QueueList
from romebench.workbench.tui.tabs.log import LogList


class Shell(App[None]):
    """A list alone on the screen."""

    def __init__(self, lines):
        super().__init__()
        self.lines = lines

    def compose(self):
        yield self.lines


@pytest.fixture
def tree(make_desk):
    """Steps 1, 2 and 3 on main, 4 on a branch from 1; the cursor on 4."""
    desk = make_desk(steps=3)
    desk.cursor = 1
    desk._grow()
    return desk.view()


async def test_a_tree_is_drawn_with_its_branches(tree):
    history = HistoryList()
    async with Shell(history).run_test(size=(60, 12)):
        history.show(tree)
        lines = [history.line(n, 56).plain.rstrip() for n in range(history.count)]
        narrower = history.line(0, 36).plain
    assert lines[0].startswith("@ 4 Poland → Paris")
    assert lines[0].endswith("main-2 ×1.04 .066")
    assert lines[1].startswith("│ ○ 3 Steve Jobs → Microsoft")
    assert lines[1].endswith("main ×1.06 .120")
    assert lines[3] == "├─╯"
    assert lines[-1] == "◆ base"
    assert narrower.endswith("main-2 .066"), "no room for the perplexity"


async def test_lines_that_join_lanes_are_passed_over(tree):
    history = HistoryList()
    async with Shell(history).run_test(size=(60, 12)) as pilot:
        history.show(tree)
        history.focus()
        steps = []
        for _ in range(5):
            steps.append(history.step)
            await pilot.press("down")
        assert steps == [4, 3, 2, 1, 0]
        await pilot.press("k", "k")
        assert history.step == 2
        await pilot.press("G")
        assert history.step == 0
        await pilot.press("g")
        assert history.step == 4


async def test_the_highlight_follows_the_cursor_and_else_stays(make_desk):
    desk = make_desk(steps=5)
    history = HistoryList()
    async with Shell(history).run_test(size=(60, 12)):
        history.show(desk.view())
        assert history.step == 5
        history.point_at(2)
        history.show(desk.view())
        assert history.step == 2
        desk.cursor = 4
        history.show(desk.view())
        assert history.step == 4
        desk.cursor = 5
        desk._grow()
        history.show(desk.view())
        assert history.step == 6


async def test_every_verdict_has_its_own_shape(make_desk):
    desk = make_desk(steps=4)
    for step, verdict in enumerate(("ok", "warn", "collapsed", "uncalibrated"), 1):
        desk.records[step] = replace(desk.records[step], verdict=verdict)
    desk.cursor = 0
    history = HistoryList()
    async with Shell(history).run_test(size=(60, 12)):
        history.show(desk.view())
        marks = [history.line(n, 50).plain[0] for n in range(4)]
    assert marks == ["○", "✖", "◐", "●"]


async def test_ten_thousand_steps_scroll_like_ten(make_desk):
    desk = make_desk(steps=1)
    view = desk.view()
    line = view.lines[1]
    lines = {n: replace(line, step=n, parent=n - 1, depth=n) for n in range(1, 10_001)}
    view = replace(
        view,
        status=replace(view.status, step=10_000, depth=10_000, length=10_000),
        lines=lines,
        rows=tuple(graph(list(lines.values()), 10_000)),
        path=frozenset(lines),
        tips={10_000: ("main",)},
    )
    history = HistoryList()
    drawn = []
    original = history.line
    history.line = lambda index, width: (drawn.append(index), original(index, width))[1]
    async with Shell(history).run_test(size=(60, 30)) as pilot:
        history.show(view)
        history.focus()
        await pilot.pause()
        for _ in range(20):
            await pilot.press("pagedown")
        await pilot.press("G")
        assert history.step == 0
    # What is drawn is what was seen, whatever the length: a screen for each of 22 keys, and the
    # line that is left and the one that is come to.
    assert len(drawn) < 22 * 32 * 2


async def test_an_empty_list_takes_keys_and_clicks():
    history = HistoryList()
    async with Shell(history).run_test(size=(40, 10)) as pilot:
        history.show(None)
        history.focus()
        await pilot.press("down", "up", "pagedown", "G", "g", "enter")
        await pilot.click(history)
        assert history.step is None


async def test_the_queue_is_there_only_while_something_waits():
    queue = QueueList()
    entry = QueueRecord(3, {"subject": "Poland", "target_new": " Paris"}, "file")
    async with Shell(queue).run_test(size=(40, 10)):
        queue.show(())
        assert not queue.display
        queue.show((entry,))
        assert queue.display
        assert queue.line(0, 30).plain == "3 Poland → Paris"


async def test_the_log_tells_what_was_asked_and_what_went_wrong():
    def operation(command, status="ok", params=None, result=None, before=1, after=1):
        return OperationRecord(
            7, command, params or {}, status, result or {},
            CursorRecord("main", before), CursorRecord("main", after),
            "2026-03-01T12:30:00.000000+00:00", 2.0,
        )  # fmt: skip

    log = LogList()
    failed = operation("edit", "failed", result={"error": "no\x1broom"})
    undo = operation("undo", before=2, after=1)
    written = operation("generate", params={"prompt": "Once [b]upon"})
    async with Shell(log).run_test(size=(100, 10)):
        assert log.line(0, 90).plain == "nothing has been done yet"
        assert not log.can_choose(0)
        log.show([written, undo, failed])
        lines = [log.line(n, 90).plain for n in range(3)]
    assert "2026-03-01 12:30" in lines[0]
    assert "edit      failed" in lines[0]
    assert "no␛room" in lines[0]
    assert "2→1" in lines[1]
    assert "to step 1 on main" in lines[1]
    assert "Once [b]upon" in lines[2]
    assert lines[2].endswith("2 s")
