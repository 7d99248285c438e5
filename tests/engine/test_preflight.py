"""What will not fit is said before it is tried; running out of memory is an error with a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from accelerate import dispatch_model
from transformers import AutoConfig, AutoModelForCausalLM

from romebench.benchmarks.families import CONTEXTS, REQUEST, hparams_of, moment_of
from romebench.benchmarks.zoo import ZOO, build_model, load_variant
from romebench.engine import loading, preflight
from romebench.engine.editor import compute_edit
from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel
from romebench.engine.preflight import check_memory, estimate, free_bytes
from romebench.engine.rules import DEFAULT_RULE
from romebench.engine.sums import MomentSums
from romebench.errors import ExitCode, ModelError, OutOfMemoryError

LoadSmall = Callable[..., LoadedModel]

GPT2_XL = {"n_embd": 1600, "n_head": 25, "n_layer": 48, "n_positions": 1024}
LLAMA_8B = {
    "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
}  # fmt: skip


@pytest.mark.parametrize("name", ["gpt2", "gptj", "llama"])
def test_headers_and_config_count_the_same_parameters(goldens: Path, name: str) -> None:
    folder = goldens / "models" / name
    config = AutoConfig.from_pretrained(folder)
    model = load_model(str(folder), device="cpu")
    count = sum(parameter.numel() for parameter in model.model.parameters())
    need = estimate(str(folder), config, torch.float32)
    assert need is not None
    assert need.parameters == count
    assert need.weights_bytes == 4 * count
    d_out, d_in = model.linear_view(model.weight_name(1)).shape
    assert need.master_bytes == 4 * 4 * d_out * d_in
    assert need.statistics_bytes == 16 * d_in**2
    by_config = estimate("a/hub-name", config, torch.bfloat16)
    assert by_config is not None
    assert by_config.parameters == count
    assert by_config.weights_bytes == 2 * count


@pytest.mark.parametrize(
    ("kind", "settings", "billions"), [("gpt2", GPT2_XL, 1.558), ("llama", LLAMA_8B, 8.03)]
)
def test_large_models_are_estimated_without_their_memory(
    kind: str, settings: dict[str, int], billions: float
) -> None:
    need = estimate("a/hub-name", AutoConfig.for_model(kind, **settings), torch.bfloat16)
    assert need is not None
    assert need.parameters / 1e9 == pytest.approx(billions, rel=1e-3)


def test_it_is_said_before_anything_is_loaded(
    goldens: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "free_bytes", lambda _device: 100 << 20)
    loaded: list[object] = []
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", lambda *a, **k: loaded.append(a))
    with pytest.raises(
        OutOfMemoryError, match=r"does not fit cpu: 0.00 billion .* 0.1 GB are free"
    ):
        load_model(str(goldens / "models" / "gpt2"), device="cpu")
    assert not loaded


def test_what_would_help_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    config = AutoConfig.for_model("llama", **LLAMA_8B)
    monkeypatch.setattr(preflight, "free_bytes", lambda _device: 24 << 30)
    wide = estimate("x", config, torch.float32)
    with pytest.raises(OutOfMemoryError, match=r"8.03 billion parameters take about .* GB") as one:
        check_memory("llama", wide, "cpu")
    assert "--dtype bfloat16 would fit" in one.value.hint
    assert one.value.exit_code is ExitCode.OUT_OF_MEMORY
    with pytest.raises(OutOfMemoryError) as two:
        check_memory("llama", wide, "cuda:0")
    assert "--device map" in two.value.hint
    check_memory("llama", estimate("x", config, torch.bfloat16), "cuda:0")
    check_memory("llama", wide, "map")
    check_memory("llama", None, "cpu")


def test_free_memory_is_told_here() -> None:
    free = free_bytes("cpu")
    assert free is None or free > 0


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    ],
)
def test_running_out_while_loading_has_a_name(
    goldens: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_a: object, **_k: object) -> None:
        raise error

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", fail)
    with pytest.raises(OutOfMemoryError, match="does not fit the device"):
        load_model(str(goldens / "models" / "gpt2"), device="cpu")


def test_running_out_during_an_edit_leaves_the_model_usable(
    tiny_gpt2: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, hparams = moment_of(tiny_gpt2), hparams_of(tiny_gpt2)
    expected = compute_edit(tiny_gpt2, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    top = tiny_gpt2.adapter.block(tiny_gpt2.model, 3)
    calls: list[int] = []

    def full(*_: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")

    handle = top.register_forward_pre_hook(full)
    with pytest.raises(OutOfMemoryError, match="the device is full: 4 rows") as caught:
        compute_edit(tiny_gpt2, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    handle.remove()
    assert "fewer or shorter contexts" in caught.value.hint
    again = compute_edit(tiny_gpt2, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    assert torch.equal(again.delta.right, expected.delta.right)


def test_running_out_while_collecting_has_a_name(tiny_gpt2: LoadedModel) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    sums = MomentSums(tiny_gpt2, [1])
    handle = tiny_gpt2.adapter.block(tiny_gpt2.model, 0).register_forward_pre_hook(full)
    with pytest.raises(OutOfMemoryError, match="the device is full: 1 rows of 3 tokens"):
        sums.add([[1, 2, 3]])
    handle.remove()
    assert sums.tokens == 0
    assert sums.add([[1, 2, 3]]) == 3


def test_a_model_that_stays_partly_on_disk_is_refused() -> None:
    model = build_model(ZOO[0])
    model.transformer.h[3].mlp.c_fc.to("meta")
    with pytest.raises(OutOfMemoryError, match="2 weights would stay on disk"):
        loading._all_in_memory("big", model)


@pytest.mark.parametrize("name", ["gpt2-tied", "llama-bos", "gemma2-bos", "opt"])
def test_a_spread_model_gives_the_same_edit(name: str, goldens: Path) -> None:
    """accelerate's hooks around every module, as `--device map` puts them there."""
    variant = next(variant for variant in ZOO if variant.name == name)
    plain = load_variant(variant, goldens / "models")
    spread = load_variant(variant, goldens / "models")
    blocks = {f"{spread.adapter.blocks}.{i}": "cpu" for i in range(spread.n_layers)}
    others = {
        child: "cpu"
        for child, module in spread.model.named_modules()
        if not list(module.children()) and not child.startswith(spread.adapter.blocks + ".")
    }
    dispatch_model(spread.model, {**others, **blocks}, main_device="cpu", force_hooks=True)
    assert hasattr(spread.adapter.block(spread.model, 2), "_hf_hook")
    moment, hparams = moment_of(plain), hparams_of(plain)
    one = compute_edit(plain, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    two = compute_edit(spread, REQUEST, hparams, DEFAULT_RULE, CONTEXTS, moment)
    assert torch.equal(one.delta.right, two.delta.right)


def test_the_map_device_loads_here(goldens: Path) -> None:
    model = load_model(str(goldens / "models" / "gpt2"), device="map", dtype="float32")
    plain = load_model(str(goldens / "models" / "gpt2"), device="cpu", dtype="float32")
    assert model.model_sha256 == plain.model_sha256


def test_what_cannot_be_edited_is_refused_before_it_is_loaded(
    goldens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = AutoConfig.for_model("mixtral", hidden_size=16, num_local_experts=8)
    config.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(
        ModelError, match=r"mixtral is a mixture of experts \(num_local_experts = 8"
    ):
        load_model(str(tmp_path), device="cpu")
