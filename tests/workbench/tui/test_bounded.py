"""Long lists are cut before they are drawn."""

from __future__ import annotations

from romebench.store.records import CursorRecord, QueueRecord
from romebench.workbench.commands.results import HistoryLog, QueueShown, SessionList
from romebench.workbench.tui.lane.bounded import LIMIT, bounded


def test_short_results_are_as_they_are():
    result = SessionList((), None)
    assert bounded(result) == (result, "")


def test_the_queue_keeps_its_first_and_the_history_its_newest(make_desk):
    entries = tuple(QueueRecord(n, {}, "file") for n in range(1, 1001))
    queue, remark = bounded(QueueShown("study", entries))
    assert queue.entries == entries[:LIMIT]
    assert "first 200 of 1,000" in remark
    steps = tuple(make_desk(steps=300).view().lines.values())
    log, remark = bounded(HistoryLog("study", "pocket", CursorRecord("main", 0), (), steps, 300))
    assert log.steps == steps[-LIMIT:]
    assert log.total == 300
    assert "newest 200 of 300" in remark
