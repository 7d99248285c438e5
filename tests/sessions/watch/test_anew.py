"""Replay anew and compare: what stays, what changes, and where two histories part."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from romebench.errors import CancelledError, StoreError, UsageError
from romebench.sessions.session import Session
from romebench.sessions.watch.anew import Changes, Order, chosen_steps, open_anew, run_anew
from romebench.sessions.watch.compare import compare
from romebench.sessions.watch.levels import VitalsLevel, Watch

from ..conftest import request_for

if TYPE_CHECKING:
    from romebench.sessions.live import LiveSession

STEPS = 3


@pytest.fixture
def source(live: LiveSession) -> Session:
    live.watch = Watch(VitalsLevel.FULL)
    for n in range(STEPS):
        live.edit(request_for(n, generation_prompts=("Once there",)))
    return Session.open(live.session.repository, "study", write=False)


def replayed(source: Session, into: str, **changed: Any) -> Session:
    changes = Changes(**changed)
    steps = chosen_steps(source, changes)
    live = open_anew(source, into, changes, steps)
    live.watch = Watch(VitalsLevel.FULL)
    run_anew(live, steps, changes)
    live.close()
    return Session.open(source.repository, into, write=False)


def test_nothing_changed_gives_the_same_weights(source: Session) -> None:
    again = replayed(source, "again")
    assert [line.weight_sha256 for line in again.lines()] == [
        line.weight_sha256 for line in source.lines()
    ]
    assert again.record.contexts == source.record.contexts
    assert again.record.source == {
        "kind": "replay", "session": "study", "uid": source.record.uid, "branch": "main",
        "step": STEPS, "steps": [1, 2, 3], "changes": {},
    }  # fmt: skip
    (parting,) = compare([source, again]).partings
    assert parting.depth is None
    assert not parting.figures


def test_another_rule_parts_at_the_first_edit_and_says_in_what(source: Session) -> None:
    other = replayed(source, "other", rule="rome")
    assert {line.rule for line in other.lines()} == {"rome"}
    found = compare([source, other])
    parting = found.partings[0]
    assert parting.depth == 1
    names = [each.name for each in parting.differences]
    assert names[0] == "rule"
    assert "request" not in names
    assert "delta_norm" in names
    # The optimised value is the same: the rules differ in how it is written.
    assert "last_loss" not in names
    a, b = source.step(1), other.step(1)
    difference = next(d for d in parting.differences if d.name == "delta_norm")
    assert (difference.first, difference.other) == (
        a.diagnostics["delta_norm"],
        b.diagnostics["delta_norm"],
    )
    assert found.curves[1].figures["perplexity"] == tuple(
        other.step(n).vitals["perplexity"] for n in (1, 2, 3)
    )


def test_steps_can_be_left_out_and_turned_round(source: Session) -> None:
    without = replayed(source, "without", without=(1,), order=Order.REVERSED)
    assert [line.subject for line in without.lines()] == [
        source.step(n).request["subject"] for n in (3, 2)
    ]
    assert compare([source, without]).partings[0].depth == 1
    shorter = replayed(source, "shorter", only=2)
    assert compare([source, shorter]).partings[0].depth == 3


def test_another_seed_draws_other_contexts(source: Session) -> None:
    other = replayed(source, "other", seed=9, only=1)
    assert other.record.seed == 9
    assert other.record.contexts != source.record.contexts
    assert "{}" in other.record.contexts


def test_a_stopped_replay_leaves_the_rest_in_the_queue(source: Session) -> None:
    stop, changes = threading.Event(), Changes()
    steps = chosen_steps(source, changes)
    live = open_anew(source, "stopped", changes, steps)
    with pytest.raises(CancelledError, match="after 1 of 3"):
        run_anew(live, steps, changes, stop=stop, on_step=lambda _: stop.set())
    assert [entry.status for entry in live.session.queue()] == ["done", "pending", "pending"]
    live.run_queue()
    assert live.session.weight_sha256 == source.weight_sha256
    live.close()


def test_what_cannot_be_replayed_is_refused(source: Session) -> None:
    with pytest.raises(UsageError, match="step 9 is not on the path"):
        chosen_steps(source, Changes(without=(9,)))
    with pytest.raises(UsageError, match="nothing to replay"):
        chosen_steps(source, Changes(without=(1, 2, 3)))
    with pytest.raises(StoreError, match="already"):
        open_anew(source, "study", Changes(), chosen_steps(source, Changes()))
