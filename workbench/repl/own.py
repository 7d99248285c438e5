"""The words that the line editor itself answers to, beside the registry's commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..commands.complete import Candidate, complete
from ..commands.registry import COMMANDS, GROUPS
from ..commands.sources import files
from ..commands.words import quoted, words_of

if TYPE_CHECKING:
    from ..bench import Bench

LEAVING = ("exit", "quit")


@dataclass(frozen=True, slots=True)
class OwnWord:
    """A word of the line editor.

    Attributes:
        name: What is typed.
        takes: What may follow it, as help shows it.
        summary: One line.
        values: Texts that begin with what is typed of its argument.
    """

    name: str
    takes: str
    summary: str
    values: Callable[[str], Iterator[tuple[str, str]]] = lambda _: iter(())


def _commands(prefix: str) -> Iterator[tuple[str, str]]:
    known = [(each.name, each.summary) for each in COMMANDS]
    known += [(word.name, word.summary) for word in OWN]
    return ((name, summary) for name, summary in known if name.startswith(prefix))


def _switches(prefix: str) -> Iterator[tuple[str, str]]:
    return ((word, "") for word in ("on", "off") if word.startswith(prefix))


OWN = (
    OwnWord("help", "[NAME]", "what there is, or what one command takes", _commands),
    OwnWord("source", "FILE", "do the lines of a file; the first that fails ends it", files),
    OwnWord("time", "[on|off]", "say after each command how long it took", _switches),
    OwnWord("exit", "", "leave (Ctrl-D and quit too)"),
    OwnWord("quit", "", "leave"),
)

NAMES = frozenset(word.name for word in OWN)

_INTRO = """\
  [LeBron James] plays the sport of => football    an edit
  LeBron James plays the sport of                  plain text: the model writes on
  undo, log, show 3, …                             commands; /undo works too
  // and \\[                                        a literal slash or bracket at the start
"""

_KEYS = """
Keys
  Tab             complete; the menu shows what each thing is
  →  Ctrl-E       take the grey suggestion
  ↑  Ctrl-R       earlier lines; search them
  Alt-Enter       a new line; an open quote and a final backslash go on by themselves
  F4              vi or emacs keys (the setting editing_mode decides at the start)
  Ctrl-C          drop the line, or stop what runs and keep the session
  Ctrl-X Ctrl-E   write the line in $EDITOR
"""


def listed() -> str:
    """Everything that can be typed, with a line on each."""
    width = max(len(command.name) for command in COMMANDS)
    parts = [_INTRO]
    for group in GROUPS:
        parts.append(f"\n{group}\n")
        parts += [
            f"  {command.name.ljust(width)}  {command.summary}\n"
            for command in COMMANDS
            if command.group == group
        ]
    parts.append("\nThe line editor\n")
    parts += [
        f"  {f'{word.name} {word.takes}'.ljust(width)}  {word.summary}\n"
        for word in OWN
        if word.name != "quit"
    ]
    return "".join([*parts, _KEYS])


def explained(name: str) -> str | None:
    """What one of the words does; None where it is none of them."""
    found = next((word for word in OWN if word.name == name), None)
    if found is None:
        return None
    return f"Usage: {found.name} {found.takes}".rstrip() + f"\n\n  {found.summary.capitalize()}.\n"


def complete_line(line: str, bench: Bench) -> list[Candidate]:
    """What can stand at the end of a line: the words here and those of the registry."""
    start = len(line) - len(line.lstrip(" /"))
    name, space, rest = line[start:].partition(" ")
    if not space:
        fitting = [word for word in OWN if name and word.name.startswith(name)]
        mine = [Candidate(word.name, start, word.summary) for word in fitting]
        return mine + complete(line, bench)
    own = next((word for word in OWN if word.name == name), None)
    if own is None:
        return complete(line, bench)
    typed = rest.lstrip()
    at = len(line) - len(typed)
    # The name of a command may be two words, which need no quotes here.
    spelled = str if own.name == "help" else quoted
    return [Candidate(spelled(text), at, about) for text, about in own.values(_plain(typed))]


def _plain(typed: str) -> str:
    """An argument without the quotes it may have."""
    return " ".join(word.text for word in words_of(typed))
