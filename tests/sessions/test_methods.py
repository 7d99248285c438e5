"""Fine-tuning steps beside rank-one ones: one history, exact all the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.numpy

from romebench.engine.model import LoadedModel
from romebench.errors import CancelledError, HparamsError
from romebench.hparams.finetune import Baseline, FineTuneHparams
from romebench.sessions.deltas import write_deltas
from romebench.sessions.export import export_session
from romebench.sessions.importing import import_session
from romebench.sessions.inspection import explain
from romebench.sessions.live import LiveSession
from romebench.sessions.replay import replay
from romebench.sessions.session import Session
from romebench.sessions.verify import verify
from romebench.sessions.watch.anew import Changes, chosen_steps, open_anew, run_anew
from romebench.sessions.ways import FineTune, find_method, recorded_way
from romebench.store import Database, Repository

from .conftest import at_layer, request_for

SITE = "transformer.h.1.mlp.c_proj.weight"
FT = FineTune(Baseline.FT, FineTuneHparams((1,), "transformer.h.{}.mlp.c_proj", num_steps=4))
FT_L = FineTune(
    Baseline.FT_L,
    FineTuneHparams((1,), "transformer.h.{}.mlp.c_proj", num_steps=4, norm_constraint=5e-4),
)
FT_ATTN = FineTune(
    Baseline.FT_ATTN,
    FineTuneHparams((2,), "transformer.h.{}.attn.c_attn", num_steps=3, weight_decay=0.01),
)


@pytest.fixture
def mixed(live: LiveSession) -> LiveSession:
    """Rules and methods on one path, at one site and at several, and a branch."""
    live.edit(request_for(0))
    live.edit(request_for(1), way=FT)
    live.edit(request_for(2), way=FT_ATTN)
    live.edit(request_for(3))
    live.undo(2)
    live.edit(request_for(4), way=FT_L)
    live.edit(request_for(5), hparams=at_layer(2))
    return live


def test_every_step_is_reached_from_every_other(mixed: LiveSession) -> None:
    session = mixed.session
    recorded = {line.step: line.weight_sha256 for line in session.lines()}
    assert [line.rule for line in session.lines()] == [
        "r-rome", "ft", "ft-attn", "r-rome", "ft-l", "r-rome"
    ]  # fmt: skip
    assert len(set(recorded.values())) == 6
    bias = mixed.model.model.get_submodule("transformer.h.1.mlp.c_proj").bias
    mixed.goto("base")
    at_base = bias.detach().clone()
    for step in (4, 6, 1, 5, 2, 3, 6, 4):
        mixed.goto(step)
        assert mixed.weights.sha256(SITE) == recorded[step]
        assert bool((bias == at_base).all()) == (step == 1)
    mixed.undo(4)
    assert mixed.weights.sha256(SITE) == session.record.base_weight_sha256
    assert bool((bias == at_base).all())
    mixed.redo(3)
    assert mixed.weights.sha256(SITE) == recorded[3]
    report = replay(mixed)
    assert (report.checked, report.mismatch) == (6, None)
    assert verify(session.repository, session.record.id).problems == ()


def test_a_step_keeps_what_a_method_did(mixed: LiveSession) -> None:
    step = mixed.session.step(2)
    assert recorded_way(step) == FT
    assert step.hparams == FT.to_json()
    assert step.weight_name == SITE
    assert {"step", "loss", "prob"} == set(step.losses[0])
    assert step.vitals["delta_ratio"] > 0
    assert "u_dot_k" not in step.vitals
    assert step.verdict == "uncalibrated"
    assert "no calibration covers ft" in step.verdict_reason
    operation = next(o for o in mixed.session.operations() if o.params.get("rule") == "ft")
    assert operation.params["layer"] == 1
    found = explain(mixed, 2).found
    assert found.direction is None
    assert found.delta_norm == step.diagnostics["delta_norm"]
    assert found.asked.shift > 0


def test_an_export_brings_every_step_back(
    mixed: LiveSession, tmp_path: Path, load_small: Callable[..., LoadedModel]
) -> None:
    path, other_path = tmp_path / "study.jsonl", tmp_path / "again.jsonl"
    export_session(mixed.session.repository, "study", path)
    with Database.open(tmp_path / "other" / "store.sqlite") as database:
        other = Repository(database)
        import_session(other, path)
        export_session(other, "study", other_path)
        assert other_path.read_bytes() == path.read_bytes()
        with LiveSession.attach(Session.open(other, "study"), load_small("gpt2")) as live:
            for line in mixed.session.lines():
                live.goto(line.step)
                assert live.weights.sha256(SITE) == line.weight_sha256
    report = write_deltas(
        mixed.session.repository, mixed.session.record, mixed.session.history,
        tmp_path / "deltas.safetensors",
    )  # fmt: skip
    names = safetensors.numpy.load_file(report.path).keys()
    assert {f"00001.{SITE}.left", f"00002.{SITE}.gradients", f"00003.{SITE}.inputs"} <= set(names)


def test_a_cancelled_edit_leaves_nothing(live: LiveSession) -> None:
    live.edit(request_for(0), way=FT)
    before, stop = live.weights.sha256(SITE), threading.Event()
    with pytest.raises(CancelledError):
        live.edit(request_for(1), way=FT, progress=lambda _: stop.set(), stop=stop)
    assert live.weights.sha256(SITE) == before
    assert len(live.session.lines()) == 1
    broken = FineTune(Baseline.FT, FineTuneHparams((1,), "transformer.h.{}.mlp.nothing"))
    with pytest.raises(HparamsError, match="no module"):
        live.edit(request_for(1), way=broken)
    assert live.session.operations(1)[0].status == "failed"


def test_a_queue_is_taken_by_a_method(live: LiveSession) -> None:
    live.session.enqueue([request_for(n) for n in range(3)], "x")
    assert live.step_queue(way=FT_L) is not None
    live.run_queue(1, way=FT)
    live.run_queue()
    assert [line.rule for line in live.session.lines()] == ["ft-l", "ft", "r-rome"]


def test_a_session_is_made_again_by_a_method_and_back(mixed: LiveSession, tmp_path: Path) -> None:
    file = tmp_path / "ft.json"
    file.write_text(json.dumps(FT.to_json()), encoding="utf-8")
    mixed.goto(2)
    source = Session.open(mixed.session.repository, "study", write=False)

    def again(into: str, **changed: Any) -> list[Any]:
        changes = Changes(**changed)
        steps = chosen_steps(source, changes)
        with open_anew(source, into, changes, steps) as live:
            run_anew(live, steps, changes)
            return live.session.lines()

    same = again("same")
    assert [line.weight_sha256 for line in same] == [
        line.weight_sha256 for line in source.lines()[:2]
    ]
    tuned = again("tuned", method="ft", method_hparams=str(file))
    assert [line.rule for line in tuned] == ["ft", "ft"]
    assert [line.rule for line in again("ruled", rule="rome")] == ["rome", "rome"]
    assert find_method("ft", str(file), "unheard-of") == FT
    with pytest.raises(HparamsError, match="known for 'unheard-of'"):
        find_method("ft", None, "unheard-of")
