"""Fine-tuning baselines: the published loop, its limits, and models put back to the bit."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from romebench.engine.methods.dense import DenseDelta, DenseEdits
from romebench.engine.methods.finetune import ENOUGH, fine_tune
from romebench.engine.model import LoadedModel
from romebench.engine.request import EditRequest
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
    assert set(found.parts) == set(wanted)
    assert {name.rsplit(".", 1)[-1] for name in wanted} == {"weight", "bias"}
    assert found.losses == pytest.approx(losses, rel=1e-9)
    for name, part in found.parts.items():
        assert torch.allclose(part, wanted[name], rtol=1e-6, atol=1e-12)


def test_the_model_is_left_as_it_was(tiny_gpt2: LoadedModel) -> None:
    before = parameters_of(tiny_gpt2)
    trainable = {name: p.requires_grad for name, p in tiny_gpt2.model.named_parameters()}
    fine_tune(tiny_gpt2, REQUEST, MLP)
    for name, parameter in tiny_gpt2.model.named_parameters():
        assert torch.equal(parameter, before[name])
        assert parameter.grad is None
        assert parameter.requires_grad == trainable[name]


def test_a_limit_holds_for_every_number(tiny_gpt2: LoadedModel) -> None:
    parts = fine_tune(tiny_gpt2, REQUEST, LIMITED).parts
    largest = max(float(part.abs().max()) for part in parts.values())
    # The difference is taken again in fp32, so it may pass the limit by a rounding.
    assert largest == pytest.approx(5e-4, rel=1e-3)


def test_it_stops_when_the_loss_is_small(load_small: Callable[..., LoadedModel]) -> None:
    hparams = FineTuneHparams((1,), "transformer.h.{}.mlp.c_proj", num_steps=60, lr=5e-3)
    losses = fine_tune(load_small("gpt2t"), REQUEST, hparams).losses
    assert losses[-1] < ENOUGH
    assert min(losses[:-1]) >= ENOUGH
    assert len(losses) < 60


def test_dense_edits_come_back_to_the_bit(tiny_gpt2: LoadedModel) -> None:
    before = parameters_of(tiny_gpt2)
    edits = DenseEdits(tiny_gpt2)
    assert edits.sha256() == ""
    edits.apply(fine_tune(tiny_gpt2, REQUEST, MLP))
    first, one = parameters_of(tiny_gpt2), edits.sha256()
    edits.apply(fine_tune(tiny_gpt2, REQUEST, ATTENTION))
    assert edits.sha256() != one
    assert {name.rsplit(".", 1)[0] for name in edits.distances()} == {
        "transformer.h.1.mlp.c_proj", "transformer.h.2.attn.c_attn",
    }  # fmt: skip
    edited = parameters_of(tiny_gpt2)
    with edits.at_base():
        assert all(torch.equal(p, before[name]) for name, p in parameters_of(tiny_gpt2).items())
    assert all(torch.equal(p, edited[name]) for name, p in parameters_of(tiny_gpt2).items())
    edits.restore()
    assert all(torch.equal(p, before[name]) for name, p in parameters_of(tiny_gpt2).items())
    assert edits.sha256() == ""
    edits.apply(fine_tune(tiny_gpt2, REQUEST, MLP))
    assert edits.sha256() == one
    assert all(torch.equal(p, first[name]) for name, p in parameters_of(tiny_gpt2).items())


def test_a_trial_that_fails_is_taken_back(tiny_gpt2: LoadedModel) -> None:
    edits = DenseEdits(tiny_gpt2)
    edits.apply(fine_tune(tiny_gpt2, REQUEST, MLP))
    held, hashed = parameters_of(tiny_gpt2), edits.sha256()

    def fail() -> None:
        with edits.trial():
            edits.apply(fine_tune(tiny_gpt2, REQUEST, ATTENTION))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert all(torch.equal(p, held[name]) for name, p in parameters_of(tiny_gpt2).items())
    assert edits.sha256() == hashed


def test_a_delta_that_is_not_finite_is_refused(tiny_gpt2: LoadedModel) -> None:
    name = tiny_gpt2.weight_name(1)
    broken = torch.full_like(tiny_gpt2.model.get_parameter(name), torch.inf)
    before = parameters_of(tiny_gpt2)
    with pytest.raises(EditError, match="not finite"):
        DenseEdits(tiny_gpt2).apply(DenseDelta({name: broken}))
    assert torch.equal(tiny_gpt2.model.get_parameter(name), before[name])


def test_a_stop_leaves_the_model_as_it_was(tiny_gpt2: LoadedModel) -> None:
    before, stop = parameters_of(tiny_gpt2), threading.Event()
    with pytest.raises(CancelledError):
        fine_tune(tiny_gpt2, REQUEST, MLP, progress=lambda _: stop.set(), stop=stop)
    assert all(torch.equal(p, before[name]) for name, p in parameters_of(tiny_gpt2).items())


def test_what_cannot_be_tuned_is_named(load_small: Callable[..., LoadedModel]) -> None:
    model = load_small("gpt2")
    with pytest.raises(HparamsError, match=r"no module transformer\.h\.1\.mlp\.fc_out"):
        fine_tune(model, REQUEST, FineTuneHparams((1,), "transformer.h.{}.mlp.fc_out"))
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
