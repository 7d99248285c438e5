"""The part of a model that an offset at one token can change, run again and again.

Holds the blocks above the edited layer with the arguments the model called them with, and the
attention keys and values of the prefix. The last block is run only at the columns that are read:
its other columns matter to nothing but the keys and values it attends to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import DynamicCache

from .model import LoadedModel

States = tuple[Tensor, Tensor]
"""Attention keys and values of one layer, [rows, heads, columns, head_dim] each."""


class PrefixCache:
    """Stands in for the model's cache: the prefix's keys and values, never grown."""

    def __init__(self, kept: list[States]) -> None:
        self._kept = kept

    def update(
        self, keys: Tensor, values: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """The prefix's keys and values with the new ones behind them."""
        kept_keys, kept_values = self._kept[layer_idx]
        return torch.cat([kept_keys, keys], dim=-2), torch.cat([kept_values, values], dim=-2)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """How many columns the prefix has."""
        return int(self._kept[layer_idx][0].shape[-2])


class _StatesReadError(Exception):
    """Ends a block as soon as its keys and values are known."""


class _StatesReader:
    """A cache that takes a block's keys and values, and ends it there."""

    def __init__(self, prefix: PrefixCache) -> None:
        self._prefix = prefix
        self.states: States | None = None

    def update(self, keys: Tensor, values: Tensor, layer_idx: int, *_: Any, **__: Any) -> States:
        """Keep what the block would attend to."""
        self.states = self._prefix.update(keys, values, layer_idx)
        raise _StatesReadError

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """How many columns the prefix has."""
        return self._prefix.get_seq_length(layer_idx)


class _GivenStates:
    """A cache that answers with keys and values that are known already."""

    def __init__(self, states: States, length: int) -> None:
        self._states = states
        self._length = length

    def update(self, *_: Any, **__: Any) -> States:
        """The known ones, whatever the block made of its few columns."""
        return self._states

    def get_seq_length(self, _layer_idx: int = 0) -> int:
        """How many columns the prefix has."""
        return self._length


@dataclass(slots=True)
class BlockCall:
    """One block and how the model called it, but for the hidden state."""

    block: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __call__(self, hidden: Tensor) -> Tensor:
        """The block's output."""
        return hidden_of(self.block(hidden, *self.args, **self.kwargs))

    def mapped(self, change: Callable[[Any], Any]) -> BlockCall:
        """The same call with every argument changed."""
        args = tuple(change(value) for value in self.args)
        return BlockCall(self.block, args, {k: change(v) for k, v in self.kwargs.items()})

    @property
    def prefix(self) -> PrefixCache | None:
        """The prefix cache among the arguments."""
        values = (*self.args, *self.kwargs.values())
        return next((value for value in values if isinstance(value, PrefixCache)), None)


class Suffix:
    """The tokens from the lookup on, of all rows, ready to be run with any offset.

    Rows are aligned so that every lookup token stands in column 0. Built by `prefix.read_site`.

    Args:
        start: Output of the edited block [rows, columns, d]; where `tail` is given, its input.
        tail: The edited block itself, where the value doesn't reach the residual stream as it is.
        calls: The blocks above it.
    """

    def __init__(
        self,
        model: LoadedModel,
        layer: int,
        start: Tensor,
        tail: BlockCall | None,
        calls: list[BlockCall],
    ) -> None:
        self._model = model
        self._layer = layer
        self._start = start
        self._tail = tail
        self._calls = calls
        self._narrowed: tuple[Tensor, BlockCall | None] | None = None

    def hidden(self, offset: Tensor, columns: Tensor) -> Tensor:
        """The last block's output with `offset` in column 0, at chosen columns only.

        Args:
            offset: δ, [d_out].
            columns: Which columns to read of each row, [rows, n].

        Returns:
            [rows, n, d].
        """
        hidden = self._with_offset(offset)
        if not self._calls:
            return _pick(hidden, columns)
        for call in self._calls[:-1]:
            hidden = call(hidden)
        return self._last(self._calls[-1], hidden, columns)

    def head(self, hidden: Tensor) -> Tensor:
        """The head's logits [..., V] for the last block's output, in the compute dtype."""
        logits = self._model.adapter.logits(self._model.model, hidden)
        return logits.to(self._model.compute_dtype)

    def _last(self, call: BlockCall, hidden: Tensor, columns: Tensor) -> Tensor:
        """The last block at the columns that are read, where its arguments allow it.

        In fp64, which is for agreement with published results, it is run whole: where a family
        computes partly in fp32, the split rounds differently, and Adam magnifies that.
        """
        whole_only = self._model.adapter.by_place or hidden.dtype is torch.float64
        narrow = None if whole_only else self._narrow(call, hidden, columns)
        prefix = call.prefix
        if narrow is None or prefix is None:
            return _pick(call(hidden), columns)
        reader = _StatesReader(prefix)
        try:
            whole = call.mapped(lambda value: reader if value is prefix else value)(hidden)
        except _StatesReadError:
            assert reader.states is not None
            given = _GivenStates(reader.states, prefix.get_seq_length())
            return narrow.mapped(lambda v: given if v is prefix else v)(_pick(hidden, columns))
        return _pick(whole, columns)

    def _narrow(self, call: BlockCall, hidden: Tensor, columns: Tensor) -> BlockCall | None:
        """The last block's call at those columns; None where it is to be run whole."""
        if self._narrowed is None or self._narrowed[0] is not columns:
            narrow = _narrowed(call, hidden.shape[1], columns.to(hidden.device))
            self._narrowed = (columns, narrow)
        return self._narrowed[1]

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


def _pick(tensor: Tensor, columns: Tensor) -> Tensor:
    """Chosen columns of each row: [rows, columns, …] to [rows, n, …]."""
    index = columns.to(tensor.device)
    index = index.reshape(*index.shape, *[1] * (tensor.dim() - 2))
    return tensor.gather(1, index.expand(-1, -1, *tensor.shape[2:]))


class _UnknownArgumentError(Exception):
    """An argument depends on the columns in a way that isn't known."""


def _narrowed(call: BlockCall, width: int, columns: Tensor) -> BlockCall | None:
    """The call with its column-wise arguments narrowed to `columns`.

    An attention mask [rows, 1, columns, keys] must be among them: without one, the block tells
    columns apart by their place alone, and fewer columns would mean something else.
    """
    if columns.shape[1] >= width:
        return None
    masks = 0

    def change(value: Any) -> Any:
        nonlocal masks
        if isinstance(value, tuple):
            return tuple(change(item) for item in value)
        if not isinstance(value, Tensor) or width not in value.shape:
            return value
        rows = columns.shape[0]
        if value.dim() == 4 and value.shape[2] == width and value.shape[0] in (1, rows):
            masks += 1
            spread = value.expand(rows, -1, -1, -1).transpose(1, 2)
            return _pick(spread, columns).transpose(1, 2)
        if value.dim() in (2, 3) and value.shape[1] == width and value.shape[0] in (1, rows):
            return _pick(value.expand(rows, *value.shape[1:]), columns)
        raise _UnknownArgumentError

    try:
        narrow = call.mapped(change)
    except _UnknownArgumentError:
        return None
    return narrow if masks else None


def kept_states(cache: DynamicCache) -> list[States]:
    """The keys and values of every layer of a cache."""
    return [(getattr(layer, "keys"), getattr(layer, "values")) for layer in cache.layers]  # noqa: B009


def hidden_of(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """A block's hidden state: some families return it alone, some in a tuple."""
    return output[0] if isinstance(output, tuple) else output
