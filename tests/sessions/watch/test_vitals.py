"""The full vitals: what they are compared with, and that they touch nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from romebench.engine.editor import read_key_ratio
from romebench.engine.metrics.perplexity import sentence_perplexity
from romebench.engine.probes import PROSE, read_health, says
from romebench.engine.request import EditRequest
from romebench.engine.rules import Rule
from romebench.engine.vitals import read_request
from romebench.sessions.watch.levels import VitalsLevel, Watch
from romebench.sessions.watch.vitals import IN_FORCE_SAMPLE, MadeEdits

from ..conftest import request_for

if TYPE_CHECKING:
    from romebench.engine.model import LoadedModel
    from romebench.sessions.live import LiveSession


@pytest.fixture
def watched(live: LiveSession) -> LiveSession:
    live.watch = Watch(VitalsLevel.FULL)
    return live


def test_the_base_is_measured_on_the_base(watched: LiveSession) -> None:
    expected = read_health(watched.model)
    watched.edit(request_for(1))
    assert watched.vitals.base() == expected
    assert expected.perplexity == pytest.approx(sentence_perplexity(watched.model, PROSE), rel=0.5)


def test_vitals_are_of_the_edited_weights(watched: LiveSession) -> None:
    vitals = watched.edit(request_for(1)).vitals
    now = read_health(watched.model)
    assert vitals["perplexity"] == now.perplexity
    assert vitals["perplexity_ratio"] == now.perplexity / watched.vitals.base().perplexity
    assert vitals["perplexity_ratio"] != 1.0
    assert vitals["in_force"] is None
    assert vitals["in_force_of"] == 0


def test_cheap_vitals_leave_the_dear_ones_out(live: LiveSession) -> None:
    vitals = live.edit(request_for(1)).vitals
    assert "perplexity" not in vitals
    assert "in_force" not in vitals
    assert "key_ratio" in vitals


def test_vitals_change_no_weight(
    make_live: Callable[..., LiveSession],
) -> None:
    full, cheap = make_live("full"), make_live("cheap")
    full.watch = Watch(VitalsLevel.FULL)
    for number in range(3):
        assert (
            full.edit(request_for(number)).weight_sha256
            == cheap.edit(request_for(number)).weight_sha256
        )


def test_says_agrees_with_one_request_at_a_time(tiny_gpt2: LoadedModel) -> None:
    asked = [request_for(n) for n in range(7)]
    asked += [replace(each, target_true="Paris") for each in asked]
    # On a random model the likeliest of two short targets differs from request to request.
    expected = [read_request(tiny_gpt2, each).efficacy for each in asked]
    assert says(tiny_gpt2, asked) == expected
    assert True in expected
    assert False in expected


def test_edits_in_force_are_counted(watched: LiveSession) -> None:
    steps = [watched.edit(request_for(n)) for n in range(4)]
    earlier = [EditRequest.from_json(s.request) for s in steps[:3] if s.vitals["efficacy"]]
    assert steps[3].vitals["in_force_of"] == len(earlier)
    if earlier:
        found = says(watched.model, earlier)
        assert steps[3].vitals["in_force"] == sum(found) / len(found)


def test_an_edit_that_was_replaced_is_not_asked_again(live: LiveSession) -> None:
    first = live.edit(request_for(1, target_true="Paris"))
    live.edit(request_for(2, target_true="Paris"))
    again = replace(request_for(1), target_new="Ferrari")
    edits = MadeEdits(live.session)
    for record in (first,):
        edits._held[record.step] = replace(edits.of([record.step])[0], succeeded=True)
    edits._held[2] = replace(edits.of([2])[0], succeeded=True)
    assert [e.step for e in edits.standing((1, 2), sample=None, seed=0, newest=None)] == [1, 2]
    assert [e.step for e in edits.standing((1, 2), sample=None, seed=0, newest=again)] == [2]
    live.edit(again)
    assert [e.step for e in edits.standing((1, 2), sample=None, seed=0, newest=None)] == [1, 2]
    edits._held[3] = replace(edits.of([3])[0], succeeded=True)
    assert [e.step for e in edits.standing((1, 2, 3), sample=None, seed=0, newest=None)] == [2, 3]


def test_many_edits_are_sampled(live: LiveSession, monkeypatch: pytest.MonkeyPatch) -> None:
    edits = MadeEdits(live.session)
    path = tuple(range(1, IN_FORCE_SAMPLE + 30))
    asked: list[int] = []

    def made(step: int) -> object:
        from romebench.sessions.watch.vitals import MadeEdit

        asked.append(step)
        return MadeEdit(step, request_for(step), True)

    monkeypatch.setattr(edits, "_edit", made)
    monkeypatch.setattr(
        edits, "_last_with_subject", lambda path: {request_for(n).subject: [n] for n in path}
    )
    drawn = edits.standing(path, sample=IN_FORCE_SAMPLE, seed=3, newest=None)
    assert len(drawn) == IN_FORCE_SAMPLE
    assert len(asked) == IN_FORCE_SAMPLE
    again = edits.standing(path, sample=IN_FORCE_SAMPLE, seed=3, newest=None)
    assert [e.step for e in again] == [e.step for e in drawn]


def test_the_key_ratio_is_known_before_the_edit(live: LiveSession) -> None:
    request = request_for(3)
    record, hparams = live.session.record, live.hparams
    moment = live.moments.at(record.weight_name, hparams)
    for rule in Rule:
        ratio = read_key_ratio(live.model, request, hparams, rule, record.contexts, moment)
        with_rule = live.edit(request, rule=rule)
        live.undo()
        assert with_rule.vitals["key_ratio"] == pytest.approx(ratio, rel=1e-5)
