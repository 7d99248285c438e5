"""One edit from request to delta: tokens, keys, the optimised value, and the rule's equation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import EditError, OutOfMemoryError
from ..hparams import Hparams
from .delta import RankOneDelta
from .model import LoadedModel
from .moments import SecondMoment
from .prefix import SiteReading, read_site
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from .request import EditRequest
from .rules import EQUATIONS, EditContext, Rule
from .tokens import BARE, Row, check_length, context_row, kl_row, merge_rows, show_tokens
from .values import ValueFit, optimise_value


@dataclass(frozen=True, slots=True)
class Edit:
    """A computed edit, not yet applied.

    Attributes:
        delta: What is to be added to the weight.
        rule: The update equation.
        request: What was asked.
        tokens: The bare prompt's tokens, lookup index and target tokens.
        losses: Terms of the loss at each forward pass.
        diagnostics: Numbers that explain the edit; see `docs/` for each.
        timings: Seconds by stage.
        context: Keys, values and offset: what every rule is a function of.
    """

    delta: RankOneDelta
    rule: Rule
    request: EditRequest
    tokens: dict[str, Any]
    losses: tuple[dict[str, Any], ...]
    diagnostics: dict[str, Any]
    timings: dict[str, float]
    context: EditContext


@dataclass(frozen=True, slots=True)
class _Batch:
    """The rows of one edit: contexts (merged), the KL row, and where the bare one stands."""

    contexts: tuple[Row, ...]
    kl: Row
    bare: int

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*self.contexts, self.kl)

    def mean(self, values: Tensor) -> Tensor:
        """Mean over the context templates of one vector a row."""
        weights = torch.tensor([row.weight for row in self.contexts], dtype=values.dtype)
        return (weights[:, None] * values[: len(self.contexts)]).sum(0) / weights.sum()


def compute_edit(
    model: LoadedModel,
    request: EditRequest,
    hparams: Hparams,
    rule: Rule,
    contexts: Sequence[str],
    moment: SecondMoment,
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Edit:
    """Compute the delta that makes the model, as it is now, say the request's target.

    The model is only read. Keys and values follow Meng et al. 2022, §3.1 and kmeng01/rome; which of
    them a rule uses is in `rules.py`.

    Args:
        contexts: Context templates, the bare "{}" among them.
        moment: C of the site, or the identity.

    Raises:
        RequestError: The request can't be tokenised as one (too long, …).
        StatisticsError: C isn't positive definite or of another width.
        EditError: The result isn't finite, or the key is orthogonal to the update.
        CancelledError: `stop` was set; nothing has changed.
        OutOfMemoryError: The device is full.
    """
    clock = _Clock()
    weight_name = model.weight_name(hparams.layer)
    batch = _tokenise(model, request, hparams, contexts)
    check(stop, "the edit")
    progress(Progress("reading keys", 0, 1))
    try:
        site, suffix = read_site(model, hparams.layer, batch.rows, suffix=True)
        assert suffix is not None
        # k₀ is read from the bare prompt alone, as published: families that compute partly in
        # fp32 round a padded batch differently.
        bare, _ = read_site(model, hparams.layer, [batch.contexts[batch.bare]], suffix=False)
        clock.lap("keys")
        fit = optimise_value(
            model, suffix, batch.contexts, site.values[batch.bare], hparams, progress, stop
        )
    except torch.OutOfMemoryError:
        raise OutOfMemoryError(
            f"the device is full: {len(batch.rows)} rows of up to "
            f"{max(len(row.ids) for row in batch.rows)} tokens",
            "use fewer or shorter contexts, or --dtype bfloat16",
        ) from None
    clock.lap("value")
    context = _context(site, bare, batch, fit)
    solver = moment if hparams.mom2_adjustment else SecondMoment.identity(moment.d_in)
    delta = _delta(context, rule, solver, weight_name, model.compute_dtype)
    clock.lap("solve")
    return Edit(
        delta=delta,
        rule=rule,
        request=request,
        tokens=show_tokens(model, request, hparams.fact_token),
        losses=tuple(line.to_json() for line in fit.losses),
        diagnostics=_diagnostics(context, fit, delta, rule, solver),
        timings=clock.laps,
        context=context,
    )


def _tokenise(
    model: LoadedModel, request: EditRequest, hparams: Hparams, contexts: Sequence[str]
) -> _Batch:
    """All rows of an edit; identical ones are merged."""
    templates = contexts if BARE in contexts else (BARE, *contexts)
    rows = [
        context_row(model.tokenizer, request, template, hparams.fact_token)
        for template in templates
    ]
    bare = rows[list(templates).index(BARE)]
    for row in rows:
        check_length(model, len(row.ids), f"{request.text!r:.60} with its context and target")
    if len({row.targets for row in rows}) != 1:
        raise EditError(
            f"the target {request.target_new!r} is tokenised differently behind different contexts",
            "end every context template with a space before {}",
        )
    merged = merge_rows(rows)
    position = next(i for i, row in enumerate(merged) if row.ids == bare.ids)
    kl = kl_row(model.tokenizer, request.subject, hparams.fact_token)
    return _Batch(tuple(merged), kl, position)


def _context(site: SiteReading, bare: SiteReading, batch: _Batch, fit: ValueFit) -> EditContext:
    return EditContext(
        k_bare=bare.keys[0],
        k_mean=batch.mean(site.keys),
        v_bare=site.values[batch.bare],
        v_mean=batch.mean(site.values),
        offset=fit.offset,
    )


def _delta(
    context: EditContext, rule: Rule, moment: SecondMoment, weight_name: str, dtype: torch.dtype
) -> RankOneDelta:
    """The rule's equation, in fp64, rounded once to the compute dtype."""
    equation = EQUATIONS[rule]
    u = unit_direction(equation.solved_key(context), moment)
    divisor = torch.dot(equation.divided_key(context).double(), u)
    if float(divisor) == 0.0 or not bool(torch.isfinite(divisor)):
        raise EditError(
            f"u·k is {float(divisor)}: the update can't be scaled",
            "give another prompt or subject, or another rule",
        )
    right = equation.residual(context).double() / divisor
    delta = RankOneDelta(weight_name, u.to(dtype), right.to(dtype))
    if not delta.is_finite():
        raise EditError(
            f"the delta is not finite (u·k = {float(divisor):.3g})",
            "lower v_lr, or choose another rule",
        )
    return delta


def delta_under(edit: Edit, rule: Rule, moment: SecondMoment) -> tuple[RankOneDelta, float]:
    """The value that an edit optimised, written by another rule; and its (k₀·u) / (k̄·u).

    Args:
        moment: C of the site, or the identity; the one the edit was computed with.

    Raises:
        EditError: The delta isn't finite.
    """
    dtype = edit.delta.left.dtype
    delta = _delta(edit.context, rule, moment, edit.delta.weight_name, dtype)
    u = unit_direction(EQUATIONS[rule].solved_key(edit.context), moment)
    bare, mean = (torch.dot(k.double(), u) for k in (edit.context.k_bare, edit.context.k_mean))
    return delta, float(bare / mean)


def read_key_ratio(
    model: LoadedModel,
    request: EditRequest,
    hparams: Hparams,
    rule: Rule,
    contexts: Sequence[str],
    moment: SecondMoment,
) -> float:
    """(k₀·u) / (k̄·u) of an edit that is not made: known from the keys, before any optimisation.

    Raises:
        RequestError: The request can't be tokenised as one.
        StatisticsError: C isn't positive definite or of another width.
    """
    batch = _tokenise(model, request, hparams, contexts)
    site, _ = read_site(model, hparams.layer, batch.rows, suffix=False)
    bare, _ = read_site(model, hparams.layer, [batch.contexts[batch.bare]], suffix=False)
    bare_key, mean_key = bare.keys[0], batch.mean(site.keys)
    solved = bare_key if rule is Rule.P_ROME else mean_key
    solver = moment if hparams.mom2_adjustment else SecondMoment.identity(moment.d_in)
    u = unit_direction(solved, solver)
    return float(torch.dot(bare_key.double(), u) / torch.dot(mean_key.double(), u))


def unit_direction(key: Tensor, moment: SecondMoment) -> Tensor:
    """u = C⁻¹k / ‖C⁻¹k‖ in fp64 (Meng et al. 2022, eq. 2, normalised as the code does)."""
    direction = moment.solve(key)
    unit: Tensor = direction / direction.norm()
    return unit


def _diagnostics(
    context: EditContext, fit: ValueFit, delta: RankOneDelta, rule: Rule, moment: SecondMoment
) -> dict[str, Any]:
    """What explains an edit: the two dot products whose mismatch disables models, and norms."""
    u = unit_direction(EQUATIONS[rule].solved_key(context), moment)
    bare = float(torch.dot(context.k_bare.double(), u))
    mean = float(torch.dot(context.k_mean.double(), u))
    divisor = float(torch.dot(EQUATIONS[rule].divided_key(context).double(), u))
    cosine = torch.cosine_similarity(context.k_bare.double(), context.k_mean.double(), dim=0)
    return {
        "k0_dot_u": bare,
        "kbar_dot_u": mean,
        "divisor": divisor,
        # Change at k̄ over what the rule means to write there; 1 where the keys match.
        "amplification": mean / divisor,
        "key_cosine": float(cosine),
        "k0_norm": float(context.k_bare.norm()),
        "kbar_norm": float(context.k_mean.norm()),
        "v0_norm": float(context.v_bare.norm()),
        "offset_norm": float(fit.offset.norm()),
        "clamp_norm": fit.clamp_norm,
        "clamped_steps": sum(line.clamped for line in fit.losses),
        "left_norm": float(delta.left.norm()),
        "right_norm": float(delta.right.norm()),
        "delta_norm": delta.frobenius(),
        "grad_steps": len(fit.losses),
        "early_stop": fit.early_stop,
        "first_loss": fit.losses[0].loss,
        "last_loss": fit.losses[-1].loss,
        "identity_moment": moment.is_identity,
    }


class _Clock:
    """Seconds between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Give the time since the last lap a name."""
        now = time.perf_counter()
        self.laps[f"{name}_s"] = round(now - self._last, 6)
        self._last = now


__all__ = ["Edit", "compute_edit", "delta_under", "read_key_ratio", "unit_direction"]
