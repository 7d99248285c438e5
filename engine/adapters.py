"""Finding where things are in a model: by its family (`families.py`), else by structure.

Never decided by the model's name. A `model_type` that isn't in the registry is probed by structure
(`probe`), and the finding is shown before it is used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torch import nn
from transformers.pytorch_utils import Conv1D

from ..errors import ModelError
from .families import REGISTRY, Adapter

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def is_transposed(module: nn.Module) -> bool:
    """Whether the module keeps its weight as [d_in, d_out] (GPT-2's Conv1D), by its type.

    Raises:
        ModelError: It is neither a Linear nor a Conv1D.
    """
    if isinstance(module, Conv1D):
        return True
    if isinstance(module, nn.Linear) and _is_plain(type(module)):
        return False
    raise ModelError(
        f"the projection is a {type(module).__name__}, which can't be edited",
        "romebench edits plain nn.Linear and Conv1D weights; quantised weights are refused",
    )


def _is_plain(kind: type[nn.Linear]) -> bool:
    """Whether a Linear computes x·Wᵀ + b with the weight it shows. Quantised ones are subclasses
    too, so that only those that are known count; Falcon's adds up in another order."""
    own = f"{kind.__module__}.{kind.__qualname__}"
    return kind is nn.Linear or own == "transformers.models.falcon.modeling_falcon.FalconLinear"


def adapter_for(model: PreTrainedModel) -> Adapter:
    """The adapter of a model, from the registry or by structure.

    Raises:
        ModelError: The model can't be edited; the message says why.
    """
    config = model.config
    refuse(config)
    adapter = REGISTRY.get(config.model_type)
    if adapter is None:
        adapter = probe(model)
    adapter = _with_config(adapter, config)
    for path in (adapter.blocks, adapter.head, adapter.final_norm):
        if path:
            _submodule(model, path, adapter)
    is_transposed(_submodule(model, f"{adapter.blocks}.0.{adapter.projection}", adapter))
    return adapter


def refuse(config: Any) -> None:
    """Refuse by name what an edit of one projection can't mean; needs no weights.

    Raises:
        ModelError: A mixture of experts, quantised weights, or an encoder-decoder.
    """
    experts = [
        key
        for key in ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
        if (getattr(config, key, None) or 0) > 1
    ]
    if experts:
        raise ModelError(
            f"{config.model_type} is a mixture of experts ({experts[0]} = "
            f"{getattr(config, experts[0])}): there is no one projection to edit",
            "choose a dense model",
        )
    if getattr(config, "quantization_config", None):
        raise ModelError(
            f"this {config.model_type} has quantised weights, which can't take an exact delta",
            "load the unquantised weights",
        )
    if getattr(config, "is_encoder_decoder", False):
        raise ModelError(
            f"{config.model_type} is an encoder-decoder model", "choose a decoder-only model"
        )


def _with_config(adapter: Adapter, config: Any) -> Adapter:
    """Facts that differ within a family."""
    if adapter.model_type == "gpt_neox":
        return replace(adapter, parallel=bool(config.use_parallel_residual))
    if adapter.model_type == "falcon":
        return replace(
            adapter, parallel=bool(config.parallel_attn or config.new_decoder_architecture)
        )
    if adapter.model_type == "stablelm":
        return replace(adapter, parallel=bool(config.use_parallel_residual))
    if adapter.model_type == "opt" and not config.do_layer_norm_before:
        raise ModelError(
            "this OPT normalises after its blocks (do_layer_norm_before is false)",
            "choose another OPT: every size but opt-350m normalises before",
        )
    return adapter


def _submodule(model: nn.Module, path: str, adapter: Adapter) -> nn.Module:
    try:
        return model.get_submodule(path)
    except AttributeError:
        raise ModelError(
            f"the {adapter.model_type} model has no module {path!r}",
            "`romebench models probe` shows what was found",
        ) from None


_PROJECTION_NAMES = ("down_proj", "c_proj", "fc_out", "dense_4h_to_h", "fc2", "w2", "wo")


def probe(model: PreTrainedModel) -> Adapter:
    """Find the paths by structure: the longest list of like blocks, and the projection that leads
    from the MLP's width back to the hidden size.

    Raises:
        ModelError: No such structure was found.
    """
    kind = model.config.model_type
    lists = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) > 0
    ]
    if not lists:
        raise ModelError(f"no list of blocks was found in {kind}", _PROBE_HINT)
    blocks, stack = max(lists, key=lambda item: len(item[1]))
    first = stack[0]
    hidden = int(model.config.get_text_config().hidden_size)
    found = [
        name
        for name, module in first.named_modules()
        if name.rpartition(".")[2] in _PROJECTION_NAMES
        and "attn" not in name
        and "attention" not in name
        and isinstance(module, (nn.Linear, Conv1D))
        and module.weight.shape[1 if isinstance(module, Conv1D) else 0] == hidden
    ]
    head = _name_of(model, model.get_output_embeddings())
    if len(found) != 1 or not head:
        raise ModelError(
            f"no one MLP projection was found in a block of {kind} (candidates: {found})",
            _PROBE_HINT,
        )
    projection = found[0]
    attention = next((n for n, child in first.named_children() if _is_attention(n, child)), "")
    decoder = blocks.rpartition(".")[0]
    norms = [
        name
        for name, _ in model.get_submodule(decoder).named_children()
        if "norm" in name.lower() or name.startswith("ln")
    ]
    mlp = projection.rpartition(".")[0]
    return Adapter(
        model_type=kind, decoder=decoder, blocks=blocks, projection=projection, mlp=mlp,
        attention=attention, final_norm=f"{decoder}.{norms[-1]}" if norms else "", head=head,
        embedding=_name_of(model, model.get_input_embeddings()),
        gated="gate" in " ".join(name for name, _ in first.named_modules()),
        direct=False, by_place=True, probed=True,
    )  # fmt: skip


_PROBE_HINT = "romebench edits decoder-only models whose MLP ends in one projection"


def _is_attention(name: str, module: nn.Module) -> bool:
    named = ("attn" in name or "attention" in name) and "norm" not in name
    return named and any(True for _ in module.parameters())


def _name_of(model: nn.Module, wanted: nn.Module | None) -> str:
    return next((name for name, module in model.named_modules() if module is wanted), "")
