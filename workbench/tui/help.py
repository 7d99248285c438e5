"""The help screen: what the focused pane is for, with the keys that act in it now."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from .dialogs.base import Dialog
from .helpable import Help

_PACKAGE = __name__.rpartition(".")[0]


class HelpScreen(Dialog[None]):
    """Help on a pane.

    Args:
        help: What the pane says of itself.
        bindings: The keys that act in it.
    """

    def __init__(self, help: Help, bindings: list[ActiveBinding]) -> None:  # noqa: A002
        super().__init__(id="help")
        self.title_text = help.title
        self._text = help.text
        self._active = bindings

    def body(self) -> ComposeResult:
        """The text, then the keys."""
        yield Static(Content(self._text))
        yield Static(Content.styled("\nKeys", "bold $primary"))
        yield Static(self._keys())

    def _keys(self) -> Content:
        by_action: dict[str, list[Binding]] = {}
        for active in self._active:
            if active.enabled and _worth_telling(active):
                by_action.setdefault(active.binding.action, []).append(active.binding)
        rows = [
            (", ".join(self.app.get_key_display(each) for each in group), _about(group[0]))
            for group in by_action.values()
        ]
        width = max((len(keys) for keys, _ in rows), default=0)
        return Content("\n").join(
            [
                Content.assemble((f"{keys:<{width}}", "bold $accent"), "  ", about)
                for keys, about in rows
            ]
        )


def _worth_telling(active: ActiveBinding) -> bool:
    """Keys of ours; Textual's own for scrolling and for typing need no telling."""
    binding = active.binding
    if binding.show or not binding.description:
        return binding.show
    own = (cls for cls in type(active.node).__mro__ if cls.__module__.startswith(_PACKAGE))
    return any(binding.action in _actions(cls) for cls in own)


def _actions(cls: type) -> set[str]:
    declared: list[BindingType] = cls.__dict__.get("BINDINGS", [])
    return {each.action for each in declared if isinstance(each, Binding)}


def _about(binding: Binding) -> str:
    return binding.tooltip or binding.description


class CommandHelp(Dialog[None]):
    """The help text of a command, or the list of all."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(id="help")
        self.title_text = title
        self._text = text

    def body(self) -> ComposeResult:
        """The text as the command line has it."""
        yield Static(Content(self._text))
