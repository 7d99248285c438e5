"""What a command is: a name, typed parameters, an effect, and a function that returns a Result.

Front ends read `Command` and `fields_of(command.params)` and need nothing else to render a
command as a click command, a line of the REPL, or a form. This module knows no front end, and
imports neither torch nor SQLAlchemy, so that `romebench --help` stays quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .params import Completes, Params, ParamSpec, fields_of, param

if TYPE_CHECKING:
    from .context import Context
    from .results import Result

__all__ = [
    "Command",
    "Completes",
    "Effect",
    "ParamSpec",
    "Params",
    "Scope",
    "fields_of",
    "param",
]


class Effect(StrEnum):
    """What a command does to what is stored. Front ends confirm what is DESTRUCTIVE."""

    READ = "read"
    WRITE = "write"
    DESTRUCTIVE = "destructive"


class Scope(StrEnum):
    """What a command needs open. Only MODEL imports torch and loads a model."""

    NONE = "none"
    STORE = "store"
    SESSION = "session"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the workbench.

    Attributes:
        name: What is typed, "undo" or "sessions list".
        summary: One line without a full stop.
        params: A class of `param` fields.
        effect: Read, write or destructive.
        scope: What has to be open.
        run: Does it; takes the Context and an instance of `params`, never prints.
        group: The heading it stands under in help and docs.
        long: May take over a second, so a front end shows progress and a way to cancel.
        creates: May create the session, so it takes the session options (`SessionChoices`).
        examples: Command lines without the leading "romebench".
        aliases: Other names; "sessions" for "sessions list".
        question: Asked before a destructive command, formatted with the params' fields.
    """

    name: str
    summary: str
    params: type[Params]
    effect: Effect
    scope: Scope
    run: Callable[[Context, Any], Result]
    group: str
    long: bool = False
    creates: bool = False
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    question: str = ""

    @property
    def takes_session(self) -> bool:
        """Whether `--session NAME` chooses what it acts on."""
        return self.scope in (Scope.SESSION, Scope.MODEL)

    def ask(self, params: Params) -> str:
        """The question to ask before a destructive command, naming what would go."""
        return self.question.format(**params.values())
