"""What a typed line asks the workbench to do. Knows no widget."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from ...errors import UsageError
from ..commands.common import Format
from ..commands.describe import gives_table
from ..commands.parsing import HelpAsked, Invocation, help_of, parse
from ..commands.registry import COMMANDS, GROUPS, find
from ..commands.results import no_table
from ..commands.typed import Intention, classify
from ..commands.words import split_words
from .bottom.completion import OWN_WORDS
from .conductor import invocation
from .sampling import Choice

DEFAULT = Choice()

OVERVIEW_CELLS = 66
"""What a dialog shows of a line on a screen of 80 columns."""


@dataclass(frozen=True, slots=True)
class OwnWord:
    """One of the workbench's own words: help, clear, quit."""

    word: str


def understand(line: str, sampling: Choice = DEFAULT) -> Invocation | HelpAsked | OwnWord | None:
    """What a line asks for; None for an empty one.

    Args:
        sampling: How a plain text is written on from.

    Raises:
        UsageError: It can't be understood; the message says why.
    """
    typed = classify(line)
    if typed.intention is Intention.NOTHING:
        return None
    if typed.intention is Intention.EDIT:
        typed.request()
        return invocation("edit", text=(typed.text,))
    if typed.intention is Intention.GENERATE:
        return invocation("generate", prompt=(typed.text,), **sampling.params())
    return _command(typed.text)


def _command(text: str) -> Invocation | HelpAsked | OwnWord:
    words = split_words(text)
    if not words:
        raise UsageError("a / begins a command, and none follows", "/help lists them")
    if words[0] == "exit":
        words[0] = "quit"
    if words[0] not in OWN_WORDS:
        return _printable(parse(words))
    if words[0] == "help" and len(words) > 1:
        return HelpAsked(help_of(find(" ".join(words[1:]))))
    if len(words) > 1:
        raise UsageError(f"/{words[0]} takes nothing behind it, not {words[1]!r}")
    return OwnWord(words[0])


def _printable(asked: Invocation | HelpAsked) -> Invocation | HelpAsked:
    """The same, unless the Console can't show what was asked for.

    Raises:
        UsageError: It can't.
    """
    if isinstance(asked, HelpAsked):
        return asked
    if asked.output is not None:
        raise UsageError(
            f"-o {asked.output}: the Console keeps nothing in files",
            f"in a shell: `romebench {asked.command.name} … -o {asked.output}`; here /export "
            "writes the session",
        )
    if asked.format is Format.CSV and not gives_table(asked.command):
        raise no_table(asked.command.name)
    return asked


def overview() -> str:
    """Every command with its summary, by group; no line is wider than the narrowest dialog."""
    width = max(len(command.name) for command in COMMANDS) + 1

    def told(name: str, about: str) -> str:
        return textwrap.fill(
            f"  {'/' + name:<{width}}  {about}", OVERVIEW_CELLS, subsequent_indent=" " * (width + 4)
        )

    lines = []
    for group in GROUPS:
        lines += ["", group]
        lines += [told(each.name, each.summary) for each in COMMANDS if each.group == group]
    lines += ["", "The workbench"]
    lines += [told(word, about) for word, about in OWN_WORDS.items()]
    lines += ["", "/help NAME tells what a command takes."]
    return "\n".join(lines[1:])
