"""Small random models of every family, built from their configs: what the families are tested on.

No weights are downloaded. Every parameter is drawn, norms and biases too (at their initial values
they would hide a norm that was left out or run twice).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from romebench.engine.model import LoadedModel, wrap_model

VOCABULARY = 879
N_LAYERS = 4
LAYER = 1
"""The layer that is edited: one block below it, two above."""

_GPT = {"n_embd": 48, "n_head": 4, "n_layer": N_LAYERS, "n_positions": 128}
_LLAMA = {
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 12,
    "max_position_embeddings": 128,
}
_NEOX = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
}
_FALCON = {
    "hidden_size": 48,
    "ffn_hidden_size": 96,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
}
_GEMMA = {**_LLAMA, "query_pre_attn_scalar": 12, "sliding_window": 8}
_SLIDES = ["sliding_attention", "full_attention"] * 2


@dataclass(frozen=True)
class Variant:
    """One small model.

    Attributes:
        model_type: The family.
        tag: What sets this one apart in it.
        config: Arguments of its config.
        bos: Whether its tokenizer puts a BOS in front.
        exact: transformers computes all of it in the model's dtype, so that fp64 is fp64; the
            others round norms, rotations or softmax to fp32 on the way.
    """

    model_type: str
    tag: str
    config: dict[str, Any] = field(default_factory=dict)
    bos: bool = False
    exact: bool = False

    @property
    def name(self) -> str:
        """ "falcon-alibi"."""
        return f"{self.model_type}-{self.tag}" if self.tag else self.model_type


ZOO: tuple[Variant, ...] = (
    Variant("gpt2", "tied", _GPT, exact=True),
    Variant("gpt2", "untied-bos", {**_GPT, "tie_word_embeddings": False}, bos=True, exact=True),
    Variant("gpt2", "square", {**_GPT, "n_inner": 48}, exact=True),
    Variant("gptj", "", {**_GPT, "rotary_dim": 8}),
    Variant("gpt_neo", "local", {
        "hidden_size": 48, "num_layers": N_LAYERS, "num_heads": 4, "window_size": 8,
        "attention_types": [[["global", "local"], 2]], "max_position_embeddings": 128,
    }),
    Variant("gpt_neox", "parallel", _NEOX),
    Variant("gpt_neox", "serial", {**_NEOX, "use_parallel_residual": False}),
    Variant("opt", "", {
        "hidden_size": 48, "ffn_dim": 96, "num_hidden_layers": N_LAYERS, "num_attention_heads": 4,
        "max_position_embeddings": 128, "word_embed_proj_dim": 48,
    }, bos=True),
    Variant("opt", "projected", {
        "hidden_size": 48, "ffn_dim": 48, "num_hidden_layers": N_LAYERS, "num_attention_heads": 4,
        "max_position_embeddings": 128, "word_embed_proj_dim": 24,
    }),
    Variant("bloom", "", {"hidden_size": 48, "n_layer": N_LAYERS, "n_head": 4}),
    Variant("bloom", "6-heads", {"hidden_size": 48, "n_layer": N_LAYERS, "n_head": 6}, bos=True),
    Variant("falcon", "7b", {**_FALCON, "multi_query": True, "parallel_attn": True}),
    Variant("falcon", "40b", {
        **_FALCON, "new_decoder_architecture": True, "num_kv_heads": 2, "bias": False,
    }),
    Variant("falcon", "11b", {
        **_FALCON, "new_decoder_architecture": True, "num_kv_heads": 2,
        "num_ln_in_parallel_attn": 1,
    }),
    Variant("falcon", "alibi-serial", {
        **_FALCON, "alibi": True, "parallel_attn": False, "multi_query": False, "bias": True,
    }),
    Variant("llama", "bos", _LLAMA, bos=True),
    Variant("llama", "tied", {**_LLAMA, "tie_word_embeddings": True, "mlp_bias": True}),
    Variant("llama", "square", {**_LLAMA, "intermediate_size": 48, "attention_bias": True}),
    Variant("mistral", "window", {**_LLAMA, "sliding_window": 8}, bos=True),
    Variant("qwen2", "", _LLAMA),
    Variant("qwen2", "window", {
        **_LLAMA, "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 2,
        "tie_word_embeddings": True,
    }),
    Variant("qwen3", "tied", {**_LLAMA, "tie_word_embeddings": True}),
    Variant("gemma", "bos", _LLAMA, bos=True),
    Variant("gemma2", "bos", {**_GEMMA, "layer_types": _SLIDES}, bos=True),
    Variant("gemma2", "plain", {**_GEMMA, "final_logit_softcapping": None}),
    Variant("gemma3_text", "bos", {**_GEMMA, "layer_types": _SLIDES}, bos=True),
    Variant("gemma3", "bos", {
        "text_config": {**_GEMMA, "layer_types": _SLIDES, "vocab_size": VOCABULARY},
        "vision_config": {
            "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "image_size": 28, "patch_size": 14,
        },
        "mm_tokens_per_image": 4, "image_token_index": 7, "boi_token_index": 8,
        "eoi_token_index": 9,
    }, bos=True),
    Variant("phi", "", {
        **_NEOX, "intermediate_size": 96, "partial_rotary_factor": 0.5,
    }),
    Variant("phi", "qk-norm", {**_NEOX, "qk_layernorm": True}),
    Variant("phi3", "window-bos", {**_LLAMA, "sliding_window": 8, "pad_token_id": 0}, bos=True),
    Variant("olmo", "", {**_LLAMA, "clip_qkv": 2.0}),
    Variant("olmo2", "", _LLAMA),
    Variant("stablelm", "serial", {**_LLAMA, "partial_rotary_factor": 0.5}),
    Variant("stablelm", "parallel", {
        **_LLAMA, "partial_rotary_factor": 0.5, "use_parallel_residual": True,
        "qk_layernorm": True, "use_qkv_bias": True,
    }),
)  # fmt: skip


def build_model(variant: Variant, dtype: torch.dtype = torch.float64) -> PreTrainedModel:
    """The small random model of a variant, the same one every time.

    Its attention is the plain one in fp64, as that of a checkpoint loaded in fp64 is.
    """
    fixed = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0, "vocab_size": VOCABULARY}
    config = AutoConfig.for_model(variant.model_type, **{**fixed, **variant.config})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(
            config, attn_implementation="eager" if dtype is torch.float64 else None
        )
        with torch.no_grad():
            for parameter in model.parameters():
                drawn = torch.randn(parameter.shape)
                parameter.copy_(drawn * 0.15 if parameter.dim() > 1 else parameter + drawn * 0.1)
    return model.to(dtype).eval()


def load_variant(
    variant: Variant,
    models: Path,
    dtype: torch.dtype = torch.float64,
    build: Callable[[Variant, torch.dtype], PreTrainedModel] = build_model,
) -> LoadedModel:
    """A variant with a tokenizer.

    Args:
        models: The folder of small models whose tokenizers are used.
    """
    tokenizer = AutoTokenizer.from_pretrained(models / ("llama" if variant.bos else "gpt2"))
    return wrap_model(build(variant, dtype), tokenizer, variant.name)
