"""The tabs of the workspace in the order of their keys. A new tab is one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.widget import Widget

from .console import Console
from .edit import EditTab
from .evaluations import EvalTab
from .inside import LensTab, TraceTab
from .log import LogList
from .retention import RetentionTab
from .watch import WatchTab


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab.

    Attributes:
        name: What code calls it; the id of its widget, and with "-tab" that of its pane.
        title: What stands on it.
        about: What it is for, in a few words; the palette says it.
        make: Makes its widget, given the id.
    """

    name: str
    title: str
    about: str
    make: Callable[..., Widget]

    @property
    def pane(self) -> str:
        """The id of the pane it stands in."""
        return f"{self.name}-tab"


TABS = (
    Tab("console", "Console", "what was typed and what came of it", Console),
    Tab("watch", "Watch", "how the model's health went, step by step", WatchTab),
    Tab("retention", "Retention", "which earlier edits are still in force", RetentionTab),
    Tab("lens", "Lens", "what the model would say after every layer", LensTab),
    Tab("trace", "Trace", "which states carry the fact", TraceTab),
    Tab("edit", "Edit", "how a step was computed", EditTab),
    Tab("eval", "Eval", "evaluations as the papers do them", EvalTab),
    Tab("log", "Log", "every operation of the session", LogList),
)
