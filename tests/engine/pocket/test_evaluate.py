"""The measurements behind the model card, on a request or two."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from romebench.engine.pocket import evaluation_set
from romebench.engine.pocket.editing import Bench, sequence, single_edits
from romebench.engine.pocket.world import Split
from romebench.engine.rules import Rule
from romebench.hparams import load_preset


@pytest.fixture(scope="module")
def bench() -> Bench:
    hparams = load_preset("pocket")
    return Bench.open(replace(hparams, context_template_length_params=((5, 2),)))


def test_single_edits_are_made_from_the_base_under_every_rule(bench: Bench) -> None:
    records = evaluation_set(Split.DEV)[:1]
    found = single_edits(bench, records, tuple(Rule))
    assert torch.equal(bench.live, bench.base)
    assert {rule: len(scores) for rule, scores in found.items()} == dict.fromkeys(Rule, 1)
    assert found[Rule.ROME][0].success == 1.0
    # One optimised value: the rules differ in how it is written.
    assert len({scores[0].relative_norm for scores in found.values()}) > 1


def test_a_sequence_is_measured_at_each_mark_and_taken_back(bench: Bench) -> None:
    landed: list[int] = []
    records = evaluation_set(Split.TEST)
    first, second = sequence(
        bench, records, Rule.ROME, (1, 2), 0, documents=1, facts=8, report=lambda: landed.append(1)
    )
    assert torch.equal(bench.live, bench.base)
    assert (first.edits, second.edits, len(landed)) == (1, 2, 2)
    assert second.distance[:1] == first.distance
    assert first.distance[0] == pytest.approx(first.norms[0], rel=1e-4)
    assert second.edits_kept.total == 2
