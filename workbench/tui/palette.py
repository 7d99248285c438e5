"""The command palette (`ctrl+p`): every command as "noun: verb", those that make sense now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ..commands.registry import COMMANDS
from ..commands.spec import Command, Effect, Scope, fields_of
from .view import View

_NOUNS = {
    "Editing": "model",
    "History": "history",
    "Queue": "queue",
    "Record": "session",
    "Sessions": "session",
    "Models": "models",
    "About": "romebench",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the palette.

    Attributes:
        name: "noun: verb", with an ellipsis where it asks for more.
        help: One line about it.
        run: What choosing it does.
    """

    name: str
    help: str
    run: Callable[[], object]


def title(command: Command) -> str:
    """A command as "noun: verb"."""
    first, _, second = command.name.partition(" ")
    noun = _NOUNS.get(command.group, command.group.lower())
    verb = second or first
    if second and first not in (noun, noun + "s"):
        noun = first
    return f"{noun}: {verb}" + ("…" if asks(command) else "")


def asks(command: Command) -> bool:
    """Whether choosing it opens a form: it needs something, or has much to offer."""
    if command.name in _FORMS:
        return True
    return any(spec.required for spec in fields_of(command.params))


_FORMS = ("edit", "branch", "export", "preview", "sessions new")


def applies(command: Command, view: View | None) -> bool:
    """Whether a command makes sense now."""
    if view is None:
        return command.scope is not Scope.SESSION
    if command.effect is not Effect.READ and command.takes_session and not view.status.writable:
        return False
    return {
        "undo": view.status.depth > 0,
        "redo": view.status.depth < view.status.length,
        "step": bool(view.queue),
        "queue clear": bool(view.queue),
        "show": view.cursor > 0,
    }.get(command.name, True)


def command_entries(view: View | None, choose: Callable[[Command], object]) -> list[Entry]:
    """The registry's commands as lines of the palette."""
    return [
        Entry(title(command), command.summary, _chooser(command, choose))
        for command in COMMANDS
        if applies(command, view)
    ]


def _chooser(command: Command, choose: Callable[[Command], object]) -> Callable[[], object]:
    return lambda: choose(command)


class Palette(Provider):
    """Feeds Textual's palette from the app's entries."""

    def _entries(self) -> list[Entry]:
        found: list[Entry] = getattr(self.app, "palette_entries", list)()
        return sorted(found, key=lambda entry: entry.name)

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for entry in self._entries():
            yield DiscoveryHit(entry.name, entry.run, help=entry.help)

    async def search(self, query: str) -> Hits:
        """What matches, in name or help."""
        matcher = self.matcher(query)
        for entry in self._entries():
            score = matcher.match(entry.name)
            if score > 0:
                yield Hit(score, matcher.highlight(entry.name), entry.run, entry.name, entry.help)
            elif (score := matcher.match(entry.help)) > 0:
                yield Hit(score * 0.5, entry.name, entry.run, entry.name, entry.help)
