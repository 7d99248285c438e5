"""Second moments of the pocket model: C = E[k kᵀ] of the edited projection's inputs.

Owns collecting them over corpus documents, each read from position 0, every
position counted, uncentred (Meng et al. 2022, appendix E.5, in tokens), and the
file that ships.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file

from .corpus import Corpus
from .world import World

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, PreTrainedTokenizerBase

#: Name of the text C is collected from, as provenance and hparams give it.
DATASET = "pocket-corpus"
TENSOR = "second_moment"
SEED = 77


def weight_name(layer: int) -> str:
    """Parameter name of the weight that ROME edits at `layer` of a GPT-2."""
    return f"transformer.h.{layer}.mlp.c_proj.weight"


@torch.inference_mode()
def collect(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerBase,
    world: World,
    layer: int,
    tokens: int,
    report: Callable[[int, int], None] | None = None,
) -> tuple[torch.Tensor, int]:
    """Average k kᵀ over at least `tokens` tokens of corpus documents.

    Args:
        model: A GPT-2, in fp32 or wider.
        tokenizer: Its tokenizer.
        world: Facts the documents are about.
        layer: Block whose ``mlp.c_proj`` is to be edited.
        tokens: How many keys to average over, at least.
        report: Called with how many tokens are done, and of how many.

    Returns:
        C, (d_in, d_in) fp64, and the number of tokens averaged.
    """
    inputs: list[torch.Tensor] = []
    weight = model.get_parameter(weight_name(layer))
    projection = model.get_submodule(weight_name(layer).removesuffix(".weight"))
    handle = projection.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    size = weight.shape[0]
    total, count = torch.zeros(size, size, dtype=torch.float64), 0
    source = iter(Corpus(world, SEED))
    try:
        while count < tokens:
            texts = [document.text for document in islice(source, 32)]
            for ids in tokenizer(texts)["input_ids"]:
                model.transformer(torch.tensor([ids[: model.config.n_positions]]))
                keys = inputs.pop()[0].double()
                total += keys.T @ keys
                count += len(keys)
            if report is not None:
                report(min(count, tokens), tokens)
    finally:
        handle.remove()
    return total / count, count


def save_moments(
    path: Path, moment: torch.Tensor, *, layer: int, tokens: int, model_sha256: str
) -> None:
    """Write C in fp32 with its provenance.

    Args:
        path: The safetensors file to write.
        moment: C, (d_in, d_in).
        layer: Where it was collected.
        tokens: Over how many tokens.
        model_sha256: Fingerprint of the model it was collected from.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    provenance = {
        "model_sha256": model_sha256,
        "weight_name": weight_name(layer),
        "dataset": DATASET,
        "tokens": str(tokens),
        "dtype": "float32",
    }
    save_file({TENSOR: moment.float().contiguous()}, str(path), metadata=provenance)
