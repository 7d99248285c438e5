"""Scoring layers: on the trained pocket model, and that nothing of it stays."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import torch

from romebench.benchmarks.families import hparams_of
from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel
from romebench.engine.moments import SecondMoment
from romebench.engine.request import EditRequest
from romebench.engine.rules import Rule
from romebench.engine.sweep import sweep_layers
from romebench.errors import CancelledError, ModelError, RequestError
from romebench.hparams import load_preset

REQUEST = EditRequest(
    "{} plays the sport of", "LeBron James", "football", "basketball",
    paraphrase_prompts=("LeBron James is a professional player of",),
    neighborhood_prompts=("Steve Jobs plays the sport of", "LeBron James was born in"),
)  # fmt: skip


def identity(model: LoadedModel) -> object:
    return lambda name: SecondMoment.identity(model.linear_view(name).shape[1])


def test_an_early_layer_takes_a_fact_better_than_the_last() -> None:
    model = load_model("pocket", device="cpu")
    hparams = replace(load_preset("pocket"), v_lr=0.5, v_num_grad_steps=30, clamp_norm_factor=20.0)
    before = {name: p.clone() for name, p in model.model.named_parameters()}
    layers = (1, model.n_layers - 1)
    scores = sweep_layers(model, [REQUEST], layers, hparams, Rule.R_ROME, ("{}",), identity(model))  # type: ignore[arg-type]
    early, last = scores
    assert (early.layer, last.layer) == layers
    assert early.efficacy == 1.0
    assert early.prob_new > 0.5 > last.prob_new
    assert early.score > last.score
    assert early.paraphrase is not None
    assert early.neighborhood is not None
    assert early.identity
    assert early.failed == 0
    assert all(torch.equal(p, before[name]) for name, p in model.model.named_parameters())


def test_what_cannot_be_scored(tiny_gpt2: LoadedModel) -> None:
    hparams, c = hparams_of(tiny_gpt2), identity(tiny_gpt2)
    with pytest.raises(RequestError, match="no requests"):
        sweep_layers(tiny_gpt2, [], [0], hparams, Rule.ROME, ("{}",), c)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="no layer 9"):
        sweep_layers(tiny_gpt2, [REQUEST], [9], hparams, Rule.ROME, ("{}",), c)  # type: ignore[arg-type]


def test_stopping_a_sweep_leaves_the_model_as_it_was(tiny_gpt2: LoadedModel) -> None:
    stop = threading.Event()
    before = tiny_gpt2.linear_view(tiny_gpt2.weight_name(1)).clone()
    seen: list[object] = []

    def note(report: object) -> None:
        seen.append(report)
        if len(seen) == 2:
            stop.set()

    with pytest.raises(CancelledError):
        sweep_layers(
            tiny_gpt2, [REQUEST], [0, 1, 2], hparams_of(tiny_gpt2), Rule.ROME, ("{}",),
            identity(tiny_gpt2), progress=note, stop=stop,
        )  # type: ignore[arg-type]  # fmt: skip
    assert torch.equal(tiny_gpt2.linear_view(tiny_gpt2.weight_name(1)), before)


def test_an_edit_that_fails_counts_as_without_effect(tiny_gpt2: LoadedModel) -> None:
    with torch.no_grad():
        tiny_gpt2.model.get_submodule("transformer.h.3.mlp.c_proj").weight[0, 0] = float("nan")
    (score,) = sweep_layers(
        tiny_gpt2, [REQUEST], [1], hparams_of(tiny_gpt2), Rule.ROME, ("{}",), identity(tiny_gpt2)
    )  # type: ignore[arg-type]
    assert (score.failed, score.efficacy, score.score) == (1, 0.0, 0.0)
