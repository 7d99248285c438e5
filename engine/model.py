"""A model as romebench knows it: `LoadedModel`, the one object that stands for it everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..errors import ModelError
from .adapters import adapter_for, is_transposed
from .families import Adapter
from .fingerprint import model_sha256, tokenizer_sha256

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(eq=False)
class LoadedModel:
    """A model, its tokenizer, and what romebench knows of both.

    Attributes:
        name: As the user named it.
        revision: The hub's commit, where it was given.
        path: Where the weights lie; None for a model built in memory.
        model: The transformers model, in eval mode.
        tokenizer: Its tokenizer.
        adapter: Where things are in it.
    """

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    adapter: Adapter
    revision: str | None = None
    path: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def model_type(self) -> str:
        """`config.model_type`."""
        return str(self.model.config.model_type)

    @property
    def dtype(self) -> str:
        """Dtype of the parameters, "float32"."""
        return str(self.torch_dtype).removeprefix("torch.")

    @property
    def torch_dtype(self) -> torch.dtype:
        """Dtype of the parameters."""
        return next(self.model.parameters()).dtype

    @property
    def compute_dtype(self) -> torch.dtype:
        """Dtype of keys, values and deltas: fp32 at least, fp64 for an fp64 model."""
        return torch.promote_types(self.torch_dtype, torch.float32)

    @property
    def device(self) -> str:
        """Where the inputs go, "cpu" or "cuda:0"."""
        return str(self.input_device)

    @property
    def input_device(self) -> torch.device:
        """The device of the token embedding."""
        weight = self.model.get_input_embeddings().weight
        assert isinstance(weight, Tensor)
        return weight.device

    @cached_property
    def model_sha256(self) -> str:
        """Fingerprint of the model as it was when first asked: ask before the first edit."""
        return model_sha256(self.model)

    @cached_property
    def tokenizer_sha256(self) -> str:
        """Fingerprint of the tokenizer."""
        return tokenizer_sha256(self.tokenizer)

    @property
    def n_layers(self) -> int:
        """How many blocks there are."""
        return len(self.model.get_submodule(self.adapter.blocks))  # type: ignore[arg-type]

    @property
    def hidden_size(self) -> int:
        """Width of the residual stream."""
        return int(self.model.config.get_text_config().hidden_size)

    @property
    def max_positions(self) -> int | None:
        """How many tokens the model takes, prompt and continuation together; None: no limit."""
        config = self.model.config.get_text_config()
        for key in ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"):
            value = getattr(config, key, None)
            if isinstance(value, int) and value > 0:
                return value
        return None

    def check_layer(self, layer: int) -> None:
        """Raise where there is no such layer.

        Raises:
            ModelError: Names the layer and how many there are.
        """
        if not 0 <= layer < self.n_layers:
            raise ModelError(
                f"there is no layer {layer}: {self.name} has {self.n_layers}",
                f"choose one from 0 to {self.n_layers - 1}",
            )

    def weight_name(self, layer: int) -> str:
        """Parameter name of the edited weight at a layer.

        Raises:
            ModelError: There is no such layer.
        """
        self.check_layer(layer)
        return self.adapter.weight_name(layer)

    def linear_view(self, weight_name: str) -> Tensor:
        """The live weight as [d_out, d_in], a view whatever way round it is stored.

        Raises:
            ModelError: There is no such weight.
        """
        try:
            module = self.model.get_submodule(weight_name.removesuffix(".weight"))
        except AttributeError:
            raise ModelError(
                f"{self.name} has no weight {weight_name}", "is it another model?"
            ) from None
        weight = module.weight
        assert isinstance(weight, Tensor)
        return weight.detach().T if is_transposed(module) else weight.detach()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """No parameter takes a gradient inside; each is as it was afterwards."""
        held = [p for p in self.model.parameters() if p.requires_grad]
        for parameter in held:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in held:
                parameter.requires_grad_(True)


def wrap_model(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    name: str,
    *,
    revision: str | None = None,
    path: str | None = None,
) -> LoadedModel:
    """Stand for a model that is in memory already.

    Raises:
        ModelError: It can't be edited, or its tokenizer gives no offsets.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"the tokenizer of {name} gives no character offsets",
            "romebench needs a fast tokenizer (tokenizer.json)",
        )
    model.eval()
    return LoadedModel(name, model, tokenizer, adapter_for(model), revision, path)


def named_module(model: nn.Module, path: str) -> nn.Module:
    """The submodule at `path`, or the model itself for an empty path."""
    return model.get_submodule(path) if path else model
