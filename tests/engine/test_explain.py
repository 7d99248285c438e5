"""What an edit's value side promotes, and averages over facts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from romebench.engine.average import Case, Fact, Role, average, effects_of, trace_facts
from romebench.engine.explain import (
    compare_logits,
    read_direction,
    read_logits,
    read_prompts,
)
from romebench.engine.lens import lens
from romebench.engine.model import LoadedModel
from romebench.engine.noise import noise_source
from romebench.engine.passes import read_head, record
from romebench.engine.request import EditRequest
from romebench.engine.trace import TraceSettings, trace
from romebench.engine.vitals import read_target
from romebench.errors import CancelledError, UsageError
from romebench.workbench.commands.results import plain

from .inspecting import FAMILIES, PROMPT, tiny

LoadSmall = Callable[..., LoadedModel]


@pytest.mark.parametrize("name", ["gpt_neox", "gemma2", "opt", "llama"])
def test_a_direction_is_the_slope_of_the_logits(goldens: Path, name: str) -> None:
    assert name in FAMILIES
    model = tiny(name, goldens / "models" / "gpt2")
    direction = torch.randn(32, generator=torch.Generator().manual_seed(2)).double()
    found = read_direction(model, 7 * direction, PROMPT, top_k=5)
    state = record(model, tuple(model.tokenizer(PROMPT)["input_ids"])).states[-1][0, -1]
    unit = direction / direction.norm()
    step = 1e-3 if name in ("gemma2", "llama") else 1e-6  # their norms compute in fp32
    slope = (read_head(model, state + step * unit) - read_head(model, state - step * unit)) / (
        2 * step
    )
    loose = 2e-2 if name in ("gemma2", "llama") else 1e-5
    for change in (*found.promoted, *found.suppressed):
        assert change.change == pytest.approx(float(slope[change.id]), rel=loose, abs=loose)
    rises = [change.change for change in found.promoted]
    assert rises == sorted(rises, reverse=True)
    assert found.suppressed[0].change == pytest.approx(float(slope.min()), rel=loose, abs=loose)
    with pytest.raises(UsageError, match="has 32 numbers and norm 0"):
        read_direction(model, torch.zeros(32), PROMPT)


def test_logits_are_compared(tiny_gpt2: LoadedModel) -> None:
    before = read_logits(tiny_gpt2, PROMPT)
    with torch.no_grad():
        ids = torch.tensor([tiny_gpt2.tokenizer(PROMPT)["input_ids"]])
        assert torch.allclose(before, tiny_gpt2.model(ids).logits[0, -1], atol=1e-5)
    after = before.clone()
    after[[7, 9, 11]] += torch.tensor([2.0, -3.0, 1.0])
    found = compare_logits(tiny_gpt2, before, after, top_k=2)
    assert [change.id for change in found.promoted] == [7, 11]
    assert found.suppressed[0].id == 9
    assert found.suppressed[0].change == pytest.approx(-3.0, abs=1e-5)


def test_prompts_are_read_with_both_targets(tiny_gpt2: LoadedModel) -> None:
    first, second = read_prompts(tiny_gpt2, [PROMPT, "France is a"], "football", "sport")
    asked = EditRequest("{}", PROMPT, "football")
    assert first.prob_new == read_target(tiny_gpt2, asked, "football").prob
    assert first.prob_true == read_target(tiny_gpt2, asked, "sport").prob
    assert first.answer == lens(tiny_gpt2, PROMPT).answer
    assert second.prompt == "France is a"
    assert read_prompts(tiny_gpt2, [PROMPT], "football", None)[0].prob_true is None


@pytest.fixture
def trained(load_small: LoadSmall) -> LoadedModel:
    return load_small("gpt2t")


@pytest.fixture
def facts(trained: LoadedModel) -> list[Fact]:
    prompts = [
        (PROMPT, "Steve Jobs"),
        ("The mother tongue of Danielle Darrieux is", "Danielle Darrieux"),
        ("France is a", "France"),
    ]
    known = [
        Fact(str(i), prompt, subject, lens(trained, prompt).answer)
        for i, (prompt, subject) in enumerate(prompts[1:])
    ]
    return [*known, Fact("not known", *prompts[0], answer="football")]


SETTINGS = TraceSettings(samples=3)


def test_an_average_is_the_mean_of_the_facts_that_are_known(
    trained: LoadedModel, facts: list[Fact]
) -> None:
    source = noise_source(trained, SETTINGS.noise)
    found = trace_facts(trained, facts, SETTINGS, source)
    assert (found.facts, found.unknown) == (2, 1)
    traces = [
        trace(trained, fact.prompt, fact.subject, SETTINGS, source=source) for fact in facts[:2]
    ]
    assert found.high == pytest.approx(sum(t.high for t in traces) / 2)
    assert found.total_effect == pytest.approx(sum(t.high - t.low for t in traces) / 2)
    last = next(curve for curve in found.curves if curve.role is Role.LAST)
    assert last.facts == 2
    rows = [torch.tensor(t.scores[-1]) - t.low for t in traces]
    assert last.mean == pytest.approx(((rows[0] + rows[1]) / 2).tolist(), abs=1e-7)
    spread = torch.stack(rows).double().std(0) * 1.96 / math.sqrt(2)
    assert last.high == pytest.approx((torch.tensor(last.mean) + spread).tolist(), abs=1e-6)
    # At the last token the last layer restores all of it.
    assert last.mean[-1] == pytest.approx(found.total_effect, abs=1e-6)


def test_roles_cover_every_token_from_the_subject_on(tiny_gpt2: LoadedModel) -> None:
    found = trace(tiny_gpt2, "The mother tongue of Danielle Darrieux is", "mother tongue of")
    effects = effects_of(found)
    first, end = found.subject_range
    scores = torch.tensor(found.scores, dtype=torch.float64) - found.low
    middle = scores[first + 1 : end - 1].mean(0)
    assert effects[Role.MIDDLE_SUBJECT] == pytest.approx(middle.tolist())
    assert effects[Role.LAST_SUBJECT] == pytest.approx(scores[end - 1].tolist())
    assert effects[Role.FIRST_AFTER] == pytest.approx(scores[end].tolist())
    assert effects[Role.FURTHER] == pytest.approx(scores[end + 1 : -1].mean(0).tolist())
    nearer = effects_of(trace(tiny_gpt2, "Danielle Darrieux is", "Danielle Darrieux", SETTINGS))
    assert Role.FURTHER not in nearer, "nothing stands between them and the last token"
    short = effects_of(trace(tiny_gpt2, "of France", "France", SETTINGS))
    assert Role.FIRST_AFTER not in short


def test_a_run_over_facts_is_taken_up_where_it_was_left(
    trained: LoadedModel, facts: list[Fact]
) -> None:
    source = noise_source(trained, SETTINGS.noise)
    whole = trace_facts(trained, facts, SETTINGS, source)
    kept: list[Case] = []

    class StopAfterTwo:
        def is_set(self) -> bool:
            return len(kept) >= 2

    with pytest.raises(CancelledError, match="tracing the facts"):
        trace_facts(trained, facts, SETTINGS, source, on_case=kept.append, stop=StopAfterTwo())
    stored = [json.loads(json.dumps(plain(case))) for case in kept]
    done = {case.key: case for case in map(Case.from_json, stored)}
    assert len(done) == 2
    fresh: list[Case] = []
    again = trace_facts(trained, facts, SETTINGS, source, done=done, on_case=fresh.append)
    assert [case.key for case in fresh] == ["not known"]
    assert plain(again) == plain(whole)


def test_no_facts_have_no_average() -> None:
    found = average([Case("0", False, " x")], SETTINGS)
    assert (found.facts, found.unknown, found.curves) == (0, 1, ())
    assert math.isnan(found.high)
