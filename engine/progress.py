"""How a long call reports where it is and learns that it should stop. Knows no screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import CancelledError


@dataclass(frozen=True, slots=True)
class Progress:
    """One report from a long call.

    Attributes:
        stage: What is being done, in the user's words ("optimising v*", "loading weights").
        step: How many units are done.
        total: How many there will be; None where that isn't known.
        detail: One short figure worth showing beside it ("loss 3.21").
        figures: What a view can draw of this unit, by name: of the v* optimisation, the loss terms.
    """

    stage: str
    step: int
    total: int | None = None
    detail: str = ""
    figures: Mapping[str, Any] | None = None


ProgressSink = Callable[[Progress], None]
"""Takes reports; called from the thread that works, so it must be quick and thread-safe."""


class StopFlag(Protocol):
    """Asks a long call to stop; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether the call should stop at its next safe point."""
        ...


class _Never:
    """A flag nobody can set."""

    def is_set(self) -> bool:
        return False


NEVER: StopFlag = _Never()


def ignore(_: Progress) -> None:
    """Drop a report."""


def check(stop: StopFlag, what: str) -> None:
    """Raise where the user asked to stop.

    Raises:
        CancelledError: `stop` is set; `what` names the call that ends.
    """
    if stop.is_set():
        raise CancelledError(f"{what} was cancelled", "nothing was changed")
