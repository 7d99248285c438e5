"""Parameters that ask for another method than the session's rule, and their check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from .spec import param

if TYPE_CHECKING:
    from ...sessions.ways import FineTune

METHODS = ("ft", "ft-l", "ft-attn")
"""The values of `Baseline`, which is not imported for them: every `--help` reads this."""


def method_param() -> Any:
    """`--method`."""
    return param(
        "Fine-tune instead of using the rule: a baseline of the ROME paper.",
        default=None,
        choices=METHODS,
    )


def method_hparams_param() -> Any:
    """`--method-hparams`."""
    return param(
        "The baseline's hyperparameters, in kmeng01/rome's keys. [default: the published ones]",
        default=None,
        completes="file",
        metavar="FILE",
    )


def check_method(
    method: str | None, method_hparams: str | None, *, rule: str | None, hparams: str | None
) -> None:
    """Raise where options don't go together.

    Raises:
        UsageError: Names both.
    """
    if method is None and method_hparams is not None:
        raise UsageError("--method-hparams without --method", "a rule takes --hparams")
    if method is not None and rule is not None:
        raise UsageError(f"--method {method} and --rule {rule}", "an edit is made by one of them")
    if method is not None and hparams is not None:
        raise UsageError(f"--hparams with --method {method}", "a method takes --method-hparams")


def chosen_method(method: str | None, method_hparams: str | None, model: str) -> FineTune | None:
    """The method that was asked for; None where the session's rule was.

    Raises:
        HparamsError: Nothing is published for the model; a key is wrong.
        FileFormatError: The file can't be read.
    """
    if method is None:
        return None
    from ...sessions.ways import find_method

    return find_method(method, method_hparams, model)
