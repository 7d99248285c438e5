"""Runs of an evaluation: what is stored, how they go on, and what they refuse."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from romebench.engine.metrics.entropy import mean_fluency
from romebench.engine.metrics.targets import target_pairs
from romebench.errors import CancelledError, FileFormatError, UsageError
from romebench.sessions.evaluation.cases import Dataset
from romebench.sessions.evaluation.evaluate import EvalOptions, Material, evaluate, gather
from romebench.sessions.evaluation.outcomes import Outcomes, outcomes_of
from romebench.sessions.evaluation.plan import Mode
from romebench.sessions.evaluation.runner import CaseDone
from romebench.sessions.live import LiveSession
from romebench.sessions.watch.levels import Guard, Watch

from .conftest import DATA

MakeLive = Callable[..., LiveSession]
RecordsFile = Callable[..., Path]


def asked(path: Path, **parts: Any) -> Material:
    return gather(EvalOptions(Dataset.COUNTERFACT, str(path), **parts), seed=5)


def timeless(outcomes: Outcomes) -> dict[int, Any]:
    """Results without what differs from run to run."""
    return {
        case_id: {key: value for key, value in case.items() if key != "time"}
        for case_id, case in outcomes.cases.items()
    }


@pytest.fixture
def untexted(records_file: RecordsFile) -> Callable[..., Material]:
    def make(count: int = 4, mode: Mode = Mode.BASE, **parts: Any) -> Material:
        return asked(records_file(count), mode=mode, generate=False, **parts)

    return make


def test_each_case_from_base_is_a_step_on_a_branch_of_its_own(
    live: LiveSession, untexted: Callable[..., Material]
) -> None:
    outcomes = evaluate(live, untexted())
    session = live.session
    assert list(outcomes.cases) == [0, 10, 20, 30]
    assert outcomes.waiting == ()
    assert [line.parent for line in session.lines()] == [0, 0, 0, 0]
    assert set(session.history.branches) == {
        "main", "case-0", "case-10", "case-20", "case-30",
    }  # fmt: skip
    for case_id, step in outcomes.steps.items():
        (record,) = session.measurements(step)
        assert record.detail == outcomes.cases[case_id]
        assert session.step(step).request["case_id"] == str(case_id)


def test_sequential_cases_stand_on_each_other(
    live: LiveSession, untexted: Callable[..., Material]
) -> None:
    outcomes = evaluate(live, untexted(mode=Mode.SEQUENTIAL))
    assert [line.parent for line in live.session.lines()] == [0, 1, 2, 3]
    moved = [case["distance_from_original"]["1"] for case in outcomes.cases.values()]
    assert moved == sorted(moved)
    befores = [case["pre"] for case in outcomes.cases.values()]
    with live.weights.at_base():
        pairs = target_pairs(live.model, ["Bill Gates was the founder of"], "Microsoft", "Apple")
    for before in befores:
        assert before["neighborhood_prompts_probs"][0] == pytest.approx(pairs[0].to_json())


def test_results_are_what_the_model_says_at_the_step(
    live: LiveSession, untexted: Callable[..., Material]
) -> None:
    outcomes = evaluate(live, untexted(2))
    live.goto(outcomes.steps[10])
    (pair,) = target_pairs(live.model, ["France 1 was the founder of"], "Microsoft", "Apple")
    post = outcomes.cases[10]["post"]
    assert post["rewrite_prompts_probs"] == [pytest.approx(pair.to_json())]
    assert [len(post[f"{name}_prompts_probs"]) for name in ("paraphrase", "attribute")] == [2, 1]
    assert post["rewrite_prompts_probs"] != outcomes.cases[10]["pre"]["rewrite_prompts_probs"]


def test_every_text_is_stored(live: LiveSession, records_file: RecordsFile) -> None:
    outcomes = evaluate(live, asked(records_file(1)))
    case, step = outcomes.cases[0], outcomes.steps[0]
    for step_number, role, part in ((0, "before", "pre"), (step, "after", "post")):
        stored = live.session.generations(step_number)
        assert [each.role for each in stored] == [role, role]
        assert [each.text for each in stored] == case[part]["text"]
        assert [each.prompt for each in stored] == ["Steve Jobs 0 is known for", "Here is"]
        assert case[part]["ngram_entropy"] == pytest.approx(mean_fluency(case[part]["text"]))
    seeds = [each.seed for each in live.session.generations()]
    assert len(set(seeds)) == 2, "a prompt has one seed, before the edit and after"


def test_consistency_and_essence_are_scored_against_snippets(
    live: LiveSession, records_file: RecordsFile, tmp_path: Path
) -> None:
    snippets = tmp_path / "snippets.json"
    samples = [
        {"name": "Steve Jobs 0", "text": "Steve Jobs 0 founded a company of computers."},
        {"name": "Paul Allen", "text": "Paul Allen is known for software."},
    ]
    entry = {"relation_id": "P112", "target_id": "Q2283", "samples": samples}
    snippets.write_text(json.dumps([entry]), encoding="utf-8")
    material = asked(records_file(2), snippets=str(snippets))
    outcomes = evaluate(live, material)
    first, second = (outcomes.cases[i]["post"] for i in (0, 10))
    assert 0 < first["reference_score"] <= 1
    assert first["essence_text"] == ["Steve Jobs 0 founded a company of computers."]
    assert first["essence_score"] > 1
    assert "essence_score" not in second
    assert outcomes.plan.references is not None
    assert outcomes.plan.references["tfidf"]["documents"] == 2

    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"text": "Apple and Microsoft"}\n{"text": "a company"}\n{"text": "of"}\n')
    fitted = asked(records_file(2), snippets=str(snippets), tfidf=str(corpus)).references
    assert fitted is not None
    assert fitted.to_json()["tfidf"]["source"] == "the corpus corpus.jsonl"
    assert (fitted.table.provenance["documents"], fitted.table.provenance["words"]) == (3, 5)
    with pytest.raises(FileFormatError, match="no such file"):
        asked(records_file(2), snippets=str(snippets), tfidf=str(tmp_path / "nothing"))


def test_zsre_is_scored_by_tokens(live: LiveSession) -> None:
    material = gather(EvalOptions(Dataset.ZSRE, str(DATA / "zsre_3.jsonl")), seed=5)
    outcomes = evaluate(live, material)
    tokenizer = live.model.tokenizer
    for case, result in zip(material.data.cases, outcomes.cases.values(), strict=True):
        n = len(tokenizer(" " + case.request.target_new)["input_ids"])
        post = result["post"]
        assert len(post["rewrite_prompts_correct"]) == n
        assert len(post["paraphrase_prompts_correct"]) == n
        own = len(tokenizer(" " + case.neighborhood_answers[0][1])["input_ids"])
        assert len(post["neighborhood_prompts_correct"]) == own


@pytest.mark.parametrize("mode", list(Mode))
def test_a_stopped_run_that_goes_on_equals_an_unbroken_one(
    make_live: MakeLive, untexted: Callable[..., Material], mode: Mode
) -> None:
    whole = evaluate(make_live("whole"), untexted(mode=mode))
    broken, stop = make_live("broken"), threading.Event()

    def stop_after_two(done: CaseDone) -> None:
        if done.case.case_id == 10:
            stop.set()

    with pytest.raises(CancelledError, match="after 2 of 4 cases") as caught:
        evaluate(broken, untexted(mode=mode), stop=stop, on_case=stop_after_two)
    assert "--name broken" in caught.value.hint
    # Wherever the user went in between, the run goes on where it was.
    broken.goto("base")
    taken: list[int] = []
    again = evaluate(
        broken, untexted(mode=mode), on_case=lambda done: taken.append(done.case.case_id)
    )
    assert taken == [20, 30]
    assert timeless(again) == timeless(whole)
    assert timeless(outcomes_of(broken.session)) == timeless(whole)
    hashes = [line.weight_sha256 for line in broken.session.lines()]
    assert len(set(hashes)) == 4


def test_a_case_that_cannot_be_edited_is_noted_and_not_taken_again(
    live: LiveSession, records_file: RecordsFile
) -> None:
    path = records_file(3, at_1={"paraphrase_prompts": ["word " * 3000]})
    taken: list[int] = []
    guards: set[Guard] = set()
    live.watch = Watch(guard=Guard.UNDO)

    def landed(done: CaseDone) -> None:
        taken.append(done.case.case_id)
        guards.add(live.watch.guard)

    for _ in range(2):
        outcomes = evaluate(live, asked(path, generate=False, mode=Mode.SEQUENTIAL), on_case=landed)
    assert taken == [0, 10, 20]
    # No verdict takes a case back, whatever the session's guard, which stays what it was.
    assert guards == {Guard.OFF}
    assert live.watch.guard is Guard.UNDO
    assert list(outcomes.cases) == [0, 20]
    assert "tokens" in outcomes.failed[10]
    assert [line.parent for line in live.session.lines()] == [0, 1]
    assert timeless(outcomes_of(live.session)) == timeless(outcomes)


def test_another_run_is_refused(live: LiveSession, untexted: Callable[..., Material]) -> None:
    evaluate(live, untexted())
    with pytest.raises(UsageError, match="has another mode: base, not sequential"):
        evaluate(live, untexted(mode=Mode.SEQUENTIAL))
    with pytest.raises(UsageError, match="has another sample"):
        evaluate(live, untexted(limit=2))
    with pytest.raises(UsageError, match=r"has another data file, by its sha256: .*, not"):
        evaluate(live, untexted(5))


def test_a_session_of_something_else_is_refused(
    live: LiveSession, untexted: Callable[..., Material]
) -> None:
    from ..conftest import request_for

    live.edit(request_for(1))
    with pytest.raises(UsageError, match="steps that are of no evaluation"):
        evaluate(live, untexted())


def test_a_sequential_run_refuses_strange_steps(
    live: LiveSession, untexted: Callable[..., Material]
) -> None:
    from ..conftest import request_for

    stop = threading.Event()
    with pytest.raises(CancelledError):
        evaluate(live, untexted(mode=Mode.SEQUENTIAL), stop=stop, on_case=lambda _: stop.set())
    live.edit(request_for(1))
    with pytest.raises(UsageError, match=r"step 2 .* is of no case"):
        evaluate(live, untexted(mode=Mode.SEQUENTIAL))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"tfidf": "x"}, "--tfidf without --snippets"),
        ({"snippets": "x", "generate": False}, "no text is written"),
        ({"limit": 9}, "has 4 cases, not 9"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    records_file: RecordsFile, parts: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        asked(records_file(4), **parts)
