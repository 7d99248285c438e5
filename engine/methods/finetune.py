"""FT, FT-L and FT-attn: the fine-tuning baselines of the ROME paper, as kmeng01/rome runs them.

Source: `baselines/ft/ft_main.py`. Adam on the weight and bias of one projection, at most 25 steps,
stopping below a loss of 0.01. What is learned is the published loss, its oddity included: all
tokens of the target are read at the last token of the prompt, so a target of several tokens is not
learned as a sequence.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import EditError, HparamsError, ModelError, RequestError
from ...hparams import FactToken
from ...hparams.finetune import FineTuneHparams
from ..adapters import is_transposed
from ..model import LoadedModel
from ..progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ..request import EditRequest
from ..tokens import check_length, encode, show_tokens, with_space
from .adam import Adam, AdamDelta, AdamSettings, outer_sum, plain_sum

ENOUGH = 1e-2
"""The loss below which the published loop stops."""


@dataclass(frozen=True, slots=True)
class FineTuned:
    """A fine-tuning edit, not yet applied; see `ComputedEdit`.

    Attributes:
        delta: The optimiser's steps.
        request: What was asked.
        tokens: The bare prompt's tokens, lookup index and target tokens.
        losses: At each forward pass `loss`, and `prob`: exp(−loss), the target's probability.
        diagnostics: Norms of the change, first and last loss, how many steps.
        timings: Seconds by stage.
    """

    delta: AdamDelta
    request: EditRequest
    tokens: dict[str, Any]
    losses: tuple[dict[str, Any], ...]
    diagnostics: dict[str, Any]
    timings: dict[str, float]


def tuned_weight(model: LoadedModel, hparams: FineTuneHparams) -> str:
    """Name of the weight that is trained.

    Raises:
        HparamsError: There are several, or the model has no such projection.
    """
    if len(hparams.layers) != 1:
        raise HparamsError(
            f"layers is {list(hparams.layers)}: an edit trains one projection", "name one layer"
        )
    model.check_layer(hparams.layers[0])
    path = hparams.rewrite_module_tmp.format(hparams.layers[0])
    try:
        is_transposed(model.model.get_submodule(path))
    except AttributeError:
        raise HparamsError(
            f"{model.name} has no module {path}", "rewrite_module_tmp names one, {} the layer"
        ) from None
    except ModelError as error:
        raise HparamsError(f"{path}: {error.message}", "name a linear projection") from None
    return f"{path}.weight"


def fine_tune(
    model: LoadedModel,
    request: EditRequest,
    hparams: FineTuneHparams,
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> FineTuned:
    """What fine-tuning on one request does to the model as it stands; it is left as it was.

    Raises:
        HparamsError: The model has no such projection.
        RequestError: The request is too long, or its target has no token.
        EditError: The model is held in half precision.
        CancelledError: `stop` was set.
    """
    if model.torch_dtype != model.compute_dtype:
        raise EditError(
            f"fine-tuning in {model.dtype} would lose its steps", "load it with --dtype float32"
        )
    began = time.perf_counter()
    weight_name = tuned_weight(model, hparams)
    prompt, targets = _tokens(model, request)
    settings = AdamSettings(hparams.lr, hparams.weight_decay, hparams.norm_constraint)
    losses: list[dict[str, Any]] = []
    with _Trained(model, weight_name, settings) as trained:
        for step in range(hparams.num_steps):
            check(stop, "the edit")
            loss = trained.step(prompt, targets)
            losses.append({"step": step, "loss": loss, "prob": math.exp(-loss)})
            told = f"loss {loss:.3f}"
            progress(Progress("fine-tuning", step + 1, hparams.num_steps, told, losses[-1]))
            if loss < ENOUGH:
                break
        delta, moved, bias_moved = trained.delta(), trained.moved(), trained.bias_moved()
    return FineTuned(
        delta,
        request,
        show_tokens(model, request, FactToken.SUBJECT_LAST),
        tuple(losses),
        {
            "delta_norm": moved,
            "bias_delta_norm": bias_moved,
            "grad_steps": len(delta.gradients),
            "early_stop": loss < ENOUGH,
            "first_loss": losses[0]["loss"],
            "last_loss": loss,
        },
        {"value_s": round(time.perf_counter() - began, 6)},
    )


def _tokens(model: LoadedModel, request: EditRequest) -> tuple[Tensor, Tensor]:
    """Ids of the prompt, [1, T], and of the target, [n]."""
    prompt = encode(model.tokenizer, request.text).ids
    check_length(model, len(prompt), f"{request.text!r:.60}")
    target = model.tokenizer(with_space(request.target_new), add_special_tokens=False)["input_ids"]
    if not target:
        raise RequestError(f"the target {request.target_new!r} has no token", "give a word")
    device = model.input_device
    return torch.tensor([prompt], device=device), torch.tensor(target, device=device)


@dataclass(slots=True)
class _Read:
    """What a projection was given and gave, in one pass."""

    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)


class _Trained:
    """A projection of the live model in training; as it was again when the block ends."""

    def __init__(self, model: LoadedModel, weight_name: str, settings: AdamSettings) -> None:
        self._model = model
        self._name = weight_name
        self._settings = settings
        self._module = model.model.get_submodule(weight_name.removesuffix(".weight"))
        self._live = model.linear_view(weight_name)
        self._held = self._live.contiguous().clone()
        self._weight = self._held.clone()
        bias = self._module.bias
        self._live_bias = bias.detach() if isinstance(bias, Tensor) else None
        self._held_bias = None if self._live_bias is None else self._live_bias.clone()
        self._bias = None if self._held_bias is None else self._held_bias.clone()
        self._adams = [Adam(self._weight, settings)]
        if self._bias is not None:
            self._adams.append(Adam(self._bias, settings))
        self._inputs: Tensor | None = None
        self._gradients: list[Tensor] = []

    def __enter__(self) -> _Trained:
        return self

    def __exit__(self, *_: object) -> None:
        self._put(self._held, self._held_bias)

    def step(self, prompt: Tensor, targets: Tensor) -> float:
        """The loss as it stands, and one step down from it where it isn't small already."""
        with self._model.frozen(), torch.enable_grad(), self._reading() as read:
            logits = self._model.model(input_ids=prompt, logits_to_keep=1).logits[0, -1]
            loss = -logits.log_softmax(-1)[targets].mean()
            value = float(loss.detach())
            if value < ENOUGH:
                return value
            (gradient,) = torch.autograd.grad(loss, read.outputs)
        if self._inputs is None:
            self._inputs = read.inputs[0].reshape(-1, read.inputs[0].shape[-1])
        self._gradients.append(gradient.reshape(-1, gradient.shape[-1]))
        with torch.no_grad():
            self._adams[0].step(outer_sum(self._gradients[-1], self._inputs))
            if self._bias is not None:
                self._adams[1].step(plain_sum(self._gradients[-1]))
        self._put(self._weight, self._bias)
        return value

    def delta(self) -> AdamDelta:
        """The steps that were taken."""
        d_out, d_in = self._weight.shape
        empty = self._weight.new_zeros
        inputs = empty((0, d_in)) if self._inputs is None else self._inputs
        many = torch.stack(self._gradients) if self._gradients else empty((0, len(inputs), d_out))
        return AdamDelta(
            self._name, inputs.cpu(), many.cpu(), self._settings, self._bias is not None
        )

    def moved(self) -> float:
        """‖W' − W‖_F, in fp64."""
        return float((self._weight - self._held).double().norm())

    def bias_moved(self) -> float:
        """‖b' − b‖, in fp64; 0 where there is no bias."""
        if self._bias is None or self._held_bias is None:
            return 0.0
        return float((self._bias - self._held_bias).double().norm())

    def _put(self, weight: Tensor, bias: Tensor | None) -> None:
        with torch.no_grad():
            self._live.copy_(weight)
            if bias is not None and self._live_bias is not None:
                self._live_bias.copy_(bias)

    @contextmanager
    def _reading(self) -> Iterator[_Read]:
        """Note what the projection is given, and take a gradient at what it gives."""
        read = _Read()

        def note(_: nn.Module, given: tuple[Tensor, ...], gave: Tensor) -> Tensor:
            read.inputs.append(given[0].detach())
            read.outputs.append(gave.detach().requires_grad_(True))
            return read.outputs[0]

        handle = self._module.register_forward_hook(note)
        try:
            yield read
        finally:
            handle.remove()
