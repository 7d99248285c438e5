"""Edits and moves on a live model: weights and history agree, or nothing has changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch

from romebench.engine.generation import generate
from romebench.engine.moments import SecondMoment
from romebench.engine.rules import Rule
from romebench.engine.sampling import Sampling
from romebench.errors import (
    EditError,
    ModelError,
    RequestError,
    StatisticsError,
    StoreError,
    UsageError,
)
from romebench.sessions.live import LiveSession
from romebench.sessions.statistics import SiteMoments, no_moments
from romebench.store.records import CursorRecord

from .conftest import HPARAMS, at_layer, request_for, same, snapshot

GREEDY = Sampling(max_new_tokens=8, greedy=True)


def test_every_move_gives_the_recorded_weights(live: LiveSession) -> None:
    states = {0: snapshot(live)}
    hashes = {0: live.session.record.base_weight_sha256}
    for number in range(3):
        record = live.edit(request_for(number))
        states[record.step], hashes[record.step] = snapshot(live), record.weight_sha256
    assert len(set(hashes.values())) == 4
    walk: list[tuple[Callable[[], Any], int]] = [
        (lambda: live.undo(), 2),
        (lambda: live.undo(2), 0),
        (lambda: live.redo(), 1),
        (lambda: live.redo(2), 3),
        (lambda: live.goto(1), 1),
        (lambda: live.goto("base"), 0),
        (lambda: live.goto("main"), 3),
        (lambda: live.goto("2"), 2),
    ]
    for move, step in walk:
        assert move().after == CursorRecord("main", step)
        assert same(live, states[step])
        assert live.weights.sha256(live.session.record.weight_name) == hashes[step]


def test_an_edit_after_an_undo_branches(live: LiveSession) -> None:
    for number in range(2):
        live.edit(request_for(number))
    live.undo()
    third = live.edit(request_for(2))
    assert (third.step, third.parent, third.depth) == (3, 1, 2)
    assert live.session.cursor == CursorRecord("main-2", 3)
    assert [b.name for b in live.session.branches()] == ["main", "main-2"]
    move = live.goto("main")
    assert (move.undone, move.redone) == ((3,), (2,))
    assert live.weights.path() == {third.weight_name: (1, 2)}
    live.branch("side", at=1)
    assert live.session.cursor == CursorRecord("side", 1)
    assert live.edit(request_for(4)).parent == 1
    live.session.rename_branch("side", "aside")
    assert live.session.cursor.branch == "aside"
    with pytest.raises(UsageError, match="'aside' already"):
        live.branch("aside")


def test_moves_append_operations_with_the_cursor_around_them(live: LiveSession) -> None:
    live.edit(request_for(0))
    live.undo()
    live.redo()
    found = live.session.operations()
    assert [(o.command, o.status) for o in found] == [
        ("create", "ok"), ("edit", "ok"), ("undo", "ok"), ("redo", "ok"),
    ]  # fmt: skip
    assert (found[2].before.step, found[2].after.step) == (1, 0)
    assert found[1].result["step"] == 1
    assert found[1].params["request"]["subject"] == "Steve Jobs 0"
    with pytest.raises(UsageError):
        live.redo()
    assert len(live.session.operations()) == 4


def test_rule_hparams_and_site_may_change_from_step_to_step(live: LiveSession) -> None:
    first = live.edit(request_for(0))
    second = live.edit(request_for(1), rule=Rule.ROME, hparams=at_layer(2))
    third = live.edit(request_for(2), rule=Rule.P_ROME)
    assert [s.rule for s in (first, second, third)] == ["r-rome", "rome", "p-rome"]
    assert second.weight_name == "transformer.h.2.mlp.c_proj.weight"
    assert second.hparams["layers"] == [2]
    assert live.weights.path() == {first.weight_name: (1, 3), second.weight_name: (2,)}
    live.goto("base")
    live.goto(2)
    assert live.weights.sha256(first.weight_name) == second.weight_sha256
    live.goto(3)
    assert live.weights.sha256(first.weight_name) == third.weight_sha256


def test_generations_before_and_after_are_kept(live: LiveSession) -> None:
    live.edit(request_for(0))
    prompts = ("France is", "The sport of", "France is")
    record = live.edit(request_for(1, generation_prompts=prompts))
    found = live.session.generations()
    assert [(g.step, g.role, g.prompt) for g in found] == [
        (1, "before", "France is"),
        (1, "before", "The sport of"),
        (2, "after", "France is"),
        (2, "after", "The sport of"),
    ]
    assert (
        found[2].text
        == generate(live.model, "France is", Sampling(max_new_tokens=40, greedy=True)).text
    )
    assert record.request["generation_prompts"] == list(prompts)


def test_generating_at_the_cursor_and_at_the_base(live: LiveSession) -> None:
    untouched = generate(live.model, "France is", GREEDY).text
    live.edit(request_for(0))
    before = snapshot(live)
    pieces: list[str] = []
    base = live.generate("France is", GREEDY, at="base", on_text=pieces.append)
    assert (base.text, base.step, base.role) == (untouched, 0, "base")
    assert "France is" + "".join(pieces) == untouched
    assert same(live, before)
    edited = live.generate("France is", GREEDY)
    assert (edited.step, edited.role, edited.seed) == (1, "console", 0)
    assert [g.text for g in live.session.generations()] == [base.text, edited.text]
    assert live.session.operations(1)[0].command == "generate"
    with pytest.raises(RequestError, match="prompt is empty"):
        live.generate("", GREEDY, at="base")
    assert same(live, before)


def test_probability_and_preview(live: LiveSession) -> None:
    at_base = live.probability("Steve Jobs 0 was the founder of", "Microsoft")
    preview = live.preview(request_for(0))
    assert preview["prob_new"] == pytest.approx(at_base.prob)
    record = live.edit(request_for(0))
    now = live.probability("Steve Jobs 0 was the founder of", "Microsoft")
    assert now.prob == pytest.approx(record.vitals["prob_new"])
    assert live.probability(
        "Steve Jobs 0 was the founder of", "Microsoft", at="base"
    ).prob == pytest.approx(at_base.prob)


def test_a_delta_that_overflows_the_live_dtype_is_not_applied(
    make_live: Callable[..., LiveSession],
) -> None:
    live = make_live(dtype="float16")
    before = snapshot(live)
    wild = dataclasses.replace(HPARAMS, v_lr=1e6, clamp_norm_factor=1e9)
    with pytest.raises(EditError, match="finite"):
        live.edit(request_for(0), hparams=wild)
    assert same(live, before)
    assert live.edit(request_for(0)).step == 1


def test_half_precision_keeps_an_exact_master(make_live: Callable[..., LiveSession]) -> None:
    live = make_live(dtype="float16")
    first = live.edit(request_for(0))
    second = live.edit(request_for(1))
    states = snapshot(live)
    live.undo(2)
    live.redo(2)
    assert same(live, states)
    assert live.weights.sha256(first.weight_name) == second.weight_sha256


def test_closing_puts_the_unedited_weights_back(live: LiveSession) -> None:
    before = snapshot(live)
    live.edit(request_for(0))
    live.close()
    assert same(live, before)
    with pytest.raises(StoreError, match="reading only"):
        live.edit(request_for(1))


def test_a_layer_that_is_not_there(live: LiveSession) -> None:
    with pytest.raises(ModelError, match="there is no layer 9"):
        live.edit(request_for(0), hparams=at_layer(9))
    assert live.session.operations(1)[0].status == "failed"


def test_a_request_that_is_too_long(live: LiveSession) -> None:
    long = request_for(0)
    long = type(long)("{} " + "the " * 200, long.subject, long.target_new)
    before = snapshot(live)
    with pytest.raises(RequestError, match="tokens"):
        live.edit(long)
    assert same(live, before)


def test_no_statistics_for_another_site(live: LiveSession) -> None:
    record = dataclasses.replace(live.session.record, statistics={"tokens": 10})
    eye = torch.eye(256, dtype=torch.float64)
    given = SecondMoment(256, 4 * eye, {"tokens": 10})
    with_c = dataclasses.replace(HPARAMS, mom2_adjustment=True)
    moments = SiteMoments(record, live.model, given, no_moments)
    assert moments.at(record.weight_name, with_c).matrix is given.matrix
    ridged = moments.at(record.weight_name, dataclasses.replace(with_c, mom2_ridge=0.5))
    assert ridged.ridge == 0.5
    with pytest.raises(StatisticsError, match=r"no second moments for transformer\.h\.2"):
        moments.at("transformer.h.2.mlp.c_proj.weight", with_c)
    assert moments.at("transformer.h.2.mlp.c_proj.weight", HPARAMS).is_identity
