"""The families of decoder-only models: where things are in each, by `config.model_type`.

Data only: no tensors at run time, so that front ends can list the families without torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Adapter:
    """Module paths and facts of one family.

    Attributes:
        model_type: `config.model_type`.
        decoder: Path of the stack under the head.
        blocks: Path of the list of blocks.
        projection: Path, inside a block, of the MLP's last projection: what is edited.
        mlp: Path of the MLP inside a block; empty where the block holds it directly.
        attention: Path of the attention inside a block.
        final_norm: Path of the norm before the head; empty where there is none.
        head: Path of the head.
        embedding: Path of the token embedding.
        parallel: MLP and attention read the same normed input.
        gated: The key is act(gate)·up rather than act(up).
        direct: The projection's output is added to the residual stream as it is. Where it isn't (a
            norm follows it), the block is run again for every value that is tried.
        by_place: Its attention masks by the columns' places in the call, beside the mask it is
            given, so that a block can't be run at a few columns of a call.
        probed: The paths were found by structure, not from the registry.
    """

    model_type: str
    decoder: str
    blocks: str
    projection: str
    mlp: str
    attention: str
    final_norm: str
    head: str
    embedding: str
    parallel: bool = False
    gated: bool = False
    direct: bool = True
    by_place: bool = False
    probed: bool = False

    def weight_name(self, layer: int) -> str:
        """Parameter name of the edited weight at a layer."""
        return f"{self.projection_path(layer)}.weight"

    def projection_path(self, layer: int | str) -> str:
        """Path of the edited projection at a layer; with "{}" for the layer, the hparams' form."""
        return f"{self.blocks}.{layer}.{self.projection}"

    def block(self, model: nn.Module, layer: int) -> nn.Module:
        """The block of a layer."""
        return model.get_submodule(f"{self.blocks}.{layer}")

    def projection_of(self, model: nn.Module, layer: int) -> nn.Module:
        """The edited projection of a layer: input is the key, output the value."""
        return model.get_submodule(f"{self.blocks}.{layer}.{self.projection}")

    def logits(self, model: PreTrainedModel, hidden: Tensor) -> Tensor:
        """The head's logits [..., V] for the last block's output [..., d]; the norm is included."""
        if self.final_norm:
            hidden = model.get_submodule(self.final_norm)(hidden)
        project_out = getattr(model.get_submodule(self.decoder), "project_out", None)
        if project_out is not None:
            hidden = project_out(hidden)
        logits: Tensor = model.get_submodule(self.head)(hidden)
        config = model.config.get_text_config()
        scale = getattr(config, "logit_scale", None)
        if scale is not None:
            logits = logits * scale
        cap = getattr(config, "final_logit_softcapping", None)
        return logits if cap is None else cap * (logits / cap).tanh()


_GPT2 = Adapter(
    model_type="gpt2", decoder="transformer", blocks="transformer.h", projection="mlp.c_proj",
    mlp="mlp", attention="attn", final_norm="transformer.ln_f", head="lm_head",
    embedding="transformer.wte",
)  # fmt: skip
_LLAMA = Adapter(
    model_type="llama", decoder="model", blocks="model.layers", projection="mlp.down_proj",
    mlp="mlp", attention="self_attn", final_norm="model.norm", head="lm_head",
    embedding="model.embed_tokens", gated=True,
)  # fmt: skip
_POST_NORMED = ("gemma2", "gemma3_text", "olmo2")

REGISTRY: dict[str, Adapter] = {
    "gpt2": _GPT2,
    "gptj": replace(_GPT2, model_type="gptj", projection="mlp.fc_out", parallel=True),
    "gpt_neo": replace(_GPT2, model_type="gpt_neo", by_place=True),
    "falcon": replace(
        _GPT2, model_type="falcon", projection="mlp.dense_4h_to_h", attention="self_attention",
        embedding="transformer.word_embeddings",
    ),
    "bloom": replace(
        _GPT2, model_type="bloom", projection="mlp.dense_4h_to_h", attention="self_attention",
        embedding="transformer.word_embeddings",
    ),
    "gpt_neox": Adapter(
        model_type="gpt_neox", decoder="gpt_neox", blocks="gpt_neox.layers",
        projection="mlp.dense_4h_to_h", mlp="mlp", attention="attention",
        final_norm="gpt_neox.final_layer_norm", head="lm_head", embedding="gpt_neox.embed_in",
    ),
    "opt": Adapter(
        model_type="opt", decoder="model.decoder", blocks="model.decoder.layers",
        projection="fc2", mlp="", attention="self_attn",
        final_norm="model.decoder.final_layer_norm", head="lm_head",
        embedding="model.decoder.embed_tokens",
    ),
    "phi": replace(
        _LLAMA, model_type="phi", projection="mlp.fc2", final_norm="model.final_layernorm",
        parallel=True, gated=False,
    ),
}  # fmt: skip
REGISTRY["gemma3"] = replace(
    _LLAMA, model_type="gemma3", decoder="model.language_model",
    blocks="model.language_model.layers", final_norm="model.language_model.norm",
    embedding="model.language_model.embed_tokens", direct=False,
)  # fmt: skip
REGISTRY.update(
    {
        kind: replace(_LLAMA, model_type=kind, direct=kind not in _POST_NORMED)
        for kind in (
            "llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text",
            "phi3", "olmo", "olmo2", "stablelm",
        )
    }
)  # fmt: skip


def known_model_types() -> tuple[str, ...]:
    """Every `model_type` in the registry, sorted."""
    return tuple(sorted(REGISTRY))
