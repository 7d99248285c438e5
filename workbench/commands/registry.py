"""All commands, once. Importing this module must stay cheap: `romebench --help` does."""

from __future__ import annotations

import difflib

from ...errors import UsageError
from . import (
    about,
    configuring,
    editing,
    evaluating,
    history,
    inspecting,
    models,
    probing,
    queue,
    sessions,
    statistics,
    summarizing,
    sweep,
    transfer,
    watching,
)
from .spec import Command

COMMANDS: tuple[Command, ...] = (
    *editing.COMMANDS,
    *history.COMMANDS,
    *queue.COMMANDS,
    *watching.COMMANDS,
    *inspecting.COMMANDS,
    *transfer.COMMANDS,
    *evaluating.COMMANDS,
    *summarizing.COMMANDS,
    *probing.COMMANDS,
    *sessions.COMMANDS,
    *models.COMMANDS,
    *statistics.COMMANDS,
    *sweep.COMMANDS,
    *configuring.COMMANDS,
    *about.COMMANDS,
)

_BY_NAME = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}

GROUPS: tuple[str, ...] = tuple(dict.fromkeys(command.group for command in COMMANDS))
"""The headings commands stand under, in order."""

FIRST_WORDS = frozenset(name.split()[0] for name in _BY_NAME)
"""Words that begin a command."""


def find(name: str) -> Command:
    """The command of that name or alias.

    Raises:
        UsageError: There is none; the hint names the nearest.
    """
    words = " ".join(name.split())
    if words in _BY_NAME:
        return _BY_NAME[words]
    raise unknown(words)


def resolve(words: list[str]) -> tuple[Command, list[str]]:
    """The command that `words` begins with, longest name first, and the words after its name.

    Raises:
        UsageError: They begin with no command.
    """
    for count in (2, 1):
        name, rest = " ".join(words[:count]), words[count:]
        if len(words) < count or name not in _BY_NAME:
            continue
        if _BY_NAME[name].name != name and rest and not rest[0].startswith("-"):
            break  # "sessions lst" is a slip, not "sessions list" with an argument
        return _BY_NAME[name], rest
    raise unknown(" ".join(words[:2] if words[:1] and words[0] in FIRST_WORDS else words[:1]))


def unknown(name: str) -> UsageError:
    """The error for a name that no command has."""
    first = name.split()[0] if name.split() else ""
    family = [each for each in _BY_NAME if first and each.startswith(first + " ")]
    near = difflib.get_close_matches(name, _BY_NAME, n=3)
    if family:
        return UsageError(f"there is no command {name!r}", "there are " + ", ".join(family))
    hint = "did you mean " + " or ".join(near) + "?" if near else "`--help` lists the commands"
    return UsageError(f"there is no command {name!r}", hint)
