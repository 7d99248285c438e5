"""What the Watch tab asks for: the vitals of sessions, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .desk import Desk, Ears


@dataclass(frozen=True, slots=True)
class TrailsAsked:
    """The vitals of some sessions; the first is the one that is worked on."""

    sessions: tuple[str, ...]
    label = "reading the vitals"
    looks_inside = False
    quiet = True

    def read(self, desk: Desk, ears: Ears) -> Any:
        """A tuple of `Trail`."""
        return desk.trails(self.sessions)
