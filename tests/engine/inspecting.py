"""What the tests of lens, trace and vectors share: tiny models of many families, and a causal
trace the plain way, one whole run at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from romebench.engine.model import LoadedModel, wrap_model
from romebench.engine.noise import NoiseSource
from romebench.engine.passes import Part, part_module
from romebench.engine.trace import Severed, Trace, TraceKind, TraceSettings

PROMPT = "Steve Jobs was the founder of"

_SMALL = {
    "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48,
    "vocab_size": 879, "max_position_embeddings": 64,
}  # fmt: skip
_LLAMA_LIKE = {**_SMALL, "num_key_value_heads": 2, "head_dim": 8}
FAMILIES: dict[str, dict[str, Any]] = {
    "gpt_neox": _SMALL,
    "bloom": {"hidden_size": 32, "n_layer": 3, "n_head": 4, "vocab_size": 879},
    "falcon": {**_SMALL, "new_decoder_architecture": False, "multi_query": True, "alibi": True},
    "opt": {**_SMALL, "ffn_dim": 48, "word_embed_proj_dim": 32},
    "phi": _SMALL,
    "llama": _LLAMA_LIKE,
    "gemma2": {**_LLAMA_LIKE, "sliding_window": 4, "query_pre_attn_scalar": 8},
    "olmo2": _LLAMA_LIKE,
    "qwen3": _LLAMA_LIKE,
}


def tiny(model_type: str, tokenizer: Path) -> LoadedModel:
    """A random model of a family with three layers, in fp64."""
    torch.manual_seed(3)
    config = AutoConfig.for_model(model_type, **FAMILIES[model_type])
    config.pad_token_id = config.bos_token_id = config.eos_token_id = 0
    config.dtype = torch.float64
    model = AutoModelForCausalLM.from_config(config).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.15 * torch.randn_like(parameter)
    return wrap_model(model, AutoTokenizer.from_pretrained(tokenizer), model_type)


def plain_trace(
    model: LoadedModel, found: Trace, settings: TraceSettings, source: NoiseSource
) -> Tensor:
    """Scores [positions, layers] as the published code gets them: one run for each."""
    runs = _Plain(model, found, settings, source)
    rows = [[runs.score(t, layer) for layer in range(model.n_layers)] for t in found.positions]
    return torch.tensor(rows, dtype=torch.float64)


class _Plain:
    def __init__(
        self, model: LoadedModel, found: Trace, settings: TraceSettings, source: NoiseSource
    ) -> None:
        self.model, self.found, self.settings, self.source = model, found, settings, source
        self.corrupted = self._run([], [])[1]

    def score(self, position: int, layer: int) -> float:
        n_layers = self.model.n_layers
        if self.settings.kind is TraceKind.STATES:
            restore: list[tuple[Any, int]] = [(None, layer)]
        else:
            part = Part(self.settings.kind.value)
            restore = [(part, at) for at in self.settings.window_of(layer, n_layers)]
        cut = []
        if self.settings.severed is not Severed.NONE:
            part = Part(self.settings.severed.value)
            cut = [(part, at) for at in range(layer + 1, n_layers)]
        return self._run([(*place, position) for place in restore], [(*p, position) for p in cut])[
            0
        ]

    def _module(self, part: Part | None, layer: int) -> Any:
        if part is None:
            return self.model.adapter.block(self.model.model, layer)
        return part_module(self.model, layer, part)

    def _run(self, restore: Sequence[Any], cut: Sequence[Any]) -> tuple[float, dict[Any, Tensor]]:
        """One batch: row 0 clean, the others corrupted."""
        rows = self.settings.samples + 1
        kept: dict[Any, Tensor] = {}
        handles = []
        noisy = self.source.disturb(*self.found.subject_range)

        def corrupt(_m: Any, _a: Any, out: Tensor) -> Tensor:
            return torch.cat([out[:1], noisy(out[1:])])

        embedding = self.model.model.get_submodule(self.model.adapter.embedding)
        handles.append(embedding.register_forward_hook(corrupt))
        for part in (None, *Part):
            for layer in range(self.model.n_layers):
                positions = [t for p, at, t in restore if (p, at) == (part, layer)]
                severed = [t for p, at, t in cut if (p, at) == (part, layer)]

                def hook(
                    _m: Any, _a: Any, output: Any, key: Any = (part, layer),
                    positions: list[int] = positions, severed: list[int] = severed,
                ) -> Any:  # fmt: skip
                    hidden = output[0] if isinstance(output, tuple) else output
                    shaped = hidden.reshape(rows, -1, hidden.shape[-1]).clone()
                    for t in positions:
                        shaped[1:, t] = shaped[0, t]
                    for t in severed:
                        shaped[1:, t] = self.corrupted[key][1:, t]
                    kept[key] = shaped.clone()
                    shaped = shaped.reshape(hidden.shape)
                    return (shaped, *output[1:]) if isinstance(output, tuple) else shaped

                handles.append(self._module(part, layer).register_forward_hook(hook))
        try:
            with torch.no_grad():
                logits = self.model.model(torch.tensor([self.found.ids] * rows)).logits
        finally:
            for handle in handles:
                handle.remove()
        probs = logits[1:, -1].double().softmax(-1).mean(0)
        return float(probs[self.found.answer_id]), kept
