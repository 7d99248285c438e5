"""Sums of k kᵀ over a model's keys, and how far their mean still moves.

Memory, beside the model and one batch's activations: 8·d_in² bytes a layer for the sums, and
8,192·d_in bytes for the product of a stretch of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from ..errors import OutOfMemoryError, StatisticsError
from .model import LoadedModel, named_module

ROWS_AT_A_TIME = 2048
"""Rows of C that one product covers, so that it takes 4·2048·d_in bytes and not another C."""

_DIRECTIONS = 64


class MomentSums:
    """Sums of k kᵀ at some layers of a model.

    Args:
        layers: Layers, each once; one forward pass serves them all and ends at the highest.

    Attributes:
        tokens: Keys that were added.
        sums: Σ k kᵀ by weight name, [d_in, d_in], fp64, on the layer's device.
    """

    def __init__(self, model: LoadedModel, layers: Sequence[int]) -> None:
        self._model = model
        self._layers = tuple(sorted(set(layers)))
        self.tokens = 0
        self.sums: dict[str, Tensor] = {}
        for layer in self._layers:
            view = model.linear_view(model.weight_name(layer))
            d_in = view.shape[1]
            try:
                held = torch.zeros(d_in, d_in, dtype=torch.float64, device=view.device)
            except (torch.OutOfMemoryError, RuntimeError) as error:
                raise OutOfMemoryError(
                    f"the sums of layer {layer} take {8 * d_in**2 / 1e9:.1f} GB more than there is",
                    "collect fewer layers at once, or with --device cpu",
                ) from error
            self.sums[model.weight_name(layer)] = held

    def add(self, rows: Sequence[Sequence[int]]) -> int:
        """Run the model on rows of token ids and add every token's key.

        Returns:
            How many keys.

        Raises:
            StatisticsError: A key isn't finite.
            OutOfMemoryError: The batch doesn't fit.
        """
        width = max(len(row) for row in rows)
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        real = torch.zeros(len(rows), width, dtype=torch.bool)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
            real[i, : len(row)] = True
        device = self._model.input_device
        try:
            with torch.no_grad(), self._summing(real):
                # Padding stands behind the text, where no token sees it: it isn't masked.
                decoder = named_module(self._model.model, self._model.adapter.decoder)
                decoder(input_ids=ids.to(device), use_cache=False)
        except _TopReachedError:
            pass
        except torch.OutOfMemoryError:
            raise OutOfMemoryError(
                f"the device is full: {len(rows)} rows of {width} tokens",
                "give a smaller --batch-tokens or --window",
            ) from None
        count = int(real.sum())
        self.tokens += count
        return count

    def mean(self, weight_name: str) -> Tensor:
        """C of one weight, [d_in, d_in], fp64, on the CPU."""
        return self.sums[weight_name].cpu() / self.tokens

    @contextmanager
    def _summing(self, real: Tensor) -> Iterator[None]:
        """Hooks that add the keys of a pass and end it at the highest layer."""
        handles = []
        for layer in self._layers:
            name = self._model.weight_name(layer)
            last = layer == self._layers[-1]

            def take(
                _m: object, args: tuple[Tensor, ...], name: str = name, last: bool = last
            ) -> None:
                keys = args[0].reshape(*real.shape, -1)[real.to(args[0].device)]
                self._accumulate(name, keys.to(self._model.compute_dtype))
                if last:
                    raise _TopReachedError

            module = self._model.adapter.projection_of(self._model.model, layer)
            handles.append(module.register_forward_pre_hook(take))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _accumulate(self, name: str, keys: Tensor) -> None:
        if not bool(torch.isfinite(keys).all()):
            raise StatisticsError(
                f"a key at {name} is not finite",
                "load the model in bfloat16 or float32: float16 overflows in some models",
            )
        held = self.sums[name]
        keys = keys.to(held.device)
        for start in range(0, held.shape[0], ROWS_AT_A_TIME):
            part = slice(start, start + ROWS_AT_A_TIME)
            held[part] += keys[:, part].T @ keys


class _TopReachedError(Exception):
    """Ends a forward pass at the highest layer that is wanted."""


class Convergence:
    """How much C still moves: ‖C − C′‖_F / ‖C‖_F, C′ at half as many tokens.

    Read off the images of 64 fixed random directions, so that no second C is kept: an estimate,
    good to about a tenth of itself.

    Attributes:
        images: C·Ω by weight name at the last doubling, [d_in, 64].
        change: The figure, the worst of all layers; None before the first doubling.
        at: Tokens at the last doubling.
    """

    def __init__(self) -> None:
        self.images: dict[str, Tensor] = {}
        self.change: float | None = None
        self.at = 0

    def update(self, sums: MomentSums) -> None:
        """Compare with the last doubling, where the tokens have doubled since."""
        if self.at and sums.tokens < 2 * self.at:
            return
        changes = []
        for name, held in sums.sums.items():
            image = (held @ _directions(held)).cpu() / sums.tokens
            before = self.images.get(name)
            if before is not None and self.at:
                changes.append(float((image - before).norm() / image.norm()))
            self.images[name] = image
        self.at = sums.tokens
        if changes:
            self.change = max(changes)


def _directions(held: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(held.shape[0], _DIRECTIONS, generator=generator, dtype=held.dtype)
    return drawn.to(held.device)
