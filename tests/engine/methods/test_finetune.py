"""Fine-tuning baselines: the published loop, its limits, and models put back to the bit."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from romebench.engine.delta import Delta, RankOneDelta
from romebench.engine.fingerprint import weight_sha256
from romebench.engine.methods import adam
from romebench.engine.methods.finetune import ENOUGH, FineTuned, fine_tune
from romebench.engine.model import LoadedModel
from romebench.engine.request import EditRequest
from romebench.engine.stored import read_delta
from romebench.engine.weights import EditedWeights, bias_name
from romebench.errors import CancelledError, EditError, FileFormatError, HparamsError, RequestError
from romebench.hparams.finetune import (
    Baseline,
    FineTuneHparams,
    fine_tune_preset,
    read_fine_tune,
)

REQUEST = EditRequest("{} was the founder of", "Steve Jobs", "Microsoft")
MLP = FineTuneHparams((1,), "transformer.h.{}.mlp.c_proj", num_steps=6)
LIMITED = FineTuneHparams((0,), "transformer.h.{}.mlp.c_proj", num_steps=6, norm_constraint=5e-4)
ATTENTION = FineTuneHparams(
    (2,), "transformer.h.{}.attn.c_attn", num_steps=6, lr=1e-3, norm_constraint=1e-3
)


def parameters_of(model: LoadedModel) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.model.named_parameters()}


def published_loop(
    model: LoadedModel, request: EditRequest, hparams: FineTuneHparams
) -> tuple[dict[str, torch.Tensor], list[float]]:
    """The loop of `ft_main.py` on a copy of the whole model, written out plainly."""
    edited = copy.deepcopy(model.model)
    template = hparams.rewrite_module_tmp
    weights = {
        name: p
        for name, p in edited.named_parameters()
        for layer in hparams.layers
        if template.format(layer) in name
    }
    before = {name: p.detach().clone() for name, p in weights.items()}
    optimiser = torch.optim.Adam(weights.values(), lr=hparams.lr)
    tokenized = model.tokenizer(request.text, return_tensors="pt")
    targets = model.tokenizer(" " + request.target_new, return_tensors="pt")["input_ids"]
    losses = []
    for _ in range(hparams.num_steps):
        optimiser.zero_grad()
        probs = torch.log_softmax(edited(**tokenized).logits[:, -1], dim=-1)
        loss = -torch.gather(probs, 1, targets).sum(1) / targets.shape[1]
        losses.append(float(loss.detach()))
        if losses[-1] >= 1e-2:
            loss.mean().backward()
            optimiser.step()
        if hparams.norm_constraint is not None:
            eps = hparams.norm_constraint
            with torch.no_grad():
                for name, p in weights.items():
                    p[...] = torch.clamp(p, min=before[name] - eps, max=before[name] + eps)
        if losses[-1] < 1e-2:
            break
    return {name: p.detach() - before[name] for name, p in weights.items()}, losses


@pytest.mark.parametrize("hparams", [MLP, LIMITED, ATTENTION], ids=["ft", "ft-l", "ft-attn"])
@pytest.mark.parametrize("target", ["Microsoft", "Silver Moon Harbor"])
def test_the_published_loop_gives_the_same_delta(
    load_small: Callable[..., LoadedModel], hparams: FineTuneHparams, target: str
) -> None:
    model = load_small("gpt2", "float64")
    request = EditRequest(REQUEST.prompt, REQUEST.subject, target)
    wanted, losses = published_loop(model, request, hparams)
    found = fine_tune(model, request, hparams)
    assert [line["loss"] for line in found.losses] == pytest.approx(losses, rel=1e-9)
    assert found.diagnostics["grad_steps"] == sum(loss >= ENOUGH for loss in losses)
    before = parameters_of(model)
    edited_weights(model, found)
    after = parameters_of(model)
    assert {name for name in after if not torch.equal(after[name], before[name])} == set(wanted)
    assert {name.rsplit(".", 1)[-1] for name in wanted} == {"weight", "bias"}
    for name, part in wanted.items():
        moved = after[name] - before[name]
        if name.endswith("c_attn.bias"):
            # Attention doesn't feel a bias of its keys: that gradient is rounding, which Adam
            # scales up to whole steps.
            keys = slice(len(part) // 3, 2 * len(part) // 3)
            moved[keys] = part[keys] = 0.0
        assert torch.allclose(moved, part, rtol=1e-6, atol=1e-12)
    weight = next(part for name, part in wanted.items() if name.endswith("weight"))
    assert found.diagnostics["delta_norm"] == pytest.approx(float(weight.norm()), rel=1e-6)


def test_the_model_is_left_as_it_was(tiny_gpt2: LoadedModel) -> None:
    before = parameters_of(tiny_gpt2)
    trainable = {name: p.requires_grad for name, p in tiny_gpt2.model.named_parameters()}
    fine_tune(tiny_gpt2, REQUEST, MLP)
    for name, parameter in tiny_gpt2.model.named_parameters():
        assert torch.equal(parameter, before[name])
        assert parameter.grad is None
        assert parameter.requires_grad == trainable[name]


def test_a_limit_holds_for_every_number(tiny_gpt2: LoadedModel) -> None:
    before = parameters_of(tiny_gpt2)
    edited_weights(tiny_gpt2, fine_tune(tiny_gpt2, REQUEST, LIMITED))
    largest = max(float((p - before[n]).abs().max()) for n, p in parameters_of(tiny_gpt2).items())
    # The difference is taken again in fp32, so it may pass the limit by a rounding.
    assert largest == pytest.approx(5e-4, rel=1e-3)


def test_it_stops_when_the_loss_is_small(load_small: Callable[..., LoadedModel]) -> None:
    hparams = FineTuneHparams((1,), "transformer.h.{}.mlp.c_proj", num_steps=60, lr=5e-3)
    found = fine_tune(load_small("gpt2t"), REQUEST, hparams)
    losses = [line["loss"] for line in found.losses]
    assert found.diagnostics["early_stop"]
    assert len(found.delta.gradients) == len(losses) - 1
    assert losses[-1] < ENOUGH
    assert min(losses[:-1]) >= ENOUGH
    assert len(losses) < 60


def edited_weights(model: LoadedModel, *edits: FineTuned) -> EditedWeights:
    weights = EditedWeights(model)
    for step, edit in enumerate(edits, 1):
        weights.apply(step, edit.delta)
    return weights


@pytest.mark.parametrize("family", ["gpt2", "gptj"])
@pytest.mark.parametrize("hparams", [MLP, LIMITED], ids=["ft", "ft-l"])
def test_what_is_stored_trains_again_to_the_bit(
    load_small: Callable[..., LoadedModel], hparams: FineTuneHparams, family: str
) -> None:
    model = load_small(family)
    if family == "gptj":
        hparams = replace(hparams, rewrite_module_tmp="transformer.h.{}.mlp.fc_out")
    delta = fine_tune(model, REQUEST, hparams).delta
    name = delta.weight_name
    weight = model.linear_view(name).clone()
    bias = model.model.get_submodule(name.removesuffix(".weight")).bias.detach().clone()
    # The whole at once, as it was trained, and from bytes in blocks of single rows.
    whole, blocks = (weight.clone(), bias.clone()), (weight.clone(), bias.clone())
    delta.add_to(*whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adam, "_BLOCK_BYTES", 1)
        read_delta(name, delta.to_bytes()).add_to(*blocks)
    for one, other, before in zip(whole, blocks, (weight, bias), strict=True):
        assert torch.equal(one, other)
        assert not torch.equal(one, before)


def test_the_record_is_small_beside_the_matrix(tiny_gpt2: LoadedModel) -> None:
    delta = fine_tune(tiny_gpt2, REQUEST, MLP).delta
    tokens = len(delta.inputs)
    steps, (d_out, d_in) = len(delta.gradients), delta.shape
    assert tiny_gpt2.linear_view(delta.weight_name).shape == (d_out, d_in)
    assert len(delta.to_bytes()) < 4 * tokens * (d_in + steps * d_out) + 1000


def test_the_path_is_walked_to_the_bit(tiny_gpt2: LoadedModel) -> None:
    before, name = parameters_of(tiny_gpt2), tiny_gpt2.weight_name(1)
    weights = EditedWeights(tiny_gpt2)
    base = weights.sha256(name)
    deltas: dict[int, Delta] = {}
    states = {0: before}
    hashes = {0: base}
    path: list[tuple[int, str]] = []
    d_out, d_in = tiny_gpt2.linear_view(name).shape
    rank_one = RankOneDelta(name, torch.randn(d_in), torch.randn(d_out))
    for step, hparams in enumerate((MLP, ATTENTION, None, LIMITED, MLP), 1):
        deltas[step] = rank_one if hparams is None else fine_tune(tiny_gpt2, REQUEST, hparams).delta
        weights.apply(step, deltas[step])
        path.append((step, deltas[step].weight_name))
        states[step], hashes[step] = parameters_of(tiny_gpt2), weights.sha256(name)
    assert len(set(hashes.values())) == 6
    for step in (2, 5, 0, 3, 4, 1, 0):
        weights.goto(path[:step], deltas.__getitem__)
        assert weights.sha256(name) == hashes[step]
        found = parameters_of(tiny_gpt2)
        assert all(torch.equal(found[key], states[step][key]) for key in found)


def test_the_bias_counts_in_the_hash(tiny_gpt2: LoadedModel) -> None:
    edit = fine_tune(tiny_gpt2, REQUEST, MLP)
    weights = edited_weights(tiny_gpt2, edit)
    name = edit.delta.weight_name
    module = tiny_gpt2.model.get_submodule(name.removesuffix(".weight"))
    held = {name: tiny_gpt2.linear_view(name), bias_name(name): module.bias.detach()}
    assert weights.sha256(name) == weight_sha256(held)
    only_weight = edited_weights(
        tiny_gpt2, replace(edit, delta=replace(edit.delta, has_bias=False))
    )
    assert only_weight.sha256(name) != weights.sha256(name)


def test_a_delta_that_is_not_finite_is_refused(tiny_gpt2: LoadedModel) -> None:
    edit = fine_tune(tiny_gpt2, REQUEST, MLP)
    broken = replace(edit.delta, gradients=torch.full_like(edit.delta.gradients, torch.inf))
    before = parameters_of(tiny_gpt2)
    with pytest.raises(EditError, match="not finite"):
        edited_weights(tiny_gpt2, replace(edit, delta=broken))
    assert torch.equal(
        tiny_gpt2.model.get_parameter(edit.delta.weight_name), before[edit.delta.weight_name]
    )


def test_a_stop_leaves_the_model_as_it_was(tiny_gpt2: LoadedModel) -> None:
    before, stop = parameters_of(tiny_gpt2), threading.Event()
    with pytest.raises(CancelledError):
        fine_tune(tiny_gpt2, REQUEST, MLP, progress=lambda _: stop.set(), stop=stop)
    assert all(torch.equal(p, before[name]) for name, p in parameters_of(tiny_gpt2).items())


def test_what_cannot_be_tuned_is_named(load_small: Callable[..., LoadedModel]) -> None:
    model = load_small("gpt2")
    with pytest.raises(HparamsError, match=r"no module transformer\.h\.1\.mlp\.fc_out"):
        fine_tune(model, REQUEST, FineTuneHparams((1,), "transformer.h.{}.mlp.fc_out"))
    with pytest.raises(HparamsError, match=r"\[0, 1\]: an edit trains one"):
        fine_tune(model, REQUEST, replace(MLP, layers=(0, 1)))
    with pytest.raises(HparamsError, match="is a LayerNorm"):
        fine_tune(model, REQUEST, FineTuneHparams((1,), "transformer.h.{}.ln_1"))
    with pytest.raises(RequestError, match="tokens"):
        fine_tune(model, EditRequest("{} is", "word " * 3000, "b"), MLP)
    with pytest.raises(EditError, match="bfloat16"):
        fine_tune(load_small("gpt2", "bfloat16"), REQUEST, MLP)


def test_published_hyperparameters_are_at_hand() -> None:
    found = fine_tune_preset(Baseline.FT_L, "openai-community/gpt2-xl")
    assert (found.layers, found.norm_constraint, found.lr) == ((0,), 5e-4, 5e-4)
    assert fine_tune_preset(Baseline.FT, "gpt-j-6B").norm_constraint is None
    for baseline in Baseline:
        assert fine_tune_preset(baseline, "pocket").num_steps == 25
    with pytest.raises(HparamsError, match="ft-attn are known for 'gpt-j-6B'"):
        fine_tune_preset(Baseline.FT_ATTN, "gpt-j-6B")


def test_hyperparameters_are_read_in_the_published_keys(tmp_path: Path) -> None:
    path = tmp_path / "ft.json"
    published = {**MLP.to_json(), "kl_factor": 0, "lm_head_module": "transformer.wte"}
    assert published["norm_constraint"] is False
    path.write_text(json.dumps(published), encoding="utf-8")
    assert read_fine_tune(path) == MLP
    assert FineTuneHparams.from_json(LIMITED.to_json()) == LIMITED
    for broken, message in (
        ({**published, "kl_factor": 1}, "kl_factor is 1"),
        ({**published, "v_lr": 1}, "v_lr"),
        ({**published, "lr": 0}, "lr is 0"),
        ({**published, "layers": []}, "layers is"),
        ([], "holds no object"),
    ):
        path.write_text(json.dumps(broken), encoding="utf-8")
        with pytest.raises(HparamsError, match=message):
            read_fine_tune(path)
    with pytest.raises(FileFormatError):
        read_fine_tune(tmp_path / "missing.json")
