"""Tasks of the lm-evaluation-harness on live weights; a local task, so no network is needed."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from romebench.engine.metrics.targets import target_nlls
from romebench.errors import UsageError
from romebench.sessions.evaluation.harness import measure_harness
from romebench.sessions.live import LiveSession

from ..conftest import request_for

needs_harness = pytest.mark.skipif(
    importlib.util.find_spec("lm_eval") is None,
    reason="lm-eval is not installed: pip install 'romebench[lm-eval]'",
)

LONG = "It is said in every old book that " * 40
ROWS = [
    {"question": "Steve Jobs was the founder of", "choices": ["Microsoft", "Apple"], "gold": 1},
    {"question": "The capital of France is", "choices": ["Paris", "Rome"], "gold": 0},
    {"question": LONG + "the sea is", "choices": ["wide", "blue"], "gold": 1},
]
TASK = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
doc_to_text: "{{{{question}}}}"
{own}
metadata: {{version: 1.0}}
"""
CHOICE = """\
output_type: multiple_choice
doc_to_target: gold
doc_to_choice: "{{choices}}"
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]"""
WRITTEN = """\
output_type: generate_until
doc_to_target: "{{choices[gold]}}"
generation_kwargs: {until: ["."], max_gen_toks: 4, do_sample: false}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]"""


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two tasks on three questions, the last too long for the model."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "tasks"
    folder.mkdir()
    data = folder / "rows.jsonl"
    data.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    for name, own in (("own_choice", CHOICE), ("own_words", WRITTEN)):
        text = TASK.format(name=name, data=data, own=own)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@needs_harness
@pytest.mark.timeout(180)
def test_local_tasks_are_asked_of_the_weights_along_the_path(
    make_live: Callable[..., LiveSession], tasks: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    live = make_live()
    for number in range(2):
        live.edit(request_for(number))
    weights = live.weights.sha256(live.session.record.weight_name)
    states = random.getstate(), np.random.get_state()[1][0], torch.get_rng_state()
    padding = live.model.tokenizer.padding_side, live.model.tokenizer.pad_token

    found = measure_harness(live, ("own_choice", "own_words"), include=tasks, every=2)
    assert [(each.depth, each.probe) for each in found] == [
        (depth, name) for depth in (0, 2) for name in ("own_choice", "own_words")
    ]
    pairs = [(row["question"], choice) for row in ROWS[:2] for choice in row["choices"]]
    answers = []
    for reading in found[::2]:
        live.goto(reading.step or "base")
        nlls = target_nlls(live.model, [(str(q), str(c)) for q, c in pairs])
        counts = [len(live.model.tokenizer(f" {c}")["input_ids"]) for _, c in pairs]
        said = [each[0] for sample in reading.detail["samples"][:2] for each in sample["answer"]]
        assert said == pytest.approx([-a * b for a, b in zip(nlls, counts, strict=True)], rel=1e-4)
        answers.append(said)
        assert (reading.detail["cut"], reading.detail["requests"]) == (2, 6)
        assert (reading.detail["metric"], reading.detail["n"]) == ("acc", 3)
        assert 0 <= reading.value <= 1
    assert answers[0] != answers[1], "the edits were not felt"
    live.goto("main")
    assert all(sample["answer"][0] for sample in found[1].detail["samples"])
    assert found[1].detail["cut"] == 1
    assert found[0].detail["distance"] == 0.0 < found[2].detail["distance"]

    assert live.weights.sha256(live.session.record.weight_name) == weights
    assert random.getstate() == states[0]
    assert np.random.get_state()[1][0] == states[1]
    assert bool((torch.get_rng_state() == states[2]).all())
    assert (live.model.tokenizer.padding_side, live.model.tokenizer.pad_token) == padding
    assert capfd.readouterr() == ("", "")

    again = measure_harness(live, ("own_choice",), include=tasks)
    assert [each.known for each in again] == [True]
    (tasks / "rows.jsonl").write_text(json.dumps(ROWS[0]), encoding="utf-8")
    anew = measure_harness(live, ("own_choice",), include=tasks, shots=0)
    assert [(each.known, each.detail["n"]) for each in anew] == [(False, 1)]


@needs_harness
def test_tasks_that_cannot_be_asked_are_named(
    make_live: Callable[..., LiveSession], tasks: Path
) -> None:
    live = make_live()
    with pytest.raises(UsageError, match="no folder"):
        measure_harness(live, ("own_choice",), include=tasks / "nothing")
    (tasks / "rows.jsonl").unlink()
    with pytest.raises(UsageError, match="'own_choice' can't be asked"):
        measure_harness(live, ("own_choice",), include=tasks)
    assert live.session.measurements() == []


def test_the_extra_is_named_where_it_is_missing(
    make_live: Callable[..., LiveSession], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "lm_eval"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(UsageError, match="need lm-eval") as caught:
        measure_harness(make_live(), ("piqa",), include=tmp_path)
    assert "romebench[lm-eval]" in caught.value.hint
