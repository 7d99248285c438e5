"""Edits nobody recorded agree with the plain way of computing them; the algebra of every rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from romebench.benchmarks.reference import Reference
from romebench.engine.delta import RankOneDelta
from romebench.engine.editor import Edit, compute_edit, unit_direction
from romebench.engine.model import LoadedModel
from romebench.engine.moments import SecondMoment, load_statistics
from romebench.engine.request import EditRequest
from romebench.engine.rules import EQUATIONS, EditContext, Rule
from romebench.errors import CancelledError, EditError, RequestError
from romebench.hparams import FactToken, Hparams

LoadSmall = Callable[..., LoadedModel]

CONTEXTS = ("{}", "It was late. {}", "Nobody in the old house knew why. {}", "It was late. {}")
REQUESTS = (
    EditRequest("{} was the founder of", "Steve Jobs", "Microsoft"),
    EditRequest("In the north, {} speaks the language of", "Søren Kierkegaard", "Old Norse"),
    EditRequest("Everyone agrees that the home of {}", "the Red Team", "Lyon, France"),
    EditRequest("The mayor of {} met the mayor of Oslo in", "Oslo", "spring"),
    EditRequest("{} は", "東京タワー", "Osaka"),
)
PATHS = {
    "gpt2": ("transformer.h.{}.mlp.c_proj", "transformer.h.{}.mlp"),
    "gpt2t": ("transformer.h.{}.mlp.c_proj", "transformer.h.{}.mlp"),
    "gptj": ("transformer.h.{}.mlp.fc_out", "transformer.h.{}.mlp"),
    "llama": ("model.layers.{}.mlp.down_proj", "model.layers.{}.mlp"),
}


def hparams_for(name: str, layer: int = 1, **changes: object) -> Hparams:
    rewrite, mlp = PATHS[name]
    base: dict[str, object] = {
        "layers": [layer],
        "rewrite_module_tmp": rewrite,
        "mlp_module_tmp": mlp,
        "v_num_grad_steps": 8,
    }
    return Hparams.from_json({**base, **changes})


def moment_for(model: LoadedModel, goldens: Path, name: str, hparams: Hparams) -> SecondMoment:
    weight = model.weight_name(hparams.layer)
    return load_statistics(
        goldens / "models" / name / "covariance.npy",
        d_in=model.linear_view(weight).shape[1],
        weight_name=weight,
    )


def relative(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("name", ["gpt2", "gptj", "llama"])
def test_unrecorded_edits_agree_with_the_plain_way(
    load_small: LoadSmall, goldens: Path, name: str, rule: Rule
) -> None:
    model = load_small(name, "float64")
    hparams = hparams_for(name, layer=1, v_num_grad_steps=6)
    moment = moment_for(model, goldens, name, hparams)
    plain = Reference(model.model, model.tokenizer, hparams)
    bound = 1e-9 if name == "gpt2" else 1e-5
    for request in REQUESTS:
        found = compute_edit(model, request, hparams, rule, CONTEXTS, moment)
        expected = plain.edit(
            request.prompt, request.subject, request.target_new, rule, CONTEXTS, moment.matrix
        )
        assert relative(found.delta.left, expected.left) < bound
        assert relative(found.context.offset, expected.offset) < bound
        if rule is not Rule.ROME_KBAR:  # the plain way subtracts v₀ there only up to rounding
            assert relative(found.delta.right, expected.right) < bound
        losses = [
            [x[k] for k in ("loss", "nll", "kl", "weight_decay", "prob")] for x in found.losses
        ]
        assert torch.allclose(torch.tensor(losses).double(), expected.losses, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("name", ["gpt2", "gptj", "llama"])
def test_each_rule_writes_what_the_table_says(
    load_small: LoadSmall, goldens: Path, name: str, rule: Rule
) -> None:
    model = load_small(name, "float64")
    hparams = hparams_for(name)
    moment = moment_for(model, goldens, name, hparams)
    edit = compute_edit(model, REQUESTS[0], hparams, rule, CONTEXTS, moment)
    live = model.linear_view(edit.delta.weight_name)
    projection = model.adapter.projection_of(model.model, hparams.layer)
    bias = projection.bias if projection.bias is not None else torch.zeros(live.shape[0])
    before = live.clone()
    edit.delta.add_to(live)
    c = edit.context
    at_bare, at_mean = live @ c.k_bare + bias, live @ c.k_mean + bias
    expected = {
        Rule.ROME: (at_bare, c.v_bare + c.offset),
        Rule.P_ROME: (at_bare, c.v_bare + c.offset),
        Rule.R_ROME: (at_mean, c.v_bare + c.offset),
        Rule.ROME_KBAR: (at_mean, c.v_mean + c.offset),
    }[rule]
    assert torch.allclose(*expected, rtol=1e-5, atol=1e-6)
    solved = EQUATIONS[rule].solved_key(c)
    assert moment.matrix is not None
    assert torch.cosine_similarity(moment.matrix @ edit.delta.left, solved, dim=0) > 1 - 1e-9
    if rule is Rule.ROME:
        amplified = edit.diagnostics["kbar_dot_u"] / edit.diagnostics["k0_dot_u"]
        change = (live - before) @ c.k_mean
        assert torch.allclose(change, c.offset * amplified, rtol=1e-6, atol=1e-9)
        assert edit.diagnostics["amplification"] == pytest.approx(amplified)


vectors = st.lists(st.floats(-3, 3, width=32), min_size=6, max_size=6).map(
    lambda values: torch.tensor(values, dtype=torch.float64)
)


@settings(max_examples=60, deadline=None)
@given(vectors, vectors, vectors, vectors, vectors, st.integers(0, 2**31))
def test_the_algebra_holds_for_any_context(
    k_bare: Tensor, k_mean: Tensor, v_bare: Tensor, v_mean: Tensor, offset: Tensor, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(6, 6, generator=generator, dtype=torch.float64)
    moment = SecondMoment(6, root @ root.T + torch.eye(6, dtype=torch.float64), {})
    k_bare, k_mean = k_bare + 4, k_mean + 4  # keys that aren't orthogonal to one another
    context = EditContext(k_bare, k_mean, v_bare, v_mean, offset)
    weight = torch.randn(6, 6, generator=generator, dtype=torch.float64)
    for rule, equation in EQUATIONS.items():
        u = unit_direction(equation.solved_key(context), moment)
        divisor = torch.dot(equation.divided_key(context), u)
        if abs(float(divisor)) < 1e-3:
            continue
        edited = weight.clone()
        right = equation.residual(context) / divisor
        RankOneDelta("w", u, right).add_to(edited)
        written = (edited - weight) @ equation.divided_key(context)
        assert torch.allclose(written, equation.residual(context), atol=1e-6), rule
        assert torch.linalg.matrix_rank(edited - weight, atol=1e-9) <= 1
        # A key that C sees as orthogonal to u is left alone: the least-squares constraint.
        other = torch.randn(6, generator=generator, dtype=torch.float64)
        other = other - u * torch.dot(other, u)
        assert torch.allclose((edited - weight) @ other, torch.zeros(6).double(), atol=1e-6)


def _edit(model: LoadedModel, **changes: object) -> Edit:
    hparams = hparams_for("gpt2", **changes)
    identity = SecondMoment.identity(256)
    return compute_edit(model, REQUESTS[0], hparams, Rule.R_ROME, CONTEXTS, identity)


def test_the_model_is_only_read(tiny_gpt2: LoadedModel) -> None:
    before = {name: p.clone() for name, p in tiny_gpt2.model.named_parameters()}
    flags = [p.requires_grad for p in tiny_gpt2.model.parameters()]
    _edit(tiny_gpt2)
    assert [p.requires_grad for p in tiny_gpt2.model.parameters()] == flags
    assert all(torch.equal(p, before[n]) for n, p in tiny_gpt2.model.named_parameters())
    assert all(p.grad is None for p in tiny_gpt2.model.parameters())


def test_padding_side_of_the_tokenizer_changes_nothing(tiny_gpt2: LoadedModel) -> None:
    right = _edit(tiny_gpt2)
    tiny_gpt2.tokenizer.padding_side = "left"
    left = _edit(tiny_gpt2)
    assert torch.equal(right.delta.right, left.delta.right)


def test_duplicate_contexts_count_twice(tiny_gpt2: LoadedModel) -> None:
    hparams = hparams_for("gpt2")
    identity = SecondMoment.identity(256)
    twice = ("{}", "It was late. {}", "It was late. {}")
    once = ("{}", "It was late. {}")
    a = compute_edit(tiny_gpt2, REQUESTS[0], hparams, Rule.ROME, twice, identity)
    b = compute_edit(tiny_gpt2, REQUESTS[0], hparams, Rule.ROME, once, identity)
    keys = a.context.k_mean * 3 - b.context.k_mean * 2
    assert torch.allclose(keys + b.context.k_bare, b.context.k_mean * 2, atol=1e-4)
    assert not torch.equal(a.context.k_mean, b.context.k_mean)


@pytest.mark.parametrize("fact_token", list(FactToken))
def test_every_fact_token_reads_its_own_place(
    tiny_gpt2: LoadedModel, fact_token: FactToken
) -> None:
    edit = _edit(tiny_gpt2, fact_token=str(fact_token))
    pieces, index = edit.tokens["pieces"], edit.tokens["lookup_index"]
    expected = {
        FactToken.SUBJECT_LAST: "Jobs",
        FactToken.SUBJECT_FIRST: "Steve",
        FactToken.SUBJECT_FIRST_AFTER_LAST: " was",
        FactToken.LAST: " of",
    }[fact_token]
    assert expected.strip().endswith(pieces[index].strip()) or pieces[index] in expected


def test_stopping_takes_effect_within_one_step(tiny_gpt2: LoadedModel) -> None:
    seen: list[int] = []

    class AfterThree:
        def is_set(self) -> bool:
            return len(seen) >= 3

    def note(report: object) -> None:
        if getattr(report, "stage", "") == "optimising v*":
            seen.append(1)

    with pytest.raises(CancelledError):
        compute_edit(
            tiny_gpt2, REQUESTS[0], hparams_for("gpt2", v_num_grad_steps=20), Rule.ROME, CONTEXTS,
            SecondMoment.identity(256), progress=note, stop=AfterThree(),
        )  # fmt: skip
    assert len(seen) == 3


def test_a_prompt_longer_than_the_context_is_named(tiny_gpt2: LoadedModel) -> None:
    request = EditRequest("word " * 400 + "{} is", "Oslo", "big")
    with pytest.raises(RequestError, match=r"has \d+ tokens, and .* takes 128"):
        compute_edit(
            tiny_gpt2, request, hparams_for("gpt2"), Rule.ROME, CONTEXTS, SecondMoment.identity(256)
        )


def test_numbers_that_are_not_finite_are_refused(tiny_gpt2: LoadedModel) -> None:
    with torch.no_grad():
        tiny_gpt2.model.get_submodule("transformer.h.2.mlp.c_proj").weight[0, 0] = float("nan")
    with pytest.raises(EditError, match="not finite"):
        _edit(tiny_gpt2)


@pytest.mark.parametrize("name", ["gpt2", "gptj", "llama"])
def test_the_last_block_is_run_at_the_read_columns_only(
    load_small: LoadSmall, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Narrowing is used, and changes nothing but the work."""
    from romebench.engine import suffix

    model = load_small(name, "float32")
    hparams = hparams_for(name, v_num_grad_steps=3)
    identity = SecondMoment.identity(model.linear_view(model.weight_name(1)).shape[1])

    def edit() -> Edit:
        return compute_edit(model, REQUESTS[0], hparams, Rule.ROME, CONTEXTS, identity)

    widths: list[int] = []
    last = model.adapter.block(model.model, model.n_layers - 1)
    mlp = last.get_submodule(model.adapter.mlp)
    handle = mlp.register_forward_pre_hook(lambda _m, args: widths.append(args[0].shape[1]))
    narrow = edit()
    handle.remove()
    assert widths[-3:] == [1, 1, 1], "one target token: one column a row"
    monkeypatch.setattr(suffix, "_narrowed", lambda *_: None)
    whole = edit()
    assert relative(narrow.context.offset, whole.context.offset) < 1e-4
