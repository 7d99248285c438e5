"""Running only the part of a model that an offset at one token can change.

An offset δ added to the value at token t of layer l changes no position before t and no layer
below l. So the prefix before t is run once, its attention keys and values are kept, and each
gradient step runs the blocks above l over the few tokens from t on. The blocks are called with the
very arguments the model itself gave them, whatever the family calls them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import DynamicCache

from .model import LoadedModel, named_module
from .tokens import Row


class _PrefixCache:
    """Stands in for the model's cache: the prefix's keys and values, never grown."""

    def __init__(self, cache: DynamicCache) -> None:
        self._kept = _kept(cache)

    def update(
        self, keys: Tensor, values: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """The prefix's keys and values with the new ones behind them."""
        kept_keys, kept_values = self._kept[layer_idx]
        return torch.cat([kept_keys, keys], dim=-2), torch.cat([kept_values, values], dim=-2)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """How many columns the prefix has."""
        return int(self._kept[layer_idx][0].shape[-2])


@dataclass(slots=True)
class _Call:
    """One block and how the model called it."""

    block: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __call__(self, hidden: Tensor) -> Tensor:
        out = self.block(hidden, *self.args, **self.kwargs)
        return _hidden(out)


@dataclass(slots=True)
class SiteReading:
    """What was read at the lookup token of every row, before any offset.

    Attributes:
        keys: Input of the projection, [rows, d_in], in the compute dtype.
        values: Its output, bias included, [rows, d_out].
    """

    keys: Tensor
    values: Tensor


class Suffix:
    """The tokens from the lookup on, of all rows, ready to be run with an offset again and again.

    Rows are aligned so that every lookup token stands in column 0; `hidden(offset)` gives the last
    block's output there. Built by `read_site`.
    """

    def __init__(
        self, model: LoadedModel, layer: int, start: Tensor, tail: _Call | None, calls: list[_Call]
    ) -> None:
        self._model = model
        self._layer = layer
        self._start = start
        self._tail = tail
        self._calls = calls

    def hidden(self, offset: Tensor) -> Tensor:
        """The last block's output [rows, columns, d] with `offset` [d_out] added in column 0."""
        hidden = self._with_offset(offset)
        for call in self._calls:
            hidden = call(hidden)
        return hidden

    def logits(self, hidden: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """The head's logits [n, V] at chosen rows and columns only, in the compute dtype."""
        picked = hidden[rows.to(hidden.device), columns.to(hidden.device)]
        logits = self._model.adapter.logits(self._model.model, picked)
        return logits.to(self._model.compute_dtype)

    def _with_offset(self, offset: Tensor) -> Tensor:
        """The edited block's output with the offset in its value."""
        moved = offset.to(self._start.device, self._start.dtype)
        if self._tail is None:
            first = self._start[:, :1] + moved
            return torch.cat([first, self._start[:, 1:]], dim=1)
        projection = self._model.adapter.projection_of(self._model.model, self._layer)

        def add(_module: nn.Module, _args: Any, output: Tensor) -> Tensor:
            shaped = output.reshape(*self._start.shape[:2], -1)
            shaped = torch.cat([shaped[:, :1] + moved, shaped[:, 1:]], dim=1)
            return shaped.reshape(output.shape)

        handle = projection.register_forward_hook(add)
        try:
            return self._tail(self._start)
        finally:
            handle.remove()


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
    """One right-padded pass over every row up to its lookup token."""
    width = max(row.lookup for row in rows) + 1
    device = model.input_device
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : row.lookup + 1] = torch.tensor(row.ids[: row.lookup + 1])
        mask[i, : row.lookup + 1] = 1
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
        mask[i, prefix - row.lookup : prefix + len(tokens)] = 1
    aligned = _align_right(cache, lookups, prefix)
    calls: list[_Call] = []
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
        return Suffix(model, layer, _hidden(out), None, above)
    start = own.kwargs.pop("__hidden__")
    return Suffix(model, layer, start, own, above)


def _record_calls(
    model: LoadedModel, layers: range, cache: DynamicCache, calls: list[_Call]
) -> list[Any]:
    """Note each block's arguments, with the growing cache replaced by the kept prefix."""
    kept = _PrefixCache(cache)
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
            calls.append(_Call(module, swapped, named))

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
    for i, kept in enumerate(_kept(cache)):
        parts = []
        for tensor in kept:
            spread = index.to(tensor.device).expand(-1, tensor.shape[1], -1, tensor.shape[3])
            parts.append(tensor.gather(2, spread))
        aligned.update(parts[0], parts[1], i)
    return aligned


def _kept(cache: DynamicCache) -> list[tuple[Tensor, Tensor]]:
    """The keys and values of every layer, [rows, heads, columns, head_dim] each."""
    return [(getattr(layer, "keys"), getattr(layer, "values")) for layer in cache.layers]  # noqa: B009


def _hidden(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """A block's hidden state: some families return it alone, some in a tuple."""
    return output[0] if isinstance(output, tuple) else output


def _last_position(model: LoadedModel) -> int:
    limit = model.max_positions
    return limit - 1 if limit is not None else 1 << 30


def _decoder(model: LoadedModel) -> nn.Module:
    """The stack under the head: what runs a batch without paying for the vocabulary."""
    if model.model_type == "opt":
        return named_module(model.model, "model")
    return named_module(model.model, model.adapter.decoder)
