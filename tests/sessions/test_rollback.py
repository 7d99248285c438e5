"""Whatever stops an edit or a move, the weights are what the store says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch

from romebench.engine.progress import Progress
from romebench.engine.sampling import Sampling
from romebench.errors import (
    CancelledError,
    EditError,
    ModelError,
    OutOfMemoryError,
    StoreError,
)
from romebench.sessions import editing
from romebench.sessions.live import LiveSession
from romebench.store.records import CursorRecord

from .conftest import request_for, same, snapshot, tamper

GREEDY = Sampling(max_new_tokens=8, greedy=True)


class Trip:
    """A progress sink that trips a stop flag at the n-th report of a stage."""

    def __init__(self, stage: str, at: int) -> None:
        self.flag = threading.Event()
        self.seen: list[Progress] = []
        self._stage, self._at = stage, at

    def __call__(self, report: Progress) -> None:
        self.seen.append(report)
        if (
            self._stage in report.stage
            and sum(self._stage in p.stage for p in self.seen) == self._at
        ):
            self.flag.set()


@pytest.mark.parametrize(
    ("stage", "at"),
    [
        ("keys", 1),
        ("optimising", 2),
        ("before the edit", 1),
        ("applying", 1),
        ("after the edit", 1),
    ],
)
def test_a_cancelled_edit_leaves_no_trace_but_its_operation(
    live: LiveSession, stage: str, at: int
) -> None:
    live.edit(request_for(0))
    before, digest = snapshot(live), live.weights.sha256("x")
    trip = Trip(stage, at)
    with pytest.raises(CancelledError):
        live.edit(request_for(1, generation_prompts=("France is",)), progress=trip, stop=trip.flag)
    assert same(live, before)
    assert live.weights.sha256("x") == digest
    assert live.session.cursor == CursorRecord("main", 1)
    assert len(live.session.lines()) == 1
    operation = live.session.operations(1)[0]
    assert (operation.command, operation.status) == ("edit", "cancelled")
    assert operation.params["request"]["subject"] == "LeBron James 1"
    assert live.session.generations() == []
    assert live.edit(request_for(1)).step == 2


def test_cancelling_takes_effect_within_one_gradient_step(live: LiveSession) -> None:
    trip = Trip("optimising", 2)
    with pytest.raises(CancelledError):
        live.edit(request_for(1), progress=trip, stop=trip.flag)
    assert sum("optimising" in p.stage for p in trip.seen) <= 3


def boom(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "raised", "status"),
    [
        (StoreError("the store: the disk is full"), StoreError, "failed"),
        (EditError("not sane"), EditError, "failed"),
        (RuntimeError("a defect"), RuntimeError, "failed"),
        (KeyboardInterrupt(), KeyboardInterrupt, "cancelled"),
        (torch.OutOfMemoryError("CUDA out of memory"), OutOfMemoryError, "failed"),
    ],
)
def test_any_failure_after_applying_puts_the_weights_back(
    live: LiveSession,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    raised: type[BaseException],
    status: str,
) -> None:
    live.edit(request_for(0))
    before = snapshot(live)
    with monkeypatch.context() as patch:
        patch.setattr(editing, "edit_vitals", boom(error))
        with pytest.raises(raised):
            live.edit(request_for(1))
    assert same(live, before)
    operation = live.session.operations(1)[0]
    assert (operation.status, operation.result["kind"]) == (status, raised.__name__)
    assert live.session.repository.recover(live.session.record.id) is None
    assert live.edit(request_for(2)).step == 2


def test_a_failed_commit_puts_the_weights_back(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(live)
    full = boom(StoreError("the store: the disk is full"))
    with monkeypatch.context() as patch:
        patch.setattr(live.session.repository, "commit_step", full)
        patch.setattr(live.session.repository, "record_operation", full)
        with pytest.raises(StoreError, match="disk is full"):
            live.edit(request_for(1))
    assert same(live, before)
    assert live.session.lines() == []
    live.edit(request_for(1))
    statuses = [o.status for o in live.session.operations()]
    assert statuses == ["ok", "interrupted", "ok"]


def test_an_interrupt_after_the_commit_leaves_the_step_standing(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = live.session.repository.commit_step

    def late(*args: Any, **kwargs: Any) -> Any:
        commit(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(live.session.repository, "commit_step", late)
        with pytest.raises(KeyboardInterrupt):
            live.edit(request_for(1))
    assert live.session.cursor == CursorRecord("main", 1)
    assert live.weights.sha256("x") == live.session.step(1).weight_sha256
    assert [o.status for o in live.session.operations()] == ["ok", "ok"]


def test_a_move_the_store_refuses_puts_the_weights_back(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.edit(request_for(0))
    before = snapshot(live)
    with monkeypatch.context() as patch:
        patch.setattr(live.session.repository, "move_cursor", boom(StoreError("full")))
        with pytest.raises(StoreError):
            live.undo()
    assert same(live, before)
    assert live.session.cursor == CursorRecord("main", 1)
    assert live.session.operations(1)[0].status == "failed"
    live.undo()
    assert live.session.cursor == CursorRecord("main", 0)


def test_weights_that_do_not_match_are_refused(live: LiveSession) -> None:
    live.edit(request_for(0))
    live.edit(request_for(1))
    before = snapshot(live)
    store = live.session.repository.database.path
    tamper(store, "update steps set weight_sha256 = ? where step = 1", "0" * 64)
    live.session.refresh()
    with pytest.raises(ModelError, match=f"step 1: recorded {'0' * 64}, found [0-9a-f]{{64}}"):
        live.undo()
    assert same(live, before)
    assert live.session.cursor == CursorRecord("main", 2)
    assert live.session.operations(1)[0].status == "failed"


def test_weights_that_were_left_astray_come_back_first(live: LiveSession) -> None:
    record = live.edit(request_for(0))
    before = snapshot(live)
    live.goto_weights(0)
    assert not same(live, before)
    live.generate("France is", GREEDY)
    assert same(live, before)
    assert live.weights.sha256("x") == record.weight_sha256


def test_a_rollback_that_fails_is_made_up_for_before_the_next_use(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.edit(request_for(0))
    before = snapshot(live)
    with monkeypatch.context() as patch:
        patch.setattr(editing, "edit_vitals", boom(EditError("not sane")))
        patch.setattr(live.weights, "goto", boom(StoreError("the disk is gone")))
        with pytest.raises(EditError, match="not sane"):
            live.edit(request_for(1))
    assert not same(live, before)
    assert live.session.operations(1)[0].status == "failed"
    live.probability("France is", "big")
    assert same(live, before)
    assert live.edit(request_for(1)).step == 2
