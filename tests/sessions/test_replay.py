"""Exact replay gives the recorded hashes or names the first step that differs; so does verify."""

from __future__ import annotations

import hashlib
import threading

import pytest
import torch

from romebench.engine.delta import RankOneDelta
from romebench.engine.stored import read_delta
from romebench.errors import CancelledError
from romebench.sessions.live import LiveSession
from romebench.sessions.replay import replay, verify

from .conftest import at_layer, request_for, same, snapshot, tamper


@pytest.fixture
def tree(live: LiveSession) -> LiveSession:
    """Six steps on three branches at two sites; the cursor in the middle of the first."""
    for number in range(3):
        live.edit(request_for(number))
    live.goto(1)
    live.edit(request_for(3), hparams=at_layer(2))
    live.edit(request_for(4))
    live.goto("base")
    live.edit(request_for(5), hparams=at_layer(3))
    live.goto(2)
    return live


def test_every_step_of_every_branch_is_checked(tree: LiveSession) -> None:
    before, cursor = snapshot(tree), tree.session.cursor
    report = replay(tree)
    assert (report.session, report.checked, report.mismatch) == ("study", 6, None)
    assert same(tree, before)
    assert tree.session.cursor == cursor
    operation = tree.session.operations(1)[0]
    assert (operation.command, operation.result) == ("replay", {"checked": 6, "mismatch": None})
    tree.redo()


def test_the_first_step_that_differs_is_named(tree: LiveSession) -> None:
    store = tree.session.repository.database.path
    record = tree.session.repository.delta(tree.session.record.id, 4)
    delta = read_delta(record.weight_name, record.data)
    assert isinstance(delta, RankOneDelta)
    nudged = torch.nextafter(delta.left, torch.tensor(9.0))
    data = RankOneDelta(record.weight_name, nudged, delta.right).to_bytes()
    digest = hashlib.sha256(data).hexdigest()
    tamper(store, "update deltas set data = ?, digest = ? where step = 4", data, digest)
    assert verify(tree.session.repository, tree.session.record.id).problems == ()
    before = snapshot(tree)
    report = replay(tree)
    assert report.mismatch is not None
    assert report.mismatch.step == 4
    assert report.mismatch.recorded == tree.session.step(4).weight_sha256 != report.mismatch.found
    assert same(tree, before)


def test_a_replay_can_be_cancelled(tree: LiveSession) -> None:
    before = snapshot(tree)
    stop = threading.Event()
    with pytest.raises(CancelledError):
        replay(tree, progress=lambda p: stop.set() if p.step == 4 else None, stop=stop)
    assert same(tree, before)


def test_verify_names_what_is_wrong(tree: LiveSession) -> None:
    repository, session_id = tree.session.repository, tree.session.record.id
    report = verify(repository, session_id)
    assert (report.steps, report.deltas, report.problems) == (6, 6, ())
    store = repository.database.path
    tamper(store, "update deltas set data = zeroblob(length(data)) where step = 2")
    tamper(store, "update deltas set weight_name = 'x' where step = 3")
    tamper(store, "delete from operations where number = 3")
    tamper(store, "update steps set depth = 9 where step = 6")
    report = verify(repository, session_id)
    assert (report.steps, report.deltas) == (6, 4)
    text = "\n".join(report.problems)
    for expected in (
        "the history is damaged: step 6 is not at depth 9",
        "operation 3 is missing",
        "the delta of step 2 is damaged",
        "step 3 edits transformer.h.1.mlp.c_proj.weight, its delta x",
    ):
        assert expected in text
    assert len(report.problems) == 4
