"""Hashes that tell whether a model, tokenizer or edited weight is the one that was recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Keys of a config that say how it was saved or run, not what the model computes.
_NOT_IDENTITY = {
    "_name_or_path", "transformers_version", "dtype", "torch_dtype", "architectures",
    "_attn_implementation_autoset", "attn_implementation", "use_cache",
}  # fmt: skip

_CHUNK = 1 << 26
"""Elements that are brought to the CPU at a time."""


def weight_sha256(weights: Mapping[str, Tensor]) -> str:
    """The hash of edited weights, computable with numpy alone from base weights and an export.

    Args:
        weights: By parameter name, each a matrix [d_out, d_in] in Linear orientation and in the
            master's dtype.

    Returns:
        SHA-256 in hex over the weights sorted by name, each as the UTF-8 line
        `"{name} {dtype} {d_out} {d_in}\\n"` and its little-endian C-order bytes.
    """
    digest = hashlib.sha256()
    for name in sorted(weights):
        _update(digest, name, weights[name])
    return digest.hexdigest()


def model_sha256(model: PreTrainedModel) -> str:
    """Fingerprint of a model: its config and every parameter's name, dtype, shape and bytes."""
    digest = hashlib.sha256()
    config = {k: v for k, v in model.config.to_diff_dict().items() if k not in _NOT_IDENTITY}
    digest.update(json.dumps(config, sort_keys=True, default=str).encode())
    for name, parameter in sorted(model.named_parameters(), key=lambda item: item[0]):
        _update(digest, name, parameter.detach())
    return digest.hexdigest()


def tokenizer_sha256(tokenizer: PreTrainedTokenizerBase) -> str:
    """Fingerprint of a tokenizer: its vocabulary, merges and processors, special tokens included.

    Padding and truncation are settings of a call, not of the tokenizer, and don't count.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        content: Any = sorted(tokenizer.get_vocab().items())
    else:
        content = json.loads(backend.to_str())
        content.pop("padding", None)
        content.pop("truncation", None)
    special = {key: str(value) for key, value in tokenizer.special_tokens_map.items()}
    text = json.dumps([content, special], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _update(digest: hashlib._Hash, name: str, tensor: Tensor) -> None:
    """Add one tensor: a header line, then its bytes, a chunk at a time."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    digest.update(f"{name} {dtype} {' '.join(map(str, tensor.shape))}\n".encode())
    rows = max(1, _CHUNK // max(1, tensor[0].numel())) if tensor.dim() else 1
    for part in tensor.split(rows) if tensor.dim() else (tensor,):
        raw = part.contiguous().cpu().reshape(-1).view(torch.uint8).numpy()
        digest.update(raw.data)
