"""Reading key and value at the lookup token, and preparing what an offset there can change.

An offset δ added to the value at token t of layer l changes no position before t and no layer
below l. So the prefix before t is run once and its attention keys and values are kept; what
remains, the blocks above l over the few tokens from t on, is handed to `suffix.py` with the very
arguments the model itself called its blocks with, whatever the family names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import DynamicCache

from .model import LoadedModel, named_module
from .suffix import BlockCall, PrefixCache, Suffix, hidden_of, kept_states
from .tokens import Row


@dataclass(slots=True)
class SiteReading:
    """What was read at the lookup token of every row, before any offset.

    Attributes:
        keys: Input of the projection, [rows, d_in], in the compute dtype.
        values: Its output, bias included, [rows, d_out].
    """

    keys: Tensor
    values: Tensor


def read_site(
    model: LoadedModel, layer: int, rows: Sequence[Row], *, suffix: bool
) -> tuple[SiteReading, Suffix | None]:
    """Read key and value at each row's lookup token, and prepare the suffix where it is wanted.

    Args:
        suffix: False reads the site alone and stops at its layer.

    Returns:
        The reading, and the suffix ready to be run (None where it isn't wanted).
    """
    with torch.no_grad(), model.frozen():
        reading, cache = _run_prefix(model, layer, rows, keep=suffix)
        if cache is None:
            return reading, None
        return reading, _prepare_suffix(model, layer, rows, cache)


class _SiteReachedError(Exception):
    """Ends a forward pass at the site."""


def _run_prefix(
    model: LoadedModel, layer: int, rows: Sequence[Row], *, keep: bool
) -> tuple[SiteReading, DynamicCache | None]:
    """One right-padded pass over every row up to its lookup token.

    The padding isn't masked: no token before it sees it, and masked out it would leave tokens of
    a sliding window with nothing to attend to, which is NaN in every family that has one.
    """
    width = max(row.lookup for row in rows) + 1
    device = model.input_device
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : row.lookup + 1] = torch.tensor(row.ids[: row.lookup + 1])
    mask = torch.ones_like(ids)
    lookups = torch.tensor([row.lookup for row in rows])
    read: dict[str, Tensor] = {}

    def record(_module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
        for name, tensor in (("key", args[0]), ("value", output)):
            picked = tensor.reshape(len(rows), width, -1)[range(len(rows)), lookups]
            read[name] = picked.to("cpu", model.compute_dtype)
        if not keep:
            raise _SiteReachedError

    handle = model.adapter.projection_of(model.model, layer).register_forward_hook(record)
    cache = DynamicCache() if keep else None
    positions = torch.arange(width).expand(len(rows), -1)
    try:
        _decoder(model)(
            input_ids=ids.to(device), attention_mask=mask.to(device),
            position_ids=positions.to(device), past_key_values=cache, use_cache=keep,
        )  # fmt: skip
    except _SiteReachedError:
        pass
    finally:
        handle.remove()
    return SiteReading(read["key"], read["value"]), cache


def _prepare_suffix(
    model: LoadedModel, layer: int, rows: Sequence[Row], cache: DynamicCache
) -> Suffix:
    """One pass over the tokens from the lookup on, recording how the model calls its blocks."""
    device = model.input_device
    lookups = torch.tensor([row.lookup for row in rows])
    prefix = int(lookups.max())
    width = max(len(row.ids) - row.lookup for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), prefix + width, dtype=torch.long)
    for i, row in enumerate(rows):
        tokens = row.ids[row.lookup :]
        ids[i, : len(tokens)] = torch.tensor(tokens)
        mask[i, prefix - row.lookup :] = 1
    aligned = _align_right(cache, lookups, prefix)
    calls: list[BlockCall] = []
    handles = _record_calls(model, range(layer, model.n_layers), aligned, calls)
    outputs: list[Tensor] = []
    block = model.adapter.block(model.model, layer)
    handles.append(block.register_forward_hook(lambda _m, _a, out: outputs.append(out)))
    try:
        # Positions beyond a short row's end are never read; they only must stay in range.
        positions = (lookups[:, None] + torch.arange(width)).clamp(max=_last_position(model))
        _decoder(model)(
            input_ids=ids.to(device), attention_mask=mask.to(device),
            position_ids=positions.to(device), past_key_values=aligned, use_cache=True,
        )  # fmt: skip
    finally:
        for handle in handles:
            handle.remove()
    own, above = calls[0], calls[1:]
    if model.adapter.direct:
        out = outputs[0]
        return Suffix(model, layer, hidden_of(out), None, above)
    start = own.kwargs.pop("__hidden__")
    return Suffix(model, layer, start, own, above)


def _record_calls(
    model: LoadedModel, layers: range, cache: DynamicCache, calls: list[BlockCall]
) -> list[Any]:
    """Note each block's arguments, with the growing cache replaced by the kept prefix."""
    kept = PrefixCache(kept_states(cache))
    handles = []
    for layer in layers:
        block = model.adapter.block(model.model, layer)

        def note(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            named = dict(kwargs)
            hidden = args[0] if args else named.pop("hidden_states")
            swapped = tuple(kept if value is cache else value for value in args[1:])
            named = {k: kept if value is cache else value for k, value in named.items()}
            if not calls and not model.adapter.direct:
                named["__hidden__"] = hidden
            calls.append(BlockCall(module, swapped, named))

        handles.append(block.register_forward_pre_hook(note, with_kwargs=True))
    return handles


def _align_right(cache: DynamicCache, lookups: Tensor, prefix: int) -> DynamicCache:
    """The cache of the tokens before each row's lookup, aligned so that they end together.

    The cached keys carry their positions already, so columns may move; distances between columns
    stay what they were, which sliding windows count on.
    """
    aligned = DynamicCache()
    columns = torch.arange(prefix)[None, :] - (prefix - lookups)[:, None]
    index = columns.clamp(min=0)[:, None, :, None]
    for i, kept in enumerate(kept_states(cache)):
        parts = []
        for tensor in kept:
            spread = index.to(tensor.device).expand(-1, tensor.shape[1], -1, tensor.shape[3])
            parts.append(tensor.gather(2, spread))
        aligned.update(parts[0], parts[1], i)
    return aligned


def _last_position(model: LoadedModel) -> int:
    limit = model.max_positions
    return limit - 1 if limit is not None else 1 << 30


def _decoder(model: LoadedModel) -> nn.Module:
    """The stack under the head: what runs a batch without paying for the vocabulary."""
    if model.model_type == "opt":
        return named_module(model.model, "model")
    return named_module(model.model, model.adapter.decoder)
