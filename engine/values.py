"""The optimisation of the value: an offset δ that makes the model say the target.

Meng et al. 2022, eq. 4, as kmeng01/rome computes it (`rome/compute_v.py`): mean negative
log-likelihood of the target over the contexts, + kl_factor · KL(new ‖ old) at the subject's last
token of "{} is a", + v_weight_decay · ‖δ‖ / ‖v₀‖²; Adam; δ is held in a ball of clamp_norm_factor ·
‖v₀‖; n forward passes and n − 1 steps; it stops before the step whose total loss is below 0.05.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..errors import EditError
from ..hparams import Hparams
from .model import LoadedModel
from .progress import Progress, ProgressSink, StopFlag, check
from .suffix import Suffix
from .tokens import Row

EARLY_STOP_LOSS = 5e-2


@dataclass(frozen=True, slots=True)
class LossTerms:
    """The terms of the loss at one forward pass, in nats, and the offset they were read with.

    Attributes:
        step: Counts forward passes from 0.
        prob: Mean over contexts of the target's geometric-mean token probability.
        offset_norm: ‖δ‖ in this pass.
        clamped: Whether the step after this pass was cut back to the ball.
    """

    step: int
    loss: float
    nll: float
    kl: float
    weight_decay: float
    prob: float
    offset_norm: float
    clamped: bool

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ValueFit:
    """The offset that was found.

    Attributes:
        offset: δ, [d_out], compute dtype, on the CPU.
        losses: One entry a forward pass.
        early_stop: Whether the loss fell below 0.05.
        clamp_norm: Radius of the ball.
    """

    offset: Tensor
    losses: tuple[LossTerms, ...]
    early_stop: bool
    clamp_norm: float


@dataclass(slots=True)
class _Reader:
    """Where the loss reads the suffix: target tokens of the contexts, and the KL row's lookup.

    Attributes:
        columns: Columns to read of each row, [rows, n]; the KL row's lookup is repeated.
        targets: Token ids, [contexts, n].
        weights: Share of each context in the mean, [contexts].
    """

    columns: Tensor
    targets: Tensor
    weights: Tensor

    @classmethod
    def of(cls, contexts: Sequence[Row], dtype: torch.dtype, device: torch.device) -> _Reader:
        """For the context rows, with the KL row standing behind them."""
        n = len(contexts[0].targets)
        ends = [len(row.ids) - row.lookup for row in contexts]
        total = sum(row.weight for row in contexts)
        return cls(
            torch.tensor([*(list(range(end - n, end)) for end in ends), [0] * n]),
            torch.tensor([row.targets for row in contexts], device=device),
            torch.tensor([row.weight / total for row in contexts], dtype=dtype, device=device),
        )


class _Objective:
    """The loss as a function of the offset."""

    def __init__(
        self, suffix: Suffix, contexts: Sequence[Row], hparams: Hparams, v_bare: Tensor
    ) -> None:
        self._suffix = suffix
        self._hparams = hparams
        self._v_bare_norm = v_bare.norm()
        self._reader = _Reader.of(contexts, v_bare.dtype, v_bare.device)
        self._kl_start: Tensor | None = None

    def terms(self, offset: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """NLL, KL, norm term and mean target probability, each a scalar tensor."""
        read = self._reader
        hidden = self._suffix.hidden(offset, read.columns)
        logits = self._suffix.head(torch.cat([hidden[:-1].flatten(0, 1), hidden[-1, :1]]))
        log_probs = torch.log_softmax(logits.to(offset.device), dim=-1)
        kl_now = log_probs[-1]
        if self._kl_start is None:
            self._kl_start = kl_now.detach().clone()
        picked = log_probs[:-1].gather(1, read.targets.flatten()[:, None])
        nll_each = -picked.view(read.targets.shape).mean(1)
        nll = (nll_each * read.weights).sum()
        # KL(now ‖ start): the published call passes the start as the input of kl_div.
        kl = self._hparams.kl_factor * (kl_now.exp() * (kl_now - self._kl_start)).sum()
        norm = torch.norm(offset) / self._v_bare_norm**2
        prob = (torch.exp(-nll_each) * read.weights).sum()
        return nll, kl, self._hparams.v_weight_decay * norm, prob


def optimise_value(
    model: LoadedModel,
    suffix: Suffix,
    contexts: Sequence[Row],
    v_bare: Tensor,
    hparams: Hparams,
    progress: ProgressSink,
    stop: StopFlag,
) -> ValueFit:
    """Find the offset.

    Args:
        suffix: The rows of `contexts` with the KL row behind them.
        v_bare: v₀, [d_out], compute dtype, on the CPU.

    Raises:
        CancelledError: The user asked to stop; takes effect within one gradient step.
        EditError: The loss isn't finite.
    """
    device = model.input_device
    v_bare = v_bare.to(device)
    objective = _Objective(suffix, contexts, hparams, v_bare)
    radius = hparams.clamp_norm_factor * v_bare.norm()
    offset = torch.zeros_like(v_bare, requires_grad=True)
    adam = torch.optim.Adam([offset], lr=hparams.v_lr)
    losses: list[LossTerms] = []
    early = False
    with torch.enable_grad(), model.frozen():
        for step in range(hparams.v_num_grad_steps):
            check(stop, "the edit")
            nll, kl, decay, prob = objective.terms(offset)
            loss = nll + kl + decay
            line = _line(step, loss, nll, kl, decay, prob, offset)
            early = line.loss < EARLY_STOP_LOSS
            last = early or step == hparams.v_num_grad_steps - 1
            if not last:
                adam.zero_grad()
                loss.backward()
                adam.step()
                if _clamp(offset, radius):
                    line = replace(line, clamped=True)
            losses.append(line)
            _tell(progress, line, hparams.v_num_grad_steps, float(radius))
            if last:
                break
    return ValueFit(offset.detach().cpu(), tuple(losses), early, float(radius))


def _line(
    step: int, loss: Tensor, nll: Tensor, kl: Tensor, decay: Tensor, prob: Tensor, offset: Tensor
) -> LossTerms:
    """The terms as numbers; one transfer from the device for all of them."""
    with torch.no_grad():
        values = torch.stack([loss, nll, kl, decay, prob, offset.norm()]).tolist()
    if not all(map(_is_finite, values)):
        raise EditError(
            f"the value optimisation is not finite at step {step} (loss {values[0]})",
            "lower v_lr, or load the model in float32",
        )
    loss_, nll_, kl_, decay_, prob_, norm = values
    return LossTerms(step, loss_, nll_, kl_, decay_, prob_, norm, clamped=False)


def _is_finite(value: float) -> bool:
    return value == value and abs(value) != float("inf")


def _tell(progress: ProgressSink, line: LossTerms, total: int, radius: float) -> None:
    """Report a gradient step, with the figures a view draws while it goes on."""
    figures = {**line.to_json(), "clamp_norm": radius}
    progress(Progress("optimising v*", line.step + 1, total, f"loss {line.loss:.3f}", figures))


def _clamp(offset: Tensor, radius: Tensor) -> bool:
    """Cut δ back to the ball; whether that was needed."""
    with torch.no_grad():
        norm = offset.norm()
        if bool(norm <= radius):
            return False
        offset.mul_(radius / norm)
        return True
