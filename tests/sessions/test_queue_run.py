"""The queue: what is taken, what fails through its own fault, what waits on."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import pytest

from romebench.errors import CancelledError, ModelError, UsageError
from romebench.sessions import editing, ways
from romebench.sessions.live import LiveSession
from romebench.sessions.queue_run import RunEnd, Taken

from .conftest import request_for


def statuses(live: LiveSession) -> list[tuple[int, str, int | None]]:
    return [(entry.position, entry.status, entry.step) for entry in live.session.queue()]


def too_long(number: int) -> Any:
    return dataclasses.replace(request_for(number), prompt="{} " + "the " * 200)


def test_a_step_takes_the_next_request(live: LiveSession) -> None:
    assert live.step_queue() is None
    live.session.enqueue([request_for(0), request_for(1)], "facts.json")
    record = live.step_queue()
    assert record is not None
    assert (record.step, record.request["subject"]) == (1, "Steve Jobs 0")
    assert statuses(live) == [(1, "done", 1), (2, "pending", None)]
    operation = live.session.operations(1)[0]
    assert (operation.command, operation.params["position"]) == ("step", 1)
    assert live.session.queue()[0].origin == "facts.json"
    assert live.session.clear_queue() == 1
    assert live.step_queue() is None


def test_a_run_goes_on_past_requests_that_cannot_be_edited(live: LiveSession) -> None:
    live.session.enqueue([request_for(0), too_long(1), request_for(2)], "facts.json")
    taken: list[Taken] = []
    report = live.run_queue(on_step=taken.append)
    assert (report.steps, report.failed, report.pending, report.end) == (
        (1, 2), (2,), 0, RunEnd.EMPTY,
    )  # fmt: skip
    assert statuses(live) == [(1, "done", 1), (2, "failed", None), (3, "done", 2)]
    assert [t.entry.position for t in taken] == [1, 2, 3]
    assert taken[1].step is None
    assert "tokens" in str(taken[1].error)
    assert "tokens" in live.session.queue()[1].message
    assert [o.status for o in live.session.operations(3)] == ["ok", "failed", "ok"]


def test_a_limit_counts_what_was_taken(live: LiveSession) -> None:
    live.session.enqueue([too_long(0), request_for(1), request_for(2)], "x")
    report = live.run_queue(2)
    assert (report.steps, report.failed, report.pending) == ((1,), (1,), 1)
    assert report.end is RunEnd.LIMIT
    assert live.run_queue().steps == (2,)
    assert live.run_queue().steps == ()


def test_what_is_added_during_a_run_is_taken_too(live: LiveSession) -> None:
    live.session.enqueue([request_for(0)], "x")

    def add(taken: Taken) -> None:
        if taken.entry.position == 1:
            live.session.enqueue([request_for(1)], "y")

    assert live.run_queue(on_step=add).steps == (1, 2)


def test_a_cancelled_run_keeps_what_was_committed(live: LiveSession) -> None:
    live.session.enqueue([request_for(n) for n in range(3)], "x")
    stop = threading.Event()
    with pytest.raises(CancelledError, match="after 1 steps"):
        live.run_queue(stop=stop, on_step=lambda _: stop.set())
    assert statuses(live) == [(1, "done", 1), (2, "pending", None), (3, "pending", None)]


def test_cancelling_inside_an_edit_leaves_its_request_waiting(live: LiveSession) -> None:
    live.session.enqueue([request_for(0)], "x")
    stop = threading.Event()
    with pytest.raises(CancelledError):
        live.run_queue(stop=stop, progress=lambda _: stop.set())
    assert statuses(live) == [(1, "pending", None)]
    assert live.session.operations(1)[0].status == "cancelled"


def test_a_failure_of_the_machine_leaves_the_request_waiting(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.session.enqueue([request_for(0)], "x")

    def fail(*_: Any, **__: Any) -> Any:
        raise ModelError("the device is gone")

    with monkeypatch.context() as patch:
        patch.setattr(ways, "compute_edit", fail)
        with pytest.raises(ModelError):
            live.run_queue()
    assert statuses(live) == [(1, "pending", None)]
    assert live.run_queue().steps == (1,)


def test_a_collapsed_verdict_ends_the_run(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.session.enqueue([request_for(n) for n in range(3)], "x")
    take = editing.edit_vitals

    def collapse(*args: Any, **kwargs: Any) -> Any:
        vitals, _, _ = take(*args, **kwargs)
        return vitals, "collapsed", "perplexity is 80 times the base's"

    monkeypatch.setattr(editing, "edit_vitals", collapse)
    report = live.run_queue()
    assert (report.steps, report.end, report.pending) == ((1,), RunEnd.VERDICT, 2)
    assert live.session.verdict == "collapsed"


def test_until_and_the_guard_decide_what_ends_a_run(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from romebench.sessions.watch.levels import Guard, Watch

    live.session.enqueue([request_for(n) for n in range(6)], "x")
    take = editing.edit_vitals
    said = iter(["ok", "warn", "collapsed", "collapsed", "warn", "ok"])

    def judged(*args: Any, **kwargs: Any) -> Any:
        vitals, _, _ = take(*args, **kwargs)
        return vitals, next(said), "as the test says"

    monkeypatch.setattr(editing, "edit_vitals", judged)
    live.watch = Watch(guard=Guard.OFF)
    assert live.run_queue(until="warn").steps == (1, 2)
    assert live.watch == Watch(guard=Guard.OFF)
    assert live.run_queue(limit=1).end is RunEnd.LIMIT
    live.watch = Watch(guard=Guard.UNDO)
    report = live.run_queue()
    assert (report.steps, report.end) == ((4,), RunEnd.VERDICT)
    assert live.session.cursor.step == 3
    assert live.session.operations(1)[0].command == "undo"
    with pytest.raises(UsageError):
        live.run_queue(until="ok")
    assert live.run_queue().steps == (5, 6)
    assert live.session.cursor.branch != "main"
