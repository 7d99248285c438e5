"""All commands, once; each is imported when it is asked for.

The index names every command with the module it is declared in, so that `romebench --help` and
`romebench log` import no other. Importing this module must stay cheap.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from .index import INDEX

if TYPE_CHECKING:
    from .spec import Command

    COMMANDS: tuple[Command, ...]

MODULES = (
    "editing",
    "history",
    "queue",
    "watching",
    "inspecting",
    "transfer",
    "evaluating",
    "summarizing",
    "probing",
    "sessions",
    "models",
    "statistics",
    "sweep",
    "configuring",
    "about",
)
"""Where commands are declared, in the order of the help screen."""


class Entry:
    """A command as it is listed.

    Attributes:
        name: What is typed, "undo" or "sessions list".
        aliases: Other names.
        group: The heading it stands under.
        module: The module of this package that declares it.
        summary: One line without a full stop.
    """

    __slots__ = ("aliases", "group", "module", "name", "summary")

    def __init__(
        self, name: str, aliases: tuple[str, ...], group: str, module: str, summary: str
    ) -> None:
        self.name = name
        self.aliases = aliases
        self.group = group
        self.module = module
        self.summary = summary


ENTRIES = tuple(Entry(*cells) for cells in INDEX)
"""Every command as it is listed, in the order of the help screen."""

_BY_NAME = {name: entry for entry in ENTRIES for name in (entry.name, *entry.aliases)}

GROUPS: tuple[str, ...] = tuple(dict.fromkeys(entry.group for entry in ENTRIES))
"""The headings commands stand under, in order."""

FIRST_WORDS = frozenset(name.split()[0] for name in _BY_NAME)
"""Words that begin a command."""


def __getattr__(name: str) -> Any:
    if name != "COMMANDS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return declared()


@cache
def declared() -> tuple[Command, ...]:
    """Every command, from the modules that declare them; `COMMANDS` is the same."""
    return tuple(command for module in MODULES for command in _of_module(module))


def _of_module(module: str) -> tuple[Command, ...]:
    found: tuple[Command, ...] = import_module(f".{module}", __package__).COMMANDS
    return found


@cache
def load(entry: Entry) -> Command:
    """The command of an entry of the index."""
    return next(each for each in _of_module(entry.module) if each.name == entry.name)


def find(name: str) -> Command:
    """The command of that name or alias.

    Raises:
        UsageError: There is none; the hint names the nearest.
    """
    words = " ".join(name.split())
    if words in _BY_NAME:
        return load(_BY_NAME[words])
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
        return load(_BY_NAME[name]), rest
    raise unknown(" ".join(words[:2] if words[:1] and words[0] in FIRST_WORDS else words[:1]))


def unknown(name: str) -> UsageError:
    """The error for a name that no command has."""
    import difflib

    first = name.split()[0] if name.split() else ""
    family = [each for each in _BY_NAME if first and each.startswith(first + " ")]
    near = difflib.get_close_matches(name, _BY_NAME, n=3)
    if family:
        return UsageError(f"there is no command {name!r}", "there are " + ", ".join(family))
    hint = "did you mean " + " or ".join(near) + "?" if near else "`--help` lists the commands"
    return UsageError(f"there is no command {name!r}", hint)
