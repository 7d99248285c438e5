"""What `y` copies: of each pane, what one would take from it; and how it gets to the clipboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from textual.app import App

from ..render.text import shortened

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Copy:
    """A text, and what it is in a word or two."""

    what: str
    text: str


@runtime_checkable
class Copyable(Protocol):
    """A pane that something can be copied from."""

    def copied(self) -> Copy | None:
        """What is copied now; None where there is nothing."""
        ...


def copy(app: App[object], found: Copy | None) -> None:
    """Copy through the terminal (OSC 52, so it works over ssh too), and say what."""
    if found is None:
        app.notify("there is nothing to copy here yet", severity="warning")
        return
    app.copy_to_clipboard(found.text)
    app.notify(shortened(found.text, _SHOWN), title=f"copied: {found.what}", markup=False)
