"""The four update equations, as small pure functions over one shared context.

A further rule is a member of `Rule`, a function below, and an entry in `EQUATIONS`. This module
needs no torch at run time: a rule is arithmetic on whatever tensors it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Rule(StrEnum):
    """Which update equation an edit uses; stored with every step."""

    ROME = "rome"
    R_ROME = "r-rome"
    P_ROME = "p-rome"
    ROME_KBAR = "rome-kbar"

    @property
    def source(self) -> str:
        """Where the equation was published."""
        return _SOURCES[self]

    @property
    def equation(self) -> str:
        """The update in the notation of the docs."""
        return _TEXTS[self]


DEFAULT_RULE = Rule.R_ROME

_SOURCES = {
    Rule.ROME: "kmeng01/rome",
    Rule.R_ROME: "scalable-model-editing/rebuilding-rome",
    Rule.P_ROME: "scalable-model-editing/rebuilding-rome",
    Rule.ROME_KBAR: "kmeng01/rome, pull request 44",
}

_TEXTS = {
    Rule.ROME: "left = u(k̄), right = δ / (k₀·u)",
    Rule.R_ROME: "left = u(k̄), right = (v₀ + δ − ȳ) / (k̄·u)",
    Rule.P_ROME: "left = u(k₀), right = δ / (k₀·u)",
    Rule.ROME_KBAR: "left = u(k̄), right = δ / (k̄·u)",
}


@dataclass(frozen=True, slots=True)
class EditContext:
    """What every rule is a function of, at one site.

    Attributes:
        k_bare: k₀, the key in the bare prompt, [d_in].
        k_mean: k̄, the mean key over the context templates (the bare one included), [d_in].
        v_bare: v₀, the projection's output in the bare prompt, bias included, [d_out].
        v_mean: ȳ, its mean over the context templates, [d_out].
        offset: δ, the optimised offset of the value, [d_out].
    """

    k_bare: Tensor
    k_mean: Tensor
    v_bare: Tensor
    v_mean: Tensor
    offset: Tensor


@dataclass(frozen=True, slots=True)
class Equation:
    """One rule, taken apart.

    Attributes:
        solved_key: The key that C⁻¹ is applied to; u is the unit vector along C⁻¹ of it.
        divided_key: The key whose dot product with u divides the residual.
        residual: What is written, before the division, [d_out].
    """

    solved_key: Callable[[EditContext], Tensor]
    divided_key: Callable[[EditContext], Tensor]
    residual: Callable[[EditContext], Tensor]


EQUATIONS: dict[Rule, Equation] = {
    Rule.ROME: Equation(lambda c: c.k_mean, lambda c: c.k_bare, lambda c: c.offset),
    Rule.R_ROME: Equation(
        lambda c: c.k_mean, lambda c: c.k_mean, lambda c: c.v_bare + c.offset - c.v_mean
    ),
    Rule.P_ROME: Equation(lambda c: c.k_bare, lambda c: c.k_bare, lambda c: c.offset),
    Rule.ROME_KBAR: Equation(lambda c: c.k_mean, lambda c: c.k_mean, lambda c: c.offset),
}
