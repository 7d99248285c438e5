"""Retention: the matrix, the facts-forgotten curve, and that measuring moves nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from romebench.engine.vitals import read_request
from romebench.errors import CancelledError, UsageError
from romebench.sessions.watch.retention import (
    PROBE,
    SCORES,
    Column,
    columns_of,
    measure_retention,
    read_retention,
)

from ..conftest import request_for

if TYPE_CHECKING:
    from romebench.sessions.live import LiveSession


def test_facts_forgotten_counts_successes_that_fail_now() -> None:
    scores = {"efficacy": (1.0, 0.0, 0.0, 1.0)}
    column = Column(4, (1, 2, 3, 4), (True, True, False, True), scores)
    assert column.kept == 0.5
    assert column.forgotten == pytest.approx(1 / 3)
    assert Column(1, (1,), (False,), {"efficacy": (0.0,)}).forgotten is None


def test_the_last_step_is_always_a_column() -> None:
    assert columns_of((1, 2, 3, 4, 5), 2) == [2, 4, 5]
    assert columns_of((7, 9), 1) == [7, 9]
    assert columns_of((), 3) == []


def test_each_cell_is_the_edit_asked_at_that_step(live: LiveSession) -> None:
    prompts = {"paraphrase_prompts": ("Who founded it?",), "neighborhood_prompts": ("Oslo is in",)}
    for n in range(3):
        live.edit(request_for(n, target_true="Paris", **prompts))
    before = live.session.weight_sha256
    found = measure_retention(live, every=2, scores=SCORES)
    assert [column.step for column in found.columns] == [2, 3]
    assert live.weights.sha256(live.session.record.weight_name) == before
    assert live.session.cursor.step == 3
    for column in found.columns:
        live.goto_weights(column.step)
        for step in column.steps:
            request = request_for(step - 1, target_true="Paris")
            assert found.cell(step, column) == read_request(live.model, request).efficacy
    assert found.cell(3, found.columns[0]) is None
    assert found.columns[1].scores["neighbourhood"][0] in (0.0, 1.0)
    live.settle()


def test_columns_that_are_stored_are_not_taken_again(live: LiveSession) -> None:
    for n in range(2):
        live.edit(request_for(n))
    stop = threading.Event()
    with pytest.raises(CancelledError):
        measure_retention(
            live, every=1, stop=stop, progress=lambda p: stop.set() if p.step else None
        )
    assert [c.step for c in read_retention(live.session).columns] == [1]
    measure_retention(live, every=1)
    stored = [m for m in live.session.measurements() if m.probe == PROBE]
    assert [m.step for m in stored] == [1, 2]
    assert stored[1].value == read_retention(live.session).columns[1].kept


def test_there_is_nothing_to_ask_at_the_base(live: LiveSession) -> None:
    with pytest.raises(UsageError, match="no edit"):
        measure_retention(live)
