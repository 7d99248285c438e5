"""The last line: the keys that act now, a few of them. A click presses one.

One widget that draws a line, where Textual has a widget a key and makes all anew at every move of
the focus.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from ..keymap import printable
from ..text import FAINT

_LAST = ("help", "command_palette", "quit")
"""Actions that stand at the right edge, where there is room."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A key in its place."""

    start: int
    end: int
    binding: Binding
    enabled: bool


class KeyBar(Widget):
    """The keys of the focused pane and of the screen around it."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $surface; padding: 0 1; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._shown: list[_Shown] = []
        self._content = Content("")

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_resize(self) -> None:
        """Another width has room for other keys."""
        self._changed(self.screen)

    def _changed(self, screen: Screen[object]) -> None:
        if screen.is_attached and screen is self.screen:
            self._lay_out(_offered(screen), self.content_size.width)
            self.refresh()

    def _lay_out(self, offered: list[tuple[Binding, bool]], width: int) -> None:
        last = [each for each in offered if each[0].action in _LAST]
        first = [each for each in offered if each[0].action not in _LAST]
        reserved = sum(self._width(binding) + 2 for binding, _ in last)
        self._shown, self._content = [], Content("")
        for binding, enabled in first:
            if self._content.cell_length + self._width(binding) + reserved <= width:
                self._add(binding, enabled)
        gap = width - self._content.cell_length - reserved
        if last and gap >= 0:
            self._content = Content.assemble(self._content, " " * (gap + 2))
            for binding, enabled in last:
                self._add(binding, enabled)

    def _width(self, binding: Binding) -> int:
        return len(self.app.get_key_display(binding)) + 1 + len(binding.description)

    def _add(self, binding: Binding, enabled: bool) -> None:
        start = self._content.cell_length
        style = "$footer-key-foreground bold" if enabled else FAINT
        self._content = Content.assemble(
            self._content,
            (self.app.get_key_display(binding), style),
            (f" {binding.description}", "" if enabled else FAINT),
        )
        self._shown.append(_Shown(start, self._content.cell_length, binding, enabled))
        self._content = Content.assemble(self._content, "  ")

    def render(self) -> Content:
        """The line."""
        return self._content

    def _at(self, event: events.MouseEvent) -> _Shown | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        return next((each for each in self._shown if each.start <= offset.x < each.end), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell what the key under the mouse does."""
        shown = self._at(event)
        self.tooltip = None if shown is None else Content(shown.binding.tooltip)

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        shown = self._at(event)
        if shown is not None and shown.enabled:
            self.app.simulate_key(shown.binding.key)


def _offered(screen: Screen[object]) -> list[tuple[Binding, bool]]:
    """A binding for each action that wants to be shown: its first key that is no text here."""
    typing = isinstance(screen.focused, Input | TextArea)
    by_action: dict[str, list[ActiveBinding]] = {}
    for active in screen.active_bindings.values():
        if active.binding.show and active.binding.description:
            by_action.setdefault(active.binding.action, []).append(active)
    found = []
    for group in by_action.values():
        fitting = [each for each in group if not (typing and printable(each.binding.key))]
        chosen = (fitting or group)[0]
        found.append((chosen.binding, chosen.enabled))
    return found
