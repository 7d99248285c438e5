"""Jump mode: a letter over every pane and tab; pressing it goes there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Label, Tab, TabbedContent

_LETTERS = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class Target:
    """A place to go to: where its letter stands, and what takes the focus or opens."""

    at: Offset
    widget: Widget


def targets(screen: Screen[Any]) -> Iterator[Target]:
    """The tabs, then every widget in sight that takes the focus, in reading order."""
    found = [Target(tab.region.offset, tab) for tab in screen.query(Tab) if tab.region]
    for widget in screen.focus_chain:
        region = widget.region.intersection(screen.region)
        if region and not isinstance(widget, Tab) and _apart(widget):
            found.append(Target(region.offset, widget))
    yield from sorted(found, key=lambda each: (each.at.y, each.at.x))


def _apart(widget: Widget) -> bool:
    """Whether it is a place of its own: the row of tabs is not, its tabs are."""
    return widget.id != "tabs-list" and not widget.query(Tab)


class JumpOverlay(ModalScreen[Widget | None]):
    """The screen below, with letters on it.

    Args:
        below: The screen to jump on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+o", "leave", "leave")]

    DEFAULT_CSS = """
    JumpOverlay { background: $background 50%; layers: letters; }
    JumpOverlay Label {
        layer: letters; position: absolute; width: 3; height: 1; text-align: center;
        background: $accent; color: $background; text-style: bold;
    }
    """

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__(id="jump")
        self._targets = dict(zip(_LETTERS, targets(below), strict=False))

    def compose(self) -> ComposeResult:
        """A letter for each place."""
        for letter, target in self._targets.items():
            label = Label(letter, markup=False)
            label.styles.offset = target.at
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go where the letter stands; any other key but esc does nothing."""
        target = self._targets.get(event.character or "")
        if target is not None:
            event.stop()
            self.dismiss(target.widget)

    def on_click(self, event: events.Click) -> None:
        """A click on a letter goes there too; beside them it leaves."""
        here = (
            target.widget
            for target in self._targets.values()
            if target.at.y == event.screen_y and 0 <= event.screen_x - target.at.x < 3
        )
        self.dismiss(next(here, None))

    def action_leave(self) -> None:
        """Stay where one was."""
        self.dismiss(None)


def go(widget: Widget | None) -> None:
    """Open a tab, or focus a pane."""
    if isinstance(widget, Tab):
        tabs = next(each for each in widget.ancestors if isinstance(each, TabbedContent))
        tabs.active = str(widget.id).removeprefix("--content-tab-")
    elif widget is not None:
        widget.focus()
