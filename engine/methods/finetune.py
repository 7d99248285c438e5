"""FT, FT-L and FT-attn: the fine-tuning baselines of the ROME paper, as kmeng01/rome runs them.

Source: `baselines/ft/ft_main.py`. Adam on the parameters of one module, at most 25 steps, stopping
below a loss of 0.01. What is learned is the published loss, its oddity included: all tokens of the
target are read at the last token of the prompt, so a target of several tokens is not learned as a
sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ...errors import EditError, HparamsError, RequestError
from ...hparams.finetune import FineTuneHparams
from ..model import LoadedModel
from ..progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ..request import EditRequest
from ..tokens import check_length, encode, with_space
from .dense import DenseDelta

ENOUGH = 1e-2
"""The loss below which the published loop stops."""


def fine_tune(
    model: LoadedModel,
    request: EditRequest,
    hparams: FineTuneHparams,
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> DenseDelta:
    """What fine-tuning on one request adds to the model as it stands; the model is left as it was.

    Raises:
        HparamsError: The model has no such module.
        RequestError: The request is too long, or its target has no token.
        EditError: The model is held in half precision.
        CancelledError: `stop` was set.
    """
    if model.torch_dtype != model.compute_dtype:
        raise EditError(
            f"fine-tuning in {model.dtype} would lose its steps", "load it with --dtype float32"
        )
    trained = _trained(model, hparams)
    prompt, targets = _tokens(model, request)
    held = {name: parameter.detach().clone() for name, parameter in trained.items()}
    losses: list[float] = []
    with model.frozen(), torch.enable_grad(), _trainable(trained):
        try:
            optimiser = torch.optim.Adam(
                trained.values(), lr=hparams.lr, weight_decay=hparams.weight_decay
            )
            for step in range(hparams.num_steps):
                check(stop, "the edit")
                losses.append(_step(model, prompt, targets, optimiser))
                progress(Progress("fine-tuning", step + 1, hparams.num_steps, f"{losses[-1]:.3f}"))
                if hparams.norm_constraint is not None:
                    _clamp(trained, held, hparams.norm_constraint)
                if losses[-1] < ENOUGH:
                    break
            parts = {name: p.detach() - held[name] for name, p in trained.items()}
        finally:
            with torch.no_grad():
                for name, parameter in trained.items():
                    parameter.copy_(held[name])
    return DenseDelta(parts, tuple(losses))


def _trained(model: LoadedModel, hparams: FineTuneHparams) -> dict[str, nn.Parameter]:
    """The parameters that are trained, by name: those of the modules that the template names."""
    found: dict[str, nn.Parameter] = {}
    for layer in hparams.layers:
        model.check_layer(layer)
        path = hparams.rewrite_module_tmp.format(layer)
        try:
            module = model.model.get_submodule(path)
        except AttributeError:
            raise HparamsError(
                f"{model.name} has no module {path}", "rewrite_module_tmp names one, {} the layer"
            ) from None
        found.update({f"{path}.{name}": p for name, p in module.named_parameters()})
    return found


def _tokens(model: LoadedModel, request: EditRequest) -> tuple[Tensor, Tensor]:
    """Ids of the prompt, [1, T], and of the target, [n]."""
    prompt = encode(model.tokenizer, request.text).ids
    check_length(model, len(prompt), f"{request.text!r:.60}")
    target = model.tokenizer(with_space(request.target_new), add_special_tokens=False)["input_ids"]
    if not target:
        raise RequestError(f"the target {request.target_new!r} has no token", "give a word")
    device = model.input_device
    return torch.tensor([prompt], device=device), torch.tensor(target, device=device)


def _step(
    model: LoadedModel, prompt: Tensor, targets: Tensor, optimiser: torch.optim.Optimizer
) -> float:
    """The loss as it stands, and one step down from it where it isn't small already."""
    optimiser.zero_grad()
    logits = model.model(input_ids=prompt, logits_to_keep=1).logits[0, -1]
    loss = -logits.log_softmax(-1)[targets].mean()
    value = float(loss.detach())
    if value >= ENOUGH:
        loss.backward()
        optimiser.step()
    return value


def _clamp(trained: dict[str, nn.Parameter], held: dict[str, Tensor], limit: float) -> None:
    """No number further than `limit` from where it was."""
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(parameter.clamp(held[name] - limit, held[name] + limit))


@contextmanager
def _trainable(trained: dict[str, nn.Parameter]) -> Iterator[None]:
    """These parameters take gradients inside, and keep none."""
    for parameter in trained.values():
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in trained.values():
            parameter.requires_grad_(False)
            parameter.grad = None
