"""One pass over a prompt with everything kept, and running again only what a change can reach.

A change at token t of block m changes no position before t and no block below m. So `record` runs
a prompt once and keeps what enters every block; a `Suffix` then runs chosen blocks over the tokens
from t on, any number of altered copies at a time, with the attention of the kept prefix. Lens,
trace and vectors are built on it. Knows no screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import DynamicCache

from ..errors import ModelError
from .model import LoadedModel, named_module

Change = Callable[[Tensor], Tensor]
"""Takes what a module gives, [rows, columns, d], and gives what shall go on instead."""


class Part(StrEnum):
    """A module inside a block whose output is added to the residual stream."""

    MLP = "mlp"
    ATTENTION = "attn"


def part_module(model: LoadedModel, layer: int, part: Part) -> nn.Module:
    """The module whose output is what `part` adds, without the residual stream itself.

    The MLP's last projection rather than the MLP: BLOOM's MLP and attention modules add the
    residual inside, so that their outputs are not the difference.

    Raises:
        ModelError: The family's attention was not found.
    """
    adapter = model.adapter
    if part is Part.MLP:
        return adapter.projection_of(model.model, layer)
    if not adapter.attention:
        raise ModelError(
            f"the attention of a {adapter.model_type} block was not found",
            "trace single states or the MLP",
        )
    inner = adapter.attention + (".dense" if adapter.model_type == "bloom" else "")
    return adapter.block(model.model, layer).get_submodule(inner)


@dataclass(slots=True)
class Run:
    """What a pass left: T tokens of `rows` equal prompts.

    Attributes:
        ids: The prompt's tokens.
        states: What enters each block, and what leaves the last: n_layers + 1 of [rows, T, d].
        parts: Outputs of the parts asked for, n_layers of [rows, T, d] each.
        attended: Keys and values of each block, [rows, heads, T, head_dim].
    """

    ids: tuple[int, ...]
    states: list[Tensor] = field(default_factory=list)
    parts: dict[Part, list[Tensor]] = field(default_factory=dict)
    attended: list[tuple[Tensor, Tensor]] = field(default_factory=list)


@torch.no_grad()
def record(
    model: LoadedModel,
    ids: tuple[int, ...],
    *,
    rows: int = 1,
    disturb: Change | None = None,
    parts: tuple[Part, ...] = (),
) -> Run:
    """Run `rows` copies of a prompt and keep all of it.

    Args:
        disturb: Changes the token embeddings before anything else is computed from them.
        parts: Parts whose outputs are kept.
    """
    run = Run(ids, parts={part: [] for part in parts})
    cache = DynamicCache()
    with _handles() as handles:
        if disturb is not None:
            handles.append(
                _alter(named_module(model.model, model.adapter.embedding), disturb, rows)
            )
        for layer in range(model.n_layers):
            block = model.adapter.block(model.model, layer)
            handles.append(
                block.register_forward_pre_hook(_keep_input(run.states), with_kwargs=True)
            )
            for part in parts:
                module = part_module(model, layer, part)
                handles.append(_watch(module, run.parts[part], rows))
        last = model.adapter.block(model.model, model.n_layers - 1)
        handles.append(_watch(last, run.states, rows))
        _call_decoder(model, torch.tensor([ids] * rows), cache, 0)
    run.attended = [(getattr(kept, "keys"), getattr(kept, "values")) for kept in cache.layers]  # noqa: B009
    return run


class Suffix:
    """The tokens of a run from `start` on, ready to be run through any block.

    Args:
        run: The run whose prefix is attended to. Copies are stacked copy by copy: rows 0 … rows-1
            of the run, and again, and again.
        start: First token that is run.
    """

    def __init__(self, model: LoadedModel, run: Run, start: int) -> None:
        self._model = model
        self._prefix = _Prefix([(k[:, :, :start], v[:, :, :start]) for k, v in run.attended])
        self._calls = _record_calls(model, run, start, self._prefix)

    @torch.no_grad()
    def block(
        self, layer: int, hidden: Tensor, changes: Mapping[Part, Change] | None = None
    ) -> Tensor:
        """A block's output [copies, columns, d] for its input.

        Args:
            changes: What to make of the outputs of parts of the block.
        """
        args, kwargs = self._calls[layer]
        alibi = kwargs.get("alibi")
        if alibi is not None:
            # BLOOM and Falcon give each row its slopes one after the other, not to be broadcast.
            slopes = alibi.repeat(hidden.shape[0], *[1] * (alibi.dim() - 1))
            kwargs = {**kwargs, "alibi": slopes}
        with _handles() as handles:
            for part, change in (changes or {}).items():
                module = part_module(self._model, layer, part)
                handles.append(_alter(module, change, hidden.shape[0]))
            out = self._model.adapter.block(self._model.model, layer)(hidden, *args, **kwargs)
        return hidden_of(out)


@torch.no_grad()
def read_head(model: LoadedModel, hidden: Tensor) -> Tensor:
    """Logits [..., V] of states [..., d] in the compute dtype, the final norm included."""
    weight = next(model.adapter.block(model.model, model.n_layers - 1).parameters())
    logits = model.adapter.logits(model.model, hidden.to(weight.device, model.torch_dtype))
    return logits.to(model.compute_dtype)


def hidden_of(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """A module's hidden state: some give it alone, some first in a tuple."""
    return output[0] if isinstance(output, tuple) else output


class _Prefix:
    """Stands in for the model's cache: a run's keys and values before the suffix, never grown."""

    def __init__(self, kept: list[tuple[Tensor, Tensor]]) -> None:
        self._kept = kept

    def update(
        self, keys: Tensor, values: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """The prefix with the new columns behind it, for as many copies as there are."""
        kept_keys, kept_values = self._kept[layer_idx]
        copies = keys.shape[0] // kept_keys.shape[0]
        before = kept_keys.repeat(copies, 1, 1, 1), kept_values.repeat(copies, 1, 1, 1)
        return torch.cat([before[0], keys], dim=-2), torch.cat([before[1], values], dim=-2)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """How many columns the prefix has."""
        return int(self._kept[layer_idx][0].shape[-2])


_Call = tuple[tuple[Any, ...], dict[str, Any]]


@torch.no_grad()
def _record_calls(model: LoadedModel, run: Run, start: int, prefix: _Prefix) -> list[_Call]:
    """How the model itself calls each block for these tokens: one row, to be broadcast."""
    cache = DynamicCache()
    for layer, (keys, values) in enumerate(run.attended):
        if start:
            cache.update(keys[:1, :, :start], values[:1, :, :start], layer)
    calls: list[_Call] = []

    def note(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        named = {k: v for k, v in kwargs.items() if not (k == "hidden_states" and not args)}
        swap = {k: prefix if v is cache else v for k, v in named.items()}
        calls.append((tuple(prefix if v is cache else v for v in args[1:]), swap))

    with _handles() as handles:
        for layer in range(model.n_layers):
            block = model.adapter.block(model.model, layer)
            handles.append(block.register_forward_pre_hook(note, with_kwargs=True))
        _call_decoder(model, torch.tensor([run.ids[start:]]), cache, start)
    return calls


def _call_decoder(model: LoadedModel, ids: Tensor, cache: DynamicCache, start: int) -> None:
    """Run the stack under the head over tokens that follow `start` cached ones."""
    path = "model" if model.model_type == "opt" else model.adapter.decoder
    device = model.input_device
    rows, width = ids.shape
    positions = torch.arange(start, start + width, device=device).expand(rows, -1)
    named_module(model.model, path)(
        input_ids=ids.to(device), position_ids=positions, past_key_values=cache, use_cache=True,
        attention_mask=torch.ones(rows, start + width, dtype=torch.long, device=device),
    )  # fmt: skip


def _keep_input(kept: list[Tensor]) -> Callable[..., None]:
    def keep(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        kept.append((args[0] if args else kwargs["hidden_states"]).clone())

    return keep


def _watch(module: nn.Module, kept: list[Tensor], rows: int) -> Any:
    """Keep a module's output as [rows, columns, d] (OPT flattens it)."""

    def keep(_module: nn.Module, _args: Any, output: Any) -> None:
        hidden = hidden_of(output)
        kept.append(hidden.reshape(rows, -1, hidden.shape[-1]).clone())

    return module.register_forward_hook(keep)


def _alter(module: nn.Module, change: Change, rows: int) -> Any:
    """Let `change` make something else of a module's output."""

    def replace(_module: nn.Module, _args: Any, output: Any) -> Any:
        hidden = hidden_of(output)
        shaped = hidden.reshape(rows, -1, hidden.shape[-1])
        altered = change(shaped).reshape(hidden.shape)
        return (altered, *output[1:]) if isinstance(output, tuple) else altered

    return module.register_forward_hook(replace)


@contextmanager
def _handles() -> Iterator[list[Any]]:
    """Hooks that are gone afterwards, whatever happens."""
    handles: list[Any] = []
    try:
        yield handles
    finally:
        for handle in handles:
            handle.remove()
