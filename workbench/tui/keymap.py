"""What a key is: actions with their keys, and the keys a user chose instead (`[keys]`).

One list each for the screen, for lists, for pages and for the input line; help, footer, docs and
the settings read them. Knows no widget.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingsMap, BindingType
from textual.keys import KEY_TO_UNICODE_NAME, Keys, key_to_character

from ...errors import SettingsError

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.widget import Widget


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does.

    Attributes:
        name: What the settings and the docs call it.
        call: What Textual runs for it.
        keys: Its keys, parted by commas.
        label: What the footer says, a word.
        about: What help and tooltips say, a phrase; empty for what need not be told.
        show: The footer has it wherever it acts.
        pane: The footer has it in panes.
        anywhere: A key of it with a modifier comes before what the focused widget does with it.
    """

    name: str
    call: str
    keys: str
    label: str
    about: str = ""
    show: bool = False
    pane: bool = False
    anywhere: bool = False

    def bindings(self, keys: str | None = None) -> list[Binding]:
        """A binding for each key.

        Args:
            keys: Others than its own.
        """
        wanted = self.keys if keys is None else keys
        found = []
        for key in filter(None, map(str.strip, wanted.split(","))):
            found.append(self._binding(key))
            before, _, letter = key.rpartition("alt+")
            if not before and letter.isupper() and len(letter) == 1 and key != letter:
                # What a terminal sends for alt with a capital is read as this.
                again = self._binding(f"alt+shift+{letter.lower()}")
                found.append(replace(again, show=False, description=""))
        return found

    def _binding(self, key: str) -> Binding:
        typed = printable(key)
        # Priority: a terminal without the Kitty protocol sends alt+u as a printable key, and an
        # input that has the focus would type the letter.
        first = self.anywhere and "+" in key
        shown = self.show or (self.pane and typed)
        return Binding(
            key, self.call, self.label, tooltip=self.about, id=self.name, show=shown, priority=first
        )


def bindings_of(actions: Iterable[Action]) -> list[BindingType]:
    """The bindings of a class."""
    return [binding for action in actions for binding in action.bindings()]


LISTS = (
    Action("list_up", "move(-1)", "up,k", "up", "The line above"),
    Action("list_down", "move(1)", "down,j", "down", "The line below"),
    Action("list_page_up", "page(-1)", "pageup,ctrl+b", "page up", "A page up"),
    Action("list_page_down", "page(1)", "pagedown,ctrl+f", "page down", "A page down"),
    Action("list_half_up", "half(-1)", "ctrl+u", "half up", "Half a page up"),
    Action("list_half_down", "half(1)", "ctrl+d", "half down", "Half a page down"),
    Action("list_first", "end(-1)", "home,g", "first", "The first line"),
    Action("list_last", "end(1)", "end,G", "last", "The last line"),
    Action("list_choose", "choose", "enter", "choose", "Choose the line"),
)
"""In every list."""

PAGES = (
    Action("page_up", "scroll_up", "up,k", "up", "Scroll up"),
    Action("page_down", "scroll_down", "down,j", "down", "Scroll down"),
    Action("page_page_up", "page_up", "pageup,ctrl+b", "page up", "A page up"),
    Action("page_page_down", "page_down", "pagedown,ctrl+f", "page down", "A page down"),
    Action("page_half_up", "half(-1)", "ctrl+u", "half up", "Half a page up"),
    Action("page_half_down", "half(1)", "ctrl+d", "half down", "Half a page down"),
    Action("page_top", "scroll_home", "home,g", "top", "The top"),
    Action("page_bottom", "scroll_end", "end,G", "bottom", "The bottom"),
)
"""In every pane that is a page of text."""

LINE = (
    Action("send", "submit", "enter", "send", "Do what the line says", show=True),
    Action(
        "complete",
        "complete",
        "tab",
        "complete",
        "Complete; in the empty line, an example",
        show=True,
    ),
    Action("older", "older", "up", "earlier lines", "Up in the menu, else the line typed before"),
    Action("newer", "newer", "down", "later lines", "Down in the menu, else the line typed after"),
)
"""In the input line."""


def printable(key: str) -> bool:
    """Whether a key types a character."""
    character = key_to_character(key)
    return character is not None and character.isprintable()


_NAMES = {key.value for key in Keys if "+" not in key.value and not key.value.startswith("<")}
_NAMES |= {"slash", "backslash", "at", "minus", "plus", "underscore", "comma", "space"}
_NAMES |= set(KEY_TO_UNICODE_NAME) | {"semicolon", "colon", "apostrophe", "ampersand", "asterisk"}
_MODIFIERS = {"ctrl", "alt", "shift", "super", "meta", "hyper"}


def _check_key(name: str, key: str) -> None:
    """Refuse what no terminal sends.

    Raises:
        SettingsError: There is no such key.
    """
    *modifiers, last = key.split("+")
    odd = [each for each in modifiers if each not in _MODIFIERS]
    if odd or not (len(last) == 1 or last in _NAMES):
        near = difflib.get_close_matches(odd[0] if odd else last, _NAMES | _MODIFIERS, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise SettingsError(
            f"keys.{name}: there is no key {key!r}",
            f"{meant}write it as u, ctrl+z, alt+shift+u, f5 or question_mark",
        )


class Keymap:
    """The keys a user chose.

    Args:
        actions: All there are.
        chosen: Action to keys, parted by commas; an empty text takes its keys away.
        panes: The pane of each action that acts in one alone: two panes may share a key.

    Raises:
        SettingsError: There is no such action or key, or two actions were given one key.
    """

    def __init__(
        self,
        actions: Iterable[Action],
        chosen: Mapping[str, str] | None = None,
        panes: Mapping[str, str] | None = None,
    ) -> None:
        self.actions = {action.name: action for action in actions}
        self.chosen = dict(chosen or {})
        self._panes = dict(panes or {})
        taken: dict[str, list[str]] = {}
        for name, keys in self.chosen.items():
            self._check_action(name)
            for key in filter(None, (each.strip() for each in keys.split(","))):
                _check_key(name, key)
                for other in taken.setdefault(key, []):
                    if self._meet(name, other):
                        raise SettingsError(
                            f"keys.{name}: {key!r} is given to {other} too",
                            "a key can do one thing; choose another",
                        )
                taken[key].append(name)

    def _meet(self, one: str, other: str) -> bool:
        """Whether two actions may be within reach of one key press."""
        if one == other:
            return False
        first, second = self._panes.get(one), self._panes.get(other)
        return first is None or second is None or first == second

    def _check_action(self, name: str) -> None:
        if name not in self.actions:
            near = difflib.get_close_matches(name, self.actions, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise SettingsError(
                f"keys.{name}: there is no action {name!r}",
                f"{meant}docs/workbench.md lists them",
            )

    def keys_of(self, name: str) -> list[str]:
        """The keys of an action, as they are now."""
        keys = self.chosen.get(name, self.actions[name].keys)
        return [key.strip() for key in keys.split(",") if key.strip()]

    def apply(self, node: DOMNode) -> None:
        """Give a node the user's keys; a key that was another action's changes hands."""
        held: BindingsMap = node._bindings
        own = {each.id for found in held.key_to_bindings.values() for each in found}
        for name in self.chosen.keys() & own:
            for key, found in list(held.key_to_bindings.items()):
                kept = [each for each in found if each.id != name]
                if kept:
                    held.key_to_bindings[key] = kept
                else:
                    del held.key_to_bindings[key]
            for binding in Binding.make_bindings(self.actions[name].bindings(self.chosen[name])):
                held.key_to_bindings[binding.key] = [binding]


def rebind(root: Widget) -> None:
    """Give a screen and all that is on it the user's keys; the app carries them as `keymap`."""
    keymap = getattr(root.app, "keymap", None)
    if not isinstance(keymap, Keymap) or not keymap.chosen:
        return
    for node in root.walk_children(with_self=True):
        keymap.apply(node)
    root.screen.refresh_bindings()


def key_for(node: DOMNode, name: str) -> str:
    """The key of an action that works from the input line too, as it is written in a hint."""
    keymap = getattr(node.app, "keymap", None)
    keys = keymap.keys_of(name) if isinstance(keymap, Keymap) else []
    return next((key for key in keys if not printable(key)), keys[0] if keys else "")
