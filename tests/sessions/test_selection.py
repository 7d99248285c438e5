"""Choosing among the requests of a source: filters, seeded samples, orders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from romebench.errors import UsageError
from romebench.sessions.requests import FoundRequest, find_requests
from romebench.sessions.selection import Selection, pocket_requests, read_source

from .conftest import request_for


def found(count: int) -> list[FoundRequest]:
    return [FoundRequest(request_for(n), n + 1, f"P{n % 3}") for n in range(count)]


def numbers(selection: Selection, count: int = 30) -> list[int]:
    return [int(str(request.case_id)) for request in selection.of(found(count))]


def test_everything_in_order_where_nothing_is_asked() -> None:
    assert numbers(Selection()) == list(range(30))


def test_a_sample_is_drawn_by_its_seed_and_keeps_the_order() -> None:
    first = numbers(Selection(sample=8, seed=1))
    assert len(set(first)) == 8
    assert first == sorted(first)
    assert first == numbers(Selection(sample=8, seed=1))
    assert first != numbers(Selection(sample=8, seed=2))


def test_a_shuffle_is_a_permutation_of_its_seed() -> None:
    shuffled = numbers(Selection(shuffle=True, seed=4))
    assert sorted(shuffled) == list(range(30))
    assert shuffled != list(range(30))
    assert shuffled == numbers(Selection(shuffle=True, seed=4))


def test_filters_come_before_the_sample_and_the_limit_last() -> None:
    assert numbers(Selection(relation="P1")) == list(range(1, 30, 3))
    assert len(numbers(Selection(relation="P1", sample=5, limit=3))) == 3
    assert numbers(Selection(match="france")) == list(range(2, 30, 5))


def test_what_leaves_nothing_is_refused_with_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        Selection(relation="P99").of(found(5))
    assert "P0" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="no request has"):
        Selection(match="nowhere").of(found(5))
    with pytest.raises(UsageError, match="sample of 9 of 5"):
        Selection(sample=9).of(found(5))


def test_texts_can_be_left_out() -> None:
    source = pocket_requests("dev")
    assert source[0].request.generation_prompts
    assert not Selection(texts=False, limit=1).of(source)[0].generation_prompts


def test_relations_are_read_where_records_keep_them(tmp_path: Path) -> None:
    rewrite = {"prompt": "{} is in", "subject": "Rome", "target_new": {"str": "France"}}
    records = [
        {"case_id": 1, "requested_rewrite": {**rewrite, "relation_id": "P17"}},
        {**rewrite, "relation_id": "P18"},
        rewrite,
    ]
    path = tmp_path / "requests.json"
    path.write_text(json.dumps(records), encoding="utf-8")
    assert [each.relation for each in find_requests(path)] == ["P17", "P18", None]


def test_pocket_names_the_embedded_requests_unless_a_file_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(read_source("pocket")) > len(read_source("pocket", "dev")) > 100
    (tmp_path / "pocket").write_text(
        '{"prompt": "{} is in", "subject": "Rome", "target_new": "France"}', encoding="utf-8"
    )
    assert len(read_source("pocket")) == 1
