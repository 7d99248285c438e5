"""Half precision: an fp32 master, the live weight its cast, right residuals, no NaN committed."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import pytest
import torch

from romebench.benchmarks.families import CONTEXTS, REQUEST, hparams_of, moment_of, relative
from romebench.benchmarks.zoo import LAYER, ZOO, load_variant
from romebench.engine.delta import RankOneDelta
from romebench.engine.editor import compute_edit
from romebench.engine.model import LoadedModel
from romebench.engine.rules import EQUATIONS, Rule
from romebench.engine.weights import EditedWeights
from romebench.errors import EditError

HALF = [torch.bfloat16, torch.float16]
KINDS = ["gpt2-tied", "llama-bos", "gpt_neox-parallel", "gemma2-bos", "falcon-7b"]


def load(name: str, dtype: torch.dtype, goldens: Path) -> LoadedModel:
    variant = next(variant for variant in ZOO if variant.name == name)
    return load_variant(variant, goldens / "models", dtype)


@pytest.mark.parametrize("dtype", HALF, ids=str)
@pytest.mark.parametrize("name", KINDS)
def test_every_rule_holds_on_the_master(name: str, dtype: torch.dtype, goldens: Path) -> None:
    model = load(name, dtype, goldens)
    assert model.compute_dtype is torch.float32
    weight = model.weight_name(LAYER)
    moment, hparams = moment_of(model), hparams_of(model)
    base = model.linear_view(weight).float().clone()
    for rule in Rule:
        edit = compute_edit(model, REQUEST, hparams, rule, CONTEXTS, moment)
        c = edit.context
        assert edit.delta.left.dtype is torch.float32
        assert edit.delta.is_finite()
        key = EQUATIONS[rule].divided_key(c)
        moved = base.clone()
        edit.delta.add_to(moved)
        change = (moved.double() - base.double()) @ key.double()
        assert relative(change, EQUATIONS[rule].residual(c)) < 1e-4
        assert all(math.isfinite(line["loss"]) for line in edit.losses)


@pytest.mark.parametrize("dtype", HALF, ids=str)
@pytest.mark.parametrize("name", ["gpt2-tied", "llama-bos", "opt"])
def test_the_live_weight_is_the_master_cast_down(
    name: str, dtype: torch.dtype, goldens: Path
) -> None:
    model = load(name, dtype, goldens)
    weight = model.weight_name(LAYER)
    weights = EditedWeights(model)
    moment, hparams = moment_of(model), hparams_of(model)
    untouched = model.linear_view(weight).clone()
    master = untouched.float()
    before = weights.base_sha256(weight)
    deltas: dict[int, RankOneDelta] = {}
    for step in (1, 2, 3):
        edit = compute_edit(model, REQUEST, hparams, Rule.R_ROME, CONTEXTS, moment)
        deltas[step] = edit.delta
        weights.apply(step, edit.delta)
        edit.delta.add_to(master)
        assert torch.equal(model.linear_view(weight), master.to(dtype))
        assert weights.is_finite(weight)
    lines = f"{weight} float32 {master.shape[0]} {master.shape[1]}\n".encode()
    expected = hashlib.sha256(lines + master.contiguous().numpy().tobytes()).hexdigest()
    assert weights.sha256(weight) == expected, "the hash is the fp32 master's"
    weights.goto([], deltas.__getitem__)
    assert torch.equal(model.linear_view(weight), untouched)
    assert weights.sha256(weight) == before


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_half_precision_is_near_the_same_edit(dtype: torch.dtype, goldens: Path) -> None:
    """The same model in fp32: the half precision edit differs by its own rounding, no more."""
    half = load("gpt2-tied", dtype, goldens)
    full = load("gpt2-tied", dtype, goldens)
    full.model.float()
    moment, hparams = moment_of(half), hparams_of(half, steps=3)
    found = compute_edit(half, REQUEST, hparams, Rule.R_ROME, CONTEXTS, moment)
    expected = compute_edit(full, REQUEST, hparams, Rule.R_ROME, CONTEXTS, moment)
    bound = 2e-2 if dtype is torch.bfloat16 else 3e-3
    assert relative(found.context.k_mean, expected.context.k_mean) < bound
    assert relative(found.context.v_bare, expected.context.v_bare) < bound
    assert torch.cosine_similarity(found.delta.left, expected.delta.left, dim=0) > 0.999
    assert found.losses[0]["loss"] == pytest.approx(expected.losses[0]["loss"], rel=bound)


def test_a_cast_that_overflows_is_seen(goldens: Path) -> None:
    model = load("gpt2-tied", torch.float16, goldens)
    weight = model.weight_name(LAYER)
    d_out, d_in = model.linear_view(weight).shape
    weights = EditedWeights(model)
    huge = RankOneDelta(weight, torch.ones(d_in), torch.full((d_out,), 1e6))
    weights.apply(1, huge)
    assert not weights.is_finite(weight), "1e6 is infinite in float16"
    with pytest.raises(EditError, match="not finite"):
        weights.apply(2, RankOneDelta(weight, torch.ones(d_in), torch.full((d_out,), torch.inf)))
    weights.goto([], lambda _step: huge)
    assert weights.is_finite(weight)


def test_activations_that_overflow_are_refused(goldens: Path) -> None:
    model = load("gpt2-tied", torch.float16, goldens)
    with torch.no_grad():
        model.model.get_submodule("transformer.h.2.mlp.c_proj").weight.fill_(6e4)
    with pytest.raises(EditError, match="not finite"):
        compute_edit(model, REQUEST, hparams_of(model), Rule.R_ROME, CONTEXTS, moment_of(model))
