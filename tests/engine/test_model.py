"""Loading: every bad folder is one clear line; fingerprints tell models and tokenizers apart."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from romebench.engine.adapters import adapter_for, is_transposed
from romebench.engine.families import known_model_types
from romebench.engine.fingerprint import tokenizer_sha256
from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel, wrap_model
from romebench.errors import CancelledError, ModelError

LoadSmall = Callable[..., LoadedModel]


@pytest.fixture
def folder(goldens: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(goldens / "models" / "gpt2", tmp_path / "gpt2"))


@pytest.mark.parametrize("name", ["gpt2", "gptj", "llama"])
def test_adapters_find_their_modules(load_small: LoadSmall, name: str) -> None:
    model = load_small(name)
    assert model.model_type in known_model_types()
    assert model.n_layers == 4
    view = model.linear_view(model.weight_name(1))
    assert view.shape == (64, 176 if name == "llama" else 256)
    projection = model.adapter.projection_of(model.model, 1)
    assert is_transposed(projection) is (name == "gpt2")
    assert model.adapter.parallel is (name == "gptj")
    assert model.adapter.gated is (name == "llama")


@pytest.mark.parametrize("name", ["gpt2", "gptj", "llama"])
def test_the_adapter_reads_the_models_own_logits(load_small: LoadSmall, name: str) -> None:
    model = load_small(name)
    ids = torch.tensor([[5, 6, 7, 8]])
    last: list[torch.Tensor] = []

    def hook(_m: object, _a: object, out: object) -> None:
        last.append(out[0] if isinstance(out, tuple) else out)  # type: ignore[arg-type]

    block = model.adapter.block(model.model, model.n_layers - 1)
    handle = block.register_forward_hook(hook)
    with torch.no_grad():
        expected = model.model(ids).logits
        found = model.adapter.logits(model.model, last[0])
    handle.remove()
    assert torch.equal(found, expected)


def test_a_layer_that_is_not_there_is_named(tiny_gpt2: LoadedModel) -> None:
    with pytest.raises(ModelError, match=r"no layer 4: .* has 4"):
        tiny_gpt2.weight_name(4)
    with pytest.raises(ModelError, match="no layer -1"):
        tiny_gpt2.weight_name(-1)


def test_fingerprints_tell_weights_and_tokenizers_apart(folder: Path) -> None:
    first = load_model(str(folder), device="cpu")
    again = load_model(str(folder), device="cpu")
    assert first.model_sha256 == again.model_sha256
    assert first.tokenizer_sha256 == again.tokenizer_sha256
    first.tokenizer(["a", "b c d e"], padding=True, truncation=True, max_length=3)
    assert tokenizer_sha256(first.tokenizer) == again.tokenizer_sha256, "a call is no change"
    with torch.no_grad():
        again.model.get_parameter("transformer.wpe.weight")[3, 4] += 1e-6
    changed = wrap_model(again.model, again.tokenizer, "changed")
    assert changed.model_sha256 != first.model_sha256
    again.tokenizer.add_tokens(["<new>"])
    assert tokenizer_sha256(again.tokenizer) != first.tokenizer_sha256


def drop_a_weight(folder: Path) -> None:
    """A checkpoint with a gap, which transformers would fill with random numbers."""
    tensors = load_file(folder / "model.safetensors")
    del tensors["transformer.h.2.mlp.c_fc.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda f: (f / "config.json").unlink(), "no config.json"),
        (lambda f: (f / "model.safetensors").unlink(), "no safetensors weights"),
        (lambda f: (f / "config.json").write_text("{not json"), "can't be loaded"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\0" * 64), "can't be loaded"),
        (drop_a_weight, "has no weights for transformer.h.2"),
        (lambda f: (f / "tokenizer.json").unlink(), "can't be loaded|no character offsets"),
    ],
)
def test_broken_folders_are_one_clear_line(
    folder: Path, spoil: Callable[[Path], object], named: str
) -> None:
    spoil(folder)
    with pytest.raises(ModelError, match=named) as caught:
        load_model(str(folder), device="cpu")
    assert "\n" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("/nowhere/at/all", "no folder"),
        ("./nowhere", "no folder"),
        ("nobody/never-uploaded-this", "no model named"),
        ("gpt2-of-my-own", "no model named"),
    ],
)
def test_names_that_lead_nowhere(name: str, named: str) -> None:
    with pytest.raises(ModelError, match=named):
        load_model(name, device="cpu")


def test_devices_and_dtypes_are_checked(goldens: Path) -> None:
    path = str(goldens / "models" / "gpt2")
    with pytest.raises(ModelError, match="'float8' names no dtype"):
        load_model(path, dtype="float8", device="cpu")
    with pytest.raises(ModelError, match="'abacus' names no device"):
        load_model(path, device="abacus")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="no CUDA device"):
            load_model(path, device="cuda")


def test_a_stop_ends_loading(goldens: Path) -> None:
    class Set:
        def is_set(self) -> bool:
            return True

    with pytest.raises(CancelledError):
        load_model(str(goldens / "models" / "gpt2"), device="cpu", stop=Set())


def test_experts_and_quantised_weights_are_refused_by_name(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    for key, value, named in (
        ("num_local_experts", 8, "mixture of experts"),
        ("quantization_config", {"quant_method": "gptq"}, "quantised"),
    ):
        model = load_model(str(folder), device="cpu").model
        setattr(model.config, key, value)
        with pytest.raises(ModelError, match=named):
            adapter_for(model)
    assert config["model_type"] == "gpt2"


def test_the_same_checkpoint_by_structure(load_small: LoadSmall) -> None:
    """An unknown model_type is probed, and finds what the registry says."""
    from romebench.engine.adapters import probe

    for name in ("gpt2", "gptj", "llama"):
        model = load_small(name)
        found = probe(model.model)
        for field in ("blocks", "projection", "mlp", "attention", "head", "embedding"):
            assert getattr(found, field) == getattr(model.adapter, field), (name, field)
        assert found.final_norm == model.adapter.final_norm
        assert found.gated is model.adapter.gated
        assert found.probed
