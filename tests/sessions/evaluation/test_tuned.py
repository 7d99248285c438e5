"""Runs of a baseline: its cases are steps as a rule's are."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from romebench.errors import CancelledError, HparamsError, UsageError
from romebench.hparams.finetune import Baseline, FineTuneHparams
from romebench.sessions.evaluation.cases import Dataset
from romebench.sessions.evaluation.evaluate import EvalOptions, Material, evaluate, gather
from romebench.sessions.evaluation.outcomes import Outcomes, outcomes_of
from romebench.sessions.evaluation.plan import Mode
from romebench.sessions.evaluation.runs import to_go_on
from romebench.sessions.live import LiveSession
from romebench.sessions.ways import FineTune

HPARAMS = FineTuneHparams((1,), "transformer.h.{}.mlp.c_proj", num_steps=3)


@pytest.fixture
def material(records_file: Callable[..., Path], tmp_path: Path) -> Callable[..., Material]:
    hparams = tmp_path / "ft.json"
    hparams.write_text(json.dumps(HPARAMS.to_json()), encoding="utf-8")

    def make(mode: Mode = Mode.BASE, **changes: dict[str, Any]) -> Material:
        options = EvalOptions(
            Dataset.COUNTERFACT, str(records_file(4, **changes)), mode=mode, generate=False,
            baseline=Baseline.FT, method_hparams=str(hparams),
        )  # fmt: skip
        return gather(options, 5)

    return make


def timeless(outcomes: Outcomes) -> dict[int, Any]:
    return {i: {**case, "time": None} for i, case in outcomes.cases.items()}


@pytest.mark.parametrize("mode", list(Mode))
def test_every_case_is_a_step_to_go_back_to(
    live: LiveSession, material: Callable[..., Material], mode: Mode, tmp_path: Path
) -> None:
    outcomes = evaluate(live, material(mode), results=tmp_path / "results")
    lines = live.session.lines()
    assert [line.rule for line in lines] == ["ft"] * 4
    assert len({line.weight_sha256 for line in lines}) == 4
    assert outcomes.steps == dict(zip((0, 10, 20, 30), (1, 2, 3, 4), strict=True))
    assert [line.depth for line in lines] == ([1] * 4 if mode is Mode.BASE else [1, 2, 3, 4])
    pre, post = (outcomes.cases[30][key]["rewrite_prompts_probs"] for key in ("pre", "post"))
    assert post[0]["target_new"] < pre[0]["target_new"]
    assert outcomes.cases[0]["distance_from_original"]["1"] > 0
    live.goto(2)
    assert live.weights.sha256("x") == lines[1].weight_sha256
    params = json.loads((tmp_path / "results" / "FT" / "run_000" / "params.json").read_text())
    assert (params["num_steps"], params["norm_constraint"]) == (3, False)
    assert "statistics" not in params["romebench"]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_stopped_run_that_goes_on_equals_an_unbroken_one(
    make_live: Callable[..., LiveSession], material: Callable[..., Material], mode: Mode
) -> None:
    whole = evaluate(make_live("whole"), material(mode))
    broken, stop = make_live("broken"), threading.Event()
    with pytest.raises(CancelledError):
        evaluate(
            broken, material(mode), stop=stop,
            on_case=lambda done: stop.set() if done.case.case_id == 10 else None,
        )  # fmt: skip
    assert len(outcomes_of(broken.session).cases) == 2
    assert timeless(evaluate(broken, material(mode))) == timeless(whole)


def test_a_case_that_fails_leaves_nothing_behind(
    make_live: Callable[..., LiveSession], material: Callable[..., Material]
) -> None:
    long = material(Mode.SEQUENTIAL, at_1={"neighborhood_prompts": ["word " * 3000]})
    found = evaluate(make_live("failing"), long)
    assert list(found.failed) == [10]
    without = replace(long.data, cases=tuple(c for c in long.data.cases if c.case_id != 10))
    other = evaluate(make_live("other"), replace(long, data=without))
    assert timeless(found) == timeless(other)


def test_other_hyperparameters_are_another_run(
    live: LiveSession, material: Callable[..., Material], records_file: Callable[..., Path]
) -> None:
    evaluate(live, material())
    method = FineTune(Baseline.FT, replace(HPARAMS, num_steps=4))
    changed = replace(material(), method=method)
    with pytest.raises(UsageError, match="another options"):
        evaluate(live, changed)
    path = str(records_file())
    with pytest.raises(HparamsError, match="known for 'unheard-of'"):
        gather(EvalOptions(Dataset.COUNTERFACT, path, baseline=Baseline.FT), 5, "unheard-of")
    with pytest.raises(UsageError, match="--method-hparams without --method"):
        gather(EvalOptions(Dataset.COUNTERFACT, path, method_hparams="x"), 5)


def test_a_run_that_goes_on_asks_for_what_it_was_begun_with(
    live: LiveSession, records_file: Callable[..., Path], tmp_path: Path
) -> None:
    """The Eval tab goes on with nothing but the plan: method, its file, snippets and weights."""
    hparams, stop = tmp_path / "ft.json", threading.Event()
    hparams.write_text(json.dumps(HPARAMS.to_json()), encoding="utf-8")
    (tmp_path / "snippets.json").write_text(
        json.dumps([{"relation_id": "P1", "target_id": "Q1",
                     "samples": [{"name": "a", "text": "some words of a text"}]}])
    )  # fmt: skip
    (tmp_path / "corpus.txt").write_text("some words of a text\nand others of another\n")
    options = EvalOptions(
        Dataset.COUNTERFACT, str(records_file(4)), baseline=Baseline.FT,
        method_hparams=str(hparams), snippets=str(tmp_path / "snippets.json"),
        tfidf=str(tmp_path / "corpus.txt"),
    )  # fmt: skip
    with pytest.raises(CancelledError):
        evaluate(live, gather(options, 5), stop=stop, on_case=lambda _: stop.set())
    plan = outcomes_of(live.session).plan
    asked = to_go_on(plan)
    assert (asked["method"], asked["snippets"], asked["tfidf"]) == (
        "ft", options.snippets, options.tfidf
    )  # fmt: skip
    hparams.unlink()
    known = replace(options, method_hparams=None, snippets=asked["snippets"], tfidf=asked["tfidf"])
    found = evaluate(live, gather(known, 5, "unheard-of", begun=plan))
    assert len(found.cases) == 4
    assert [line.rule for line in live.session.lines()] == ["ft"] * 4
