"""Presets: each loads, says where it was published, and names the places its family has."""

from __future__ import annotations

import pytest

from romebench.engine.families import REGISTRY, known_model_types
from romebench.errors import HparamsError
from romebench.hparams import (
    default_hparams,
    load_preset,
    preset_for,
    preset_names,
    preset_source,
)

FAMILY = {
    "pocket": "gpt2", "gpt2-medium": "gpt2", "gpt2-large": "gpt2", "gpt2-xl": "gpt2",
    "gpt-j-6B": "gptj", "gpt-neox-20b": "gpt_neox", "llama2-7b": "llama", "llama3-8b": "llama",
    "llama3.2-1b": "llama", "llama3.2-3b": "llama", "mistral-7b": "mistral", "qwen2-7b": "qwen2",
    "qwen2.5-7b": "qwen2",
}  # fmt: skip


@pytest.mark.parametrize("name", preset_names())
def test_each_preset_has_a_source_and_its_familys_paths(name: str) -> None:
    hparams = load_preset(name)
    adapter = REGISTRY[FAMILY[name]]
    assert hparams.rewrite_module_tmp == adapter.projection_path("{}")
    assert hparams.layer_module_tmp == f"{adapter.blocks}.{{}}"
    assert hparams.mlp_module_tmp == f"{adapter.blocks}.{{}}.{adapter.mlp}"
    assert hparams.attn_module_tmp == f"{adapter.blocks}.{{}}.{adapter.attention}"
    assert hparams.ln_f_module == adapter.final_norm
    assert "hparams/ROME/" in preset_source(name) or name == "pocket"
    assert preset_for(name) == name


@pytest.mark.parametrize(
    ("model", "preset"),
    [
        ("openai-community/gpt2-xl", "gpt2-xl"),
        ("EleutherAI/gpt-j-6B", "gpt-j-6B"),
        ("meta-llama/Llama-2-7b-hf", "llama2-7b"),
        ("meta-llama/Meta-Llama-3-8B", "llama3-8b"),
        ("mistralai/Mistral-7B-v0.1", "mistral-7b"),
        ("Qwen/Qwen2.5-7B", "qwen2.5-7b"),
        ("Qwen/Qwen2.5-7B-Instruct", None),
        ("someone/gpt2-xl", None),
    ],
)
def test_a_model_is_known_by_its_whole_name(model: str, preset: str | None) -> None:
    assert preset_for(model) == preset


@pytest.mark.parametrize("kind", known_model_types())
def test_the_default_is_a_layer_with_layers_above(kind: str) -> None:
    for n_layers in (4, 12, 32, 80):
        assert 0 <= default_hparams(kind, n_layers).layer < n_layers // 2


def test_the_default_stands_where_the_published_ones_do() -> None:
    for name, n_layers in (
        ("gpt2-medium", 24), ("gpt2-large", 36), ("gpt2-xl", 48), ("gpt-j-6B", 28),
        ("gpt-neox-20b", 44), ("llama2-7b", 32), ("mistral-7b", 32), ("qwen2-7b", 28),
    ):  # fmt: skip
        published = load_preset(name).layer
        assert abs(default_hparams(FAMILY[name], n_layers).layer - published) <= 1


def test_a_preset_that_is_not_there_is_named() -> None:
    with pytest.raises(HparamsError, match="no hparams preset is named 'gpt5'"):
        load_preset("gpt5")
