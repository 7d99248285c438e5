"""What a command is: a name, typed parameters, an effect, and a function that returns a Result.

Front ends read `Command` and `fields_of(command.params)` and need nothing else to render a
command as a click command, a line of the REPL, or a form. This module knows no front end, and
imports neither torch nor SQLAlchemy, so that `romebench --help` stays quick.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .context import Context
    from .results import Result

Completes = Literal[
    "", "step", "branch", "ref", "session", "file", "preset", "request", "model", "text"
]
"""What completes a parameter: live state (`ref` is a step, a branch or "base") or the file system.

`request` and `text` are typed freely: an edit and a prompt. Fixed words are in `choices` instead.
"""

_KEY = "romebench"


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
class Params:
    """Base of every command's parameters; also the parameters of a command that takes none."""


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One parameter as a front end renders it.

    Attributes:
        name: The field of the params dataclass.
        kind: The type of one value: str, int, float or bool.
        help: One sentence.
        flags: Option names, longest first ("--limit", "-n"); empty for an argument.
        argument: Positional, not an option.
        many: Takes several words and gives a tuple of them.
        required: Has no default.
        default: The value where nothing is typed; None where that is the field's default.
        completes: What live state completes it.
        choices: The only values allowed, where there are such.
        metavar: What stands for the value in help.
        minimum: Smallest number allowed.
        maximum: Largest number allowed.
    """

    name: str
    kind: type
    help: str
    flags: tuple[str, ...]
    argument: bool
    many: bool
    required: bool
    default: Any
    completes: Completes
    choices: tuple[str, ...]
    metavar: str
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the workbench.

    Attributes:
        name: What is typed, "undo" or "sessions list".
        summary: One line without a full stop.
        params: A frozen dataclass of `param` fields.
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
        return self.question.format(
            **{field.name: getattr(params, field.name) for field in dataclasses.fields(params)}
        )


def param(
    help: str,  # noqa: A002
    *flags: str,
    default: Any = dataclasses.MISSING,
    argument: bool = False,
    completes: Completes = "",
    choices: tuple[str, ...] = (),
    metavar: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of a params dataclass.

    Args:
        help: One sentence, with the unit where the value has one.
        flags: Further option names ("-n"); "--name" is made from the field's name.
        default: The value where nothing is typed; without one the parameter is required.
        argument: Positional instead of an option. A tuple-typed argument takes all further words.
        completes: What live state completes it.
        choices: The only values allowed.
        metavar: What stands for the value in help; the field's name in capitals if empty.
        minimum: Smallest number allowed.
        maximum: Largest number allowed.
    """
    metadata = {
        _KEY: {
            "help": help,
            "flags": flags,
            "argument": argument,
            "completes": completes,
            "choices": choices,
            "metavar": metavar,
            "minimum": minimum,
            "maximum": maximum,
        }
    }
    return dataclasses.field(default=default, metadata=metadata)


_known: dict[type[Params], tuple[ParamSpec, ...]] = {}


def fields_of(params: type[Params]) -> tuple[ParamSpec, ...]:
    """The parameters of a params dataclass, in the order they are declared."""
    if params not in _known:
        hints = typing.get_type_hints(params)
        specs = (_spec(field, hints[field.name]) for field in dataclasses.fields(params))
        _known[params] = tuple(specs)
    return _known[params]


def _spec(field: dataclasses.Field[Any], hint: Any) -> ParamSpec:
    meta = field.metadata[_KEY]
    kind, many = _kind(hint)
    required = field.default is dataclasses.MISSING
    flags = () if meta["argument"] else _flags(field.name, meta["flags"])
    return ParamSpec(
        name=field.name,
        kind=kind,
        help=meta["help"],
        flags=flags,
        argument=meta["argument"],
        many=many,
        required=required,
        default=None if required else field.default,
        completes=meta["completes"],
        choices=meta["choices"],
        metavar=meta["metavar"] or field.name.upper().replace("_", "-"),
        minimum=meta["minimum"],
        maximum=meta["maximum"],
    )


def _flags(name: str, others: tuple[str, ...]) -> tuple[str, ...]:
    """Option names: "--limit" and what was given beside; a field of one letter has no long name."""
    return others if len(name) == 1 else ("--" + name.replace("_", "-"), *others)


def _kind(hint: Any) -> tuple[type, bool]:
    """The type of one value, and whether the field takes many: `tuple[str, ...]`."""
    if isinstance(hint, types.UnionType):
        (hint,) = (part for part in hint.__args__ if part is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        return typing.get_args(hint)[0], True
    return hint, False
