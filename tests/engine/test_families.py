"""Every family under every rule: the algebra holds, and the edit is the published one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from romebench.benchmarks.families import (
    CONTEXTS,
    REQUEST,
    hparams_of,
    moment_of,
    relative,
    residuals,
    written_residual,
)
from romebench.benchmarks.zoo import LAYER, ZOO, Variant, build_model, load_variant
from romebench.engine.adapters import adapter_for, is_transposed, probe
from romebench.engine.editor import compute_edit
from romebench.engine.families import REGISTRY, known_model_types
from romebench.engine.generation import generate
from romebench.engine.model import LoadedModel, wrap_model
from romebench.engine.rules import DEFAULT_RULE, Rule
from romebench.engine.sampling import Sampling
from romebench.errors import ModelError

NAMED = [pytest.param(variant, id=variant.name) for variant in ZOO]
FIRST = {variant.model_type: variant for variant in reversed(ZOO)}
ONE_EACH = [pytest.param(variant, id=kind) for kind, variant in sorted(FIRST.items())]


def bound(variant: Variant) -> float:
    """Families that transformers computes partly in fp32 can't agree to more than that."""
    return 1e-9 if variant.exact else 1e-5


def test_the_zoo_has_every_family() -> None:
    assert {variant.model_type for variant in ZOO} == set(known_model_types())


@pytest.mark.parametrize("variant", NAMED)
def test_every_rule_holds_and_is_the_published_edit(variant: Variant, goldens: Path) -> None:
    model = load_variant(variant, goldens / "models")
    moment = moment_of(model)
    for rule in Rule:
        found = residuals(model, rule, moment)
        assert found.worst < bound(variant), (rule, found)
        assert found.algebra < 1e-6, "the module itself gives what the rule writes"
        assert found.moved > 1e-3, "the offset reaches the target's tokens"


@pytest.mark.parametrize("variant", NAMED)
def test_it_is_the_published_edit_with_the_attention_a_model_loads_with(
    variant: Variant, goldens: Path
) -> None:
    model = load_variant(variant, goldens / "models", torch.float32)
    found = residuals(model, DEFAULT_RULE, moment_of(model))
    assert found.worst < 5e-4, found


@pytest.mark.parametrize("variant", NAMED)
def test_generation_with_a_cache_is_generation_without(variant: Variant, goldens: Path) -> None:
    model = load_variant(variant, goldens / "models", torch.float32)
    ids = torch.tensor([model.tokenizer(REQUEST.text)["input_ids"]])
    n_prompt, expected = ids.shape[1], []
    with torch.no_grad():
        for _ in range(12):
            token = model.model(input_ids=ids).logits[0, -1].argmax()
            ids = torch.cat([ids, token[None, None]], dim=1)
            expected.append(int(token))
    found = generate(model, REQUEST.text, Sampling(max_new_tokens=12, greedy=True))
    assert found.prompt_tokens == n_prompt
    kept = list(found.token_ids)
    assert kept == expected[: len(kept)]
    assert found.finish == "eos" or len(kept) == 12


@pytest.mark.parametrize("variant", NAMED)
def test_the_adapter_reads_the_models_own_logits(variant: Variant, goldens: Path) -> None:
    model = load_variant(variant, goldens / "models")
    ids = torch.tensor([model.tokenizer(REQUEST.text)["input_ids"]])
    last: list[torch.Tensor] = []

    def hook(_m: object, _a: object, out: object) -> None:
        last.append(out[0] if isinstance(out, tuple) else out)  # type: ignore[arg-type]

    block = model.adapter.block(model.model, model.n_layers - 1)
    handle = block.register_forward_hook(hook)
    with torch.no_grad():
        expected = model.model(ids).logits
        found = model.adapter.logits(model.model, last[0])
    handle.remove()
    assert torch.allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("bos", [True, False], ids=["bos", "no-bos"])
@pytest.mark.parametrize("variant", ONE_EACH)
def test_bos_and_padding_side(variant: Variant, bos: bool, goldens: Path) -> None:
    model = load_variant(variant, goldens / "models")
    model.tokenizer = AutoTokenizer.from_pretrained(
        goldens / "models" / ("llama" if bos else "gpt2")
    )
    moment, hparams = moment_of(model), hparams_of(model, steps=3)
    model.tokenizer.padding_side = "right"
    right = compute_edit(model, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    model.tokenizer.padding_side = "left"
    left = compute_edit(model, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    assert torch.equal(left.delta.left, right.delta.left)
    assert torch.equal(left.delta.right, right.delta.right)
    assert written_residual(model, right) < 1e-6
    ids, lookup = right.tokens["ids"], right.tokens["lookup_index"]
    assert (ids[0] == model.tokenizer.bos_token_id) is bos
    assert model.tokenizer.decode(ids[bos : lookup + 1]) == f"In the north, {REQUEST.subject}"


@pytest.mark.parametrize("variant", NAMED)
def test_a_family_nobody_named_is_found_by_its_structure(variant: Variant, goldens: Path) -> None:
    known = load_variant(variant, goldens / "models")
    found = probe(known.model)
    assert found.probed
    paths = ("blocks", "projection", "mlp", "attention", "final_norm", "head", "embedding")
    assert {path: getattr(found, path) for path in paths} == {
        path: getattr(known.adapter, path) for path in paths
    }
    assert found.gated is known.adapter.gated
    probed = LoadedModel(known.name, known.model, known.tokenizer, found)
    moment, hparams = moment_of(known), hparams_of(known, steps=3)
    one = compute_edit(known, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    two = compute_edit(probed, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    assert relative(two.delta.right, one.delta.right) < bound(variant)


def test_square_weights_keep_their_orientation(goldens: Path) -> None:
    """A guess by shape would take either for the other (P16)."""
    for name, transposed in (("gpt2-square", True), ("llama-square", False)):
        variant = next(variant for variant in ZOO if variant.name == name)
        model = load_variant(variant, goldens / "models")
        module = model.adapter.projection_of(model.model, LAYER)
        assert is_transposed(module) is transposed
        key = torch.randn(model.hidden_size, dtype=torch.float64)
        bias = module.bias if module.bias is not None else 0.0
        view = model.linear_view(model.weight_name(LAYER))
        assert torch.allclose(view @ key + bias, module(key))


def test_parallel_blocks_are_told_by_the_config() -> None:
    told = {
        variant.name: adapter_for(build_model(variant)).parallel
        for variant in ZOO
        if variant.model_type in ("gpt_neox", "falcon", "stablelm", "phi", "llama", "gptj")
    }
    serial = {"gpt_neox-serial", "falcon-alibi-serial", "stablelm-serial"}
    assert {name for name, parallel in told.items() if not parallel} == serial | {
        name for name in told if name.startswith("llama")
    }


_SMALL = {
    "vocab_size": 60, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 2, "pad_token_id": 0, "bos_token_id": 0,
    "eos_token_id": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("model_type", "extra", "named"),
    [
        ("mixtral", {"num_local_experts": 4}, r"mixtral is a mixture of experts \(.* = 4\)"),
        ("qwen2_moe", {"num_experts": 4, "moe_intermediate_size": 8}, "mixture of experts"),
        ("olmoe", {"num_experts": 4}, "mixture of experts"),
        ("granitemoe", {"num_local_experts": 4}, "mixture of experts"),
    ],
)
def test_mixtures_of_experts_are_refused_by_name(
    model_type: str, extra: dict[str, int], named: str
) -> None:
    config = AutoConfig.for_model(model_type, **_SMALL, **extra)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    with pytest.raises(ModelError, match=named):
        adapter_for(model)


def test_quantised_weights_are_refused_by_name(goldens: Path) -> None:
    model = build_model(FIRST["llama"])
    model.config.quantization_config = {"quant_method": "gptq", "bits": 4}
    with pytest.raises(ModelError, match="this llama has quantised weights"):
        adapter_for(model)


def test_a_linear_of_another_kind_is_refused_by_its_type() -> None:
    model = build_model(FIRST["llama"])

    class Linear4bit(torch.nn.Linear):
        pass

    for block in model.model.layers:
        block.mlp.down_proj = Linear4bit(80, 48)
    with pytest.raises(ModelError, match="the projection is a Linear4bit"):
        adapter_for(model)


def test_what_has_no_such_structure_is_refused(goldens: Path) -> None:
    config = AutoConfig.for_model(
        "t5", d_model=16, d_ff=16, num_layers=1, num_heads=2, d_kv=8, vocab_size=60
    )
    from transformers import AutoModelForSeq2SeqLM

    with pytest.raises(ModelError, match="t5 is an encoder-decoder model"):
        adapter_for(AutoModelForSeq2SeqLM.from_config(config))
    mamba = AutoModelForCausalLM.from_config(
        AutoConfig.for_model("mamba", hidden_size=16, num_hidden_layers=2, vocab_size=60)
    )
    with pytest.raises(ModelError, match="no one MLP projection was found in a block of mamba"):
        adapter_for(mamba)


def test_opt_that_normalises_after_its_blocks_is_refused() -> None:
    variant = Variant("opt", "", {**FIRST["opt"].config, "do_layer_norm_before": False})
    with pytest.raises(ModelError, match="normalises after its blocks"):
        adapter_for(build_model(variant))


def test_a_wrapped_model_says_how_it_was_found(
    goldens: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(REGISTRY, "llama")
    model = load_variant(FIRST["llama"], goldens / "models")
    assert model.adapter.probed
    again = wrap_model(model.model, model.tokenizer, "again")
    assert again.adapter == model.adapter
