"""Reading the cases of an evaluation: both data sets, samples, and records that are broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from romebench.errors import FileFormatError, UsageError
from romebench.sessions.evaluation.cases import Dataset, ZsreTarget, read_cases

from .conftest import DATA, counterfact_record


def test_counterfact_records_keep_their_ids_and_prompts() -> None:
    path = DATA / "counterfact_3.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    data = read_cases(str(path), Dataset.COUNTERFACT)
    assert [case.case_id for case in data.cases] == [record["case_id"] for record in raw]
    for case, record in zip(data.cases, raw, strict=True):
        assert case.rewrite == record["requested_rewrite"]
        assert case.request.target_true == record["requested_rewrite"]["target_true"]["str"]
        for key in ("paraphrase", "neighborhood", "attribute", "generation"):
            assert list(getattr(case, f"{key}_prompts")) == record[f"{key}_prompts"]
        assert case.request.generation_prompts == ()


@pytest.mark.parametrize("target", list(ZsreTarget))
def test_zsre_records_are_numbered_by_place(target: ZsreTarget) -> None:
    path = DATA / "zsre_3.jsonl"
    raw = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    data = read_cases(str(path), Dataset.ZSRE, target=target)
    assert [case.case_id for case in data.cases] == [0, 1, 2]
    for case, record in zip(data.cases, raw, strict=True):
        answer = record["answers"][0] if target is ZsreTarget.ANSWERS else record["alt"]
        assert case.request.target_new == answer
        assert case.request.text == record["src"]
        assert case.paraphrase_prompts == (record["rephrase"],)
        assert case.neighborhood_answers == ((record["loc"] + "?", record["loc_ans"]),)
        assert case.rewrite["target_true"] == {"str": "<|endoftext|>"}


def test_the_embedded_set_is_at_hand() -> None:
    data = read_cases("pocket", Dataset.COUNTERFACT)
    assert data.source == "pocket test"
    assert len(data.cases) > 100
    assert len(data.sha256) == 64
    assert read_cases("pocket", Dataset.COUNTERFACT, split="dev").sha256 != data.sha256
    with pytest.raises(UsageError, match="CounterFact's form"):
        read_cases("pocket", Dataset.ZSRE)


def test_a_sample_is_the_seeds(records_file: Callable[..., Path]) -> None:
    data = read_cases(str(records_file(20)), Dataset.COUNTERFACT)
    assert data.chosen(None, 3) == data.cases
    drawn = data.chosen(6, 3)
    assert drawn == data.chosen(6, 3)
    assert len({case.case_id for case in drawn}) == 6
    assert drawn != data.chosen(6, 4)
    with pytest.raises(UsageError, match="has 20 cases, not 21"):
        data.chosen(21, 0)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"prompt": "{} is", "subject": "a", "target_new": "b"}, "not a CounterFact record"),
        (counterfact_record(1, case_id="x"), "case_id is 'x'"),
        (counterfact_record(0), "case 0 is there already"),
        (
            {"requested_rewrite": {"prompt": "{} is", "subject": "a", "target_new": {"str": "b"}}},
            "no target_true",
        ),
    ],
)
def test_a_broken_counterfact_record_is_named_by_line(
    tmp_path: Path, record: object, message: str
) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(
        "\n".join(json.dumps(each) for each in (counterfact_record(0), record)), encoding="utf-8"
    )
    with pytest.raises(FileFormatError, match=f"records.jsonl:2: .*{message}"):
        read_cases(str(path), Dataset.COUNTERFACT)


def test_a_broken_zsre_record_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "zsre.jsonl"
    good = (DATA / "zsre_3.jsonl").read_text(encoding="utf-8").splitlines()[0]
    broken = {key: value for key, value in json.loads(good).items() if key != "loc_ans"}
    path.write_text(good + "\n" + json.dumps(broken), encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"zsre.jsonl:2: .*loc_ans"):
        read_cases(str(path), Dataset.ZSRE)
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(FileFormatError, match="no records"):
        read_cases(str(path), Dataset.ZSRE)
