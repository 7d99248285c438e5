"""Causal traces agree with the published code, and with runs made one at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from romebench.engine.model import LoadedModel
from romebench.engine.noise import Noise, NoiseKind, embeddings, noise_source, parse_noise
from romebench.engine.progress import Progress
from romebench.engine.trace import (
    Severed,
    TraceKind,
    TraceSettings,
    token_range,
    trace,
    trace_from_json,
)
from romebench.errors import CancelledError, RequestError, UsageError
from romebench.workbench.commands.results import plain

from .inspecting import FAMILIES, PROMPT, plain_trace, tiny

LoadSmall = Callable[..., LoadedModel]
KINDS = [
    TraceSettings(),
    TraceSettings(kind=TraceKind.MLP, window=2),
    TraceSettings(kind=TraceKind.ATTENTION, window=3),
    TraceSettings(severed=Severed.MLP),
    TraceSettings(severed=Severed.ATTENTION),
]


@pytest.mark.parametrize(
    ("name", "dtype", "bound"),
    [
        ("gpt2", "float64", 1e-12),
        ("gptj", "float64", 1e-6),
        ("gpt2", "float32", 1e-5),
        ("gptj", "float32", 1e-5),
    ],
)
def test_agrees_with_the_published_trace(
    goldens: Path, load_small: LoadSmall, name: str, dtype: str, bound: float
) -> None:
    model = load_small(name, dtype)
    expected = json.loads((goldens / "other" / "other.json").read_text())[f"{name}.f{dtype[-2:]}"]
    spread = expected["noise_level_s3"]
    source = noise_source(model, parse_noise("s3"), spread["subjects"])
    assert source.scale == pytest.approx(spread["value"], rel=1e-6)
    for case in expected["causal_trace"]:
        settings = TraceSettings(
            kind=TraceKind(case["kind"] or "states"),
            window=case["window"],
            noise=Noise(level=case["noise"], relative=False),
            samples=case["samples"],
        )
        found = trace(model, case["prompt"], case["subject"], settings)
        assert list(found.ids) == case["input_ids"]
        assert list(found.tokens) == case["input_tokens"]
        assert list(found.subject_range) == case["subject_range"]
        assert found.answer == case["answer"]
        assert found.high == pytest.approx(case["high_score"], rel=bound)
        assert found.low == pytest.approx(case["low_score"], rel=bound)
        scores, wanted = torch.tensor(found.scores), torch.tensor(case["scores"])
        assert torch.allclose(scores, wanted, rtol=bound, atol=0)
    case, uniform = expected["causal_trace"][0], expected["causal_trace_uniform"]
    settings = TraceSettings(
        TraceKind.MLP, uniform["window"], noise=parse_noise("u0.5"), samples=uniform["samples"]
    )
    last = case["subject_range"][1] - 1
    found = trace(model, case["prompt"], case["subject"], settings, positions=[last])
    assert found.low == pytest.approx(uniform["low_score"], rel=bound)
    assert torch.allclose(
        torch.tensor(found.scores), torch.tensor(uniform["scores"]), rtol=bound, atol=0
    )


@pytest.mark.parametrize("settings", KINDS, ids=lambda s: f"{s.kind}-{s.severed}")
@pytest.mark.parametrize("replace", [False, True])
def test_batched_runs_are_runs_made_one_at_a_time(
    load_small: LoadSmall, settings: TraceSettings, replace: bool
) -> None:
    model = load_small("gpt2", "float64")
    noise = Noise(level=2.0, replace=replace)
    settings = TraceSettings(settings.kind, settings.window, settings.severed, noise, samples=3)
    source = noise_source(model, noise)
    found = trace(model, "The founder of Steve Jobs was", "Steve Jobs", settings, source=source)
    scores = torch.tensor(found.scores, dtype=torch.float64)
    expected = plain_trace(model, found, settings, source)
    assert torch.allclose(scores, expected, rtol=1e-11, atol=0)
    one_row_at_a_time = TraceSettings(
        settings.kind, settings.window, settings.severed, noise, samples=3, batch=1
    )
    again = trace(
        model, "The founder of Steve Jobs was", "Steve Jobs", one_row_at_a_time, source=source
    )
    assert torch.allclose(torch.tensor(again.scores).double(), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("settings", [KINDS[0], KINDS[1], KINDS[4]], ids=lambda s: s.kind)
def test_every_family_is_traced(goldens: Path, name: str, settings: TraceSettings) -> None:
    model = tiny(name, goldens / "models" / "gpt2")
    settings = TraceSettings(settings.kind, settings.window, settings.severed, samples=2)
    source = noise_source(model, settings.noise)
    found = trace(model, PROMPT, "Steve Jobs", settings, source=source, positions=[1, 3, 5])
    expected = plain_trace(model, found, settings, source)
    assert torch.allclose(torch.tensor(found.scores).double(), expected, rtol=2e-4, atol=0)
    assert len({f"{score:.9f}" for row in found.scores for score in row}) > 4


def test_restoring_the_last_state_of_the_last_token_gives_the_clean_probability(
    load_small: LoadSmall,
) -> None:
    model = load_small("gpt2", "float64")
    found = trace(model, PROMPT, "Steve Jobs")
    assert found.scores[-1][-1] == pytest.approx(found.high, rel=1e-12)
    for position in range(5):
        assert found.scores[position][-1] == pytest.approx(found.low, rel=1e-12)


def test_restoring_every_mlp_and_all_attention_follows_the_clean_run(
    load_small: LoadSmall,
) -> None:
    # With one token, restoring its first block's output restores everything.
    model = load_small("gpt2", "float64")
    found = trace(model, " founder", " founder")
    assert found.ids == found.ids[:1]
    assert found.scores[0] == pytest.approx([found.high] * 4, rel=1e-12)


def test_tokens_before_the_subject_are_clean_already(load_small: LoadSmall) -> None:
    model = load_small("gpt2", "float64")
    found = trace(model, "The founder of Steve Jobs was", "Steve Jobs")
    first, _ = found.subject_range
    assert first == 3
    for row in found.scores[:first]:
        assert row == (found.low,) * 4


def test_severing_above_the_last_layer_severs_nothing(load_small: LoadSmall) -> None:
    model = load_small("gpt2", "float64")
    plainly = trace(model, PROMPT, "Steve Jobs")
    for severed in (Severed.MLP, Severed.ATTENTION):
        cut = trace(model, PROMPT, "Steve Jobs", TraceSettings(severed=severed))
        assert [row[-1] for row in cut.scores] == pytest.approx(
            [row[-1] for row in plainly.scores], rel=1e-12
        )
        assert cut.scores[1][0] != pytest.approx(plainly.scores[1][0], rel=1e-6)


def test_a_chosen_answer_is_followed(tiny_gpt2: LoadedModel) -> None:
    found = trace(tiny_gpt2, PROMPT, "Steve Jobs", answer="football", positions=[5])
    assert found.answer_id == tiny_gpt2.tokenizer(" football")["input_ids"][0]
    assert 0 < found.high < 1
    assert found.scores[0][-1] == pytest.approx(found.high, rel=1e-5)


def test_replacing_noise_has_its_own_low(tiny_gpt2: LoadedModel) -> None:
    replaced = TraceSettings(noise=parse_noise("s3", replace=True))
    found = trace(tiny_gpt2, PROMPT, "Steve Jobs", replaced, positions=[5])
    added = trace(tiny_gpt2, PROMPT, "Steve Jobs", positions=[5])
    assert found.published_low == added.low
    assert found.low != pytest.approx(added.low, rel=1e-6)
    assert added.published_low is None


@pytest.mark.parametrize("spelled", ["0.1", "s3", "u0.5", "m", "t3"])
def test_published_spellings_are_read(spelled: str) -> None:
    assert parse_noise(spelled).spelled == spelled


@pytest.mark.parametrize("spelled", ["", "x", "s-1", "t2", "0", "nan", "uinf"])
def test_other_spellings_are_refused(spelled: str) -> None:
    with pytest.raises(UsageError, match="is no noise"):
        parse_noise(spelled)


def test_noise_has_the_embeddings_mean_and_covariance(tiny_gpt2: LoadedModel) -> None:
    embedded = embeddings(tiny_gpt2).double()
    source = noise_source(tiny_gpt2, parse_noise("m"))
    drawn = source.draw(20_000, 1, 64)[:, 0]
    assert torch.equal(drawn[:5], source.draw(20_000, 1, 64)[:5, 0]), "the same at every call"
    assert (drawn.mean(0) - embedded.mean(0)).abs().max() < 0.01
    apart = torch.linalg.matrix_norm(torch.cov(drawn.T) - torch.cov(embedded.T))
    assert apart < 0.1 * torch.linalg.matrix_norm(torch.cov(embedded.T))
    # Student's t has the same covariance and heavier tails.
    student = noise_source(tiny_gpt2, parse_noise("t8")).draw(1000, 1, 64)[:, 0]
    centred = (student - embedded.mean(0)) / embedded.std(0)
    assert 0.8 < float(centred.std()) < 1.2
    normal = (drawn[:1000] - embedded.mean(0)) / embedded.std(0)
    assert (centred**4).mean() > 1.2 * (normal**4).mean()


def test_the_spread_is_of_the_embeddings(tiny_gpt2: LoadedModel) -> None:
    table = tiny_gpt2.model.get_input_embeddings().weight
    source = noise_source(tiny_gpt2)
    assert source.scale == pytest.approx(3 * float(table.detach().std()), rel=1e-5)
    assert source.to_json()["over"] == "vocabulary"
    assert noise_source(tiny_gpt2, Noise(NoiseKind.UNIFORM, 0.5, False)).scale == 0.5


def test_the_subject_is_found_where_it_stands(tiny_gpt2: LoadedModel) -> None:
    text = "France and France"
    end = token_range(tiny_gpt2, text, "France")[1]
    later = token_range(tiny_gpt2, text, "France", start=11)
    assert later[0] > end
    assert later[1] == len(tiny_gpt2.tokenizer(text)["input_ids"])
    with pytest.raises(RequestError, match="'Spain' is not in"):
        token_range(tiny_gpt2, text, "Spain")


def test_contradictory_settings_are_refused() -> None:
    with pytest.raises(UsageError, match="can't be severed"):
        TraceSettings(kind=TraceKind.MLP, severed=Severed.MLP)
    with pytest.raises(UsageError, match="at least 1"):
        TraceSettings(samples=0)


def test_a_trace_reports_and_stops(tiny_gpt2: LoadedModel) -> None:
    seen: list[Progress] = []
    stop = threading.Event()

    def report(progress: Progress) -> None:
        seen.append(progress)
        if progress.step == 2:
            stop.set()

    with pytest.raises(CancelledError, match="the trace was cancelled"):
        trace(tiny_gpt2, PROMPT, "Steve Jobs", progress=report, stop=stop)
    assert [p.step for p in seen] == [0, 1, 2]
    assert {p.total for p in seen} == {6}
    hooks = [m for m in tiny_gpt2.model.modules() if m._forward_hooks or m._forward_pre_hooks]
    assert not hooks, "no hook stays behind"


def test_a_trace_survives_json(tiny_gpt2: LoadedModel) -> None:
    found = trace(tiny_gpt2, PROMPT, "Steve Jobs", positions=[0, 5])
    assert trace_from_json(json.loads(json.dumps(plain(found)))) == found
    assert found.peak == (5, 3)
