"""Readings at any step: of the right weights, put back afterwards, stored and exported."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from romebench.engine.arithmetic import Act, Push
from romebench.engine.average import Case
from romebench.engine.explain import read_logits
from romebench.engine.lens import lens, lens_from_json
from romebench.engine.trace import TraceSettings, trace_from_json
from romebench.engine.vectors import mlp_vector
from romebench.errors import CancelledError, FileFormatError, UsageError
from romebench.sessions.export import export_session
from romebench.sessions.facts import case_file, read_facts, take_average
from romebench.sessions.importing import import_session
from romebench.sessions.inspection import (
    Reading,
    as_json,
    explain,
    keep,
    take_arithmetic,
    take_lens,
    take_sweep,
    take_trace,
    weights_at,
)
from romebench.sessions.live import LiveSession
from romebench.store.repository import Repository

from .conftest import request_for

PROMPT = "Steve Jobs 0 was the founder of"
QUICK = TraceSettings(samples=2)


@pytest.fixture
def edited(live: LiveSession) -> LiveSession:
    """Two edits, the cursor at the second."""
    live.edit(
        request_for(0, neighborhood_prompts=("France is a",), paraphrase_prompts=("Jobs is",))
    )
    live.edit(request_for(1))
    return live


def test_the_weights_are_those_of_the_step_and_then_the_cursors(edited: LiveSession) -> None:
    name = edited.session.record.weight_name
    at_cursor = edited.weights.sha256(name)
    live = edited.model.linear_view(name)
    for ref, number in (("cursor", 2), ("base", 0), (1, 1), ("main", 2)):
        with weights_at(edited, ref) as step:
            assert step == number
            inside = live.clone()
        with weights_at(edited, 2):
            pass
        assert edited.weights.sha256(name) == at_cursor
        edited.goto(number)
        assert (edited.model.linear_view(name) == inside).all(), ref
        edited.goto(2)
    with pytest.raises(UsageError, match="no step 9"), weights_at(edited, 9):
        pass


def test_a_failure_inside_puts_the_weights_back(edited: LiveSession) -> None:
    name = edited.session.record.weight_name
    before = edited.weights.sha256(name)
    for ref in ("base", 1):
        with pytest.raises(ZeroDivisionError), weights_at(edited, ref):
            raise ZeroDivisionError
        assert edited.weights.sha256(name) == before
        assert edited.weights.path() == {name: (1, 2)}


def test_a_lens_at_a_step_is_the_lens_there(edited: LiveSession) -> None:
    found = take_lens(edited, PROMPT, at=1)
    base = take_lens(edited, PROMPT, at="base")
    assert take_lens(edited, PROMPT, at=1).found == found.found
    assert found.found != base.found
    edited.goto(1)
    assert lens(edited.model, PROMPT) == found.found
    edited.goto("base")
    assert lens(edited.model, PROMPT) == base.found


def test_readings_are_kept_and_travel_with_the_export(
    edited: LiveSession, repository: Repository, tmp_path: Path
) -> None:
    read = take_lens(edited, PROMPT, at=1, watch=["Microsoft"])
    assert keep(edited, "lens", read.found.rows[-1].probs[0], read, {"prompt": PROMPT, "at": "1"})
    traced = take_trace(edited, PROMPT, "Steve Jobs 0", QUICK, at="base")
    assert keep(edited, "trace", float("nan"), traced, {"prompt": PROMPT})
    path = tmp_path / "study.jsonl"
    export_session(repository, "study", path)
    import_session(repository, path, name="copy")
    copy = repository.session("copy")
    for session_id in (edited.session.record.id, copy.id):
        kept = {m.probe: m for m in repository.measurements(session_id)}
        assert lens_from_json(kept["lens"].detail) == read.found
        assert kept["lens"].step == 1
        assert kept["lens"].value == read.found.rows[-1].probs[0]
        assert trace_from_json(kept["trace"].detail) == traced.found
        assert kept["trace"].step == 0
        assert kept["trace"].value is None
    last = edited.session.operations(1)[0]
    assert (last.command, last.status) == ("trace", "ok")


def test_vectors_and_sweeps_are_read_at_a_step(edited: LiveSession) -> None:
    with weights_at(edited, "base"):
        vector = mlp_vector(edited.model, [PROMPT], 2)
    push = Push(act=Act.RESIDUAL, layer=2)
    base = take_arithmetic(edited, PROMPT, vector, push, at="base", count=3)
    cursor = take_arithmetic(edited, PROMPT, vector, push, count=3)
    assert (base.step, cursor.step) == (0, 2)
    assert base.found.before == take_lens(edited, PROMPT, at="base").found
    assert cursor.found.before == take_lens(edited, PROMPT).found
    swept = take_sweep(edited, PROMPT, vector, push, [1.0], at="base")
    assert len(swept.found.probs) == 4
    assert json.loads(json.dumps(as_json(swept.found)))["act"] == "residual"


def test_an_explanation_tells_before_from_after(edited: LiveSession) -> None:
    found = explain(edited, 1, settings=QUICK).found
    delta = edited.session.step(1).vitals["delta_ratio"] * edited.weights.base_norm(
        edited.session.record.weight_name
    )
    assert found.delta_norm == pytest.approx(delta, rel=1e-6)
    assert found.delta_norm == pytest.approx(found.step.diagnostics["delta_norm"])
    assert found.lens.before == take_lens(edited, found.asked.before.prompt, at="base", top_k=8,
                                          watch=["Microsoft"]).found  # fmt: skip
    assert found.lens.after == take_lens(edited, found.asked.before.prompt, at=1, top_k=8,
                                         watch=["Microsoft"]).found  # fmt: skip
    assert found.asked.shift == found.asked.after.prob_new - found.asked.before.prob_new
    assert found.asked.shift > 0
    assert [m.after.prompt for m in found.neighbours] == ["France is a"]
    assert [m.after.prompt for m in found.paraphrases] == ["Jobs is"]
    assert found.traces is not None
    assert found.traces[1].answer_id == edited.session.step(1).tokens["target_ids"][0]
    assert found.direction is not None
    assert len(found.direction.promoted) == 8
    assert found.moved.promoted[0].change > 0 > found.moved.suppressed[0].change
    with weights_at(edited, "base"):
        before = read_logits(edited.model, found.asked.before.prompt)
    with weights_at(edited, 1):
        raised = read_logits(edited.model, found.asked.before.prompt) - before
    assert found.moved.promoted[0].change == pytest.approx(float(raised.max()), rel=1e-4)
    # Without neighbours of its own, a step is read on the prompts of those before it.
    second = explain(edited, "cursor").found
    assert [m.after.prompt for m in second.neighbours] == [PROMPT]
    assert second.traces is None
    assert edited.weights.path()[edited.session.record.weight_name] == (1, 2)
    with pytest.raises(UsageError, match="the base is no edit"):
        explain(edited, "base")


def test_stopping_an_explanation_leaves_the_cursors_weights(edited: LiveSession) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        explain(edited, 1, stop=stop)
    assert edited.weights.path()[edited.session.record.weight_name] == (1, 2)


FACTS = [
    {"known_id": 7, "prompt": "France is a", "subject": "France", "attribute": "country"},
    {"known_id": 8, "prompt": PROMPT, "subject": "Steve Jobs", "attribute": "Apple"},
]


@pytest.fixture
def fact_file(tmp_path: Path) -> Path:
    path = tmp_path / "known.json"
    path.write_text(json.dumps(FACTS))
    return path


def test_known_facts_and_requests_are_read(fact_file: Path, tmp_path: Path) -> None:
    facts = read_facts(fact_file)
    assert [(f.key, f.subject, f.answer, f.start) for f in facts] == [
        ("France is a => country", "France", "country", None),
        (f"{PROMPT} => Apple", "Steve Jobs", "Apple", None),
    ]
    requests = tmp_path / "requests.json"
    requests.write_text(
        json.dumps([{"prompt": "Of {} is", "subject": "Of", "target_new": "x", "target_true": "y"}])
    )
    (fact,) = read_facts(requests)
    assert (fact.prompt, fact.start, fact.answer) == ("Of Of is", 3, "y")
    one_line = [{"prompt": "{} is", "subject": name, "target_new": "x"} for name in "ab"]
    requests.write_text(json.dumps(one_line))
    assert len({fact.key for fact in read_facts(requests)}) == 2
    fact_file.write_text(json.dumps([{**FACTS[0], "subject": "Spain"}]))
    with pytest.raises(FileFormatError, match=r"known\.json:1: the subject 'Spain' is not in"):
        read_facts(fact_file)
    fact_file.write_text(json.dumps([FACTS[0], {"attribute": "x"}]))
    with pytest.raises(FileFormatError, match="not a known fact"):
        read_facts(fact_file)


def test_an_average_goes_on_from_its_case_file(
    make_live: Callable[..., LiveSession], fact_file: Path, tmp_path: Path
) -> None:
    live = make_live("trained", model="gpt2t")
    known = [{**fact, "attribute": lens(live.model, str(fact["prompt"])).answer} for fact in FACTS]
    fact_file.write_text(json.dumps(known))
    cases = tmp_path / "cases.jsonl"
    facts = read_facts(fact_file)
    first = take_average(live, facts, QUICK, limit=1, cases=cases)
    with cases.open("a") as file:
        file.write('{"key": "France is a => co')  # a process died here
    whole = take_average(live, facts, QUICK, cases=cases)
    assert first.found.facts == 1
    assert whole.found.facts == 2
    lines = [json.loads(line) for line in cases.read_text().splitlines()]
    assert [line.get("key") for line in lines] == [None, *(fact.key for fact in facts)]
    assert as_json(take_average(live, facts, QUICK, cases=cases).found) == as_json(whole.found)
    with pytest.raises(FileFormatError, match="of other weights or settings"):
        take_average(live, facts, TraceSettings(samples=3), cases=cases)
    live.edit(request_for(0))
    with pytest.raises(FileFormatError, match="of other weights or settings"):
        take_average(live, facts, QUICK, cases=cases)


def test_a_case_file_refuses_what_is_none(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("no json\n")
    with pytest.raises(FileFormatError, match=r"cases\.jsonl:1: not JSON"), case_file(path, {}):
        pass
    path.unlink()
    with case_file(path, {"a": 1}) as (_, add):
        add(Case("1", True, " x", 0.5, 0.25, {"last token": (0.1, 0.2)}))
    with case_file(path, {"a": 1}) as (done, _):
        assert done["1"].effects == {"last token": (0.1, 0.2)}


def test_what_is_read_while_another_process_writes_is_not_kept(
    edited: LiveSession, repository: Repository, load_small: Callable[..., object]
) -> None:
    from romebench.sessions.session import Session

    session = Session.open(repository, "study", write=False)
    reading = LiveSession.attach(session, load_small("gpt2"))  # type: ignore[arg-type]
    read = take_lens(reading, PROMPT)
    assert isinstance(read, Reading)
    assert not keep(reading, "lens", 0.5, read, {})
    assert not repository.measurements(edited.session.record.id)
    reading.close()
