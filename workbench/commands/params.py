"""Parameters of a command: plain classes of typed fields, and what front ends read of each.

A class of parameters costs next to nothing to define, unlike a dataclass, whose methods are
compiled when it is made: the REPL and the workbench import all of them. Knows no front end.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NoReturn, dataclass_transform

Completes = Literal[
    "", "step", "branch", "ref", "session", "file", "preset", "request", "model", "text", "layer",
    "setting", "value",
]  # fmt: skip
"""What completes a parameter: live state (`ref` is a step, a branch or "base") or the file system.

`request` and `text` are typed freely: an edit and a prompt. Fixed words are in `choices` instead.
"""

_NOTHING: Any = object()
"""Stands for a default that is not there."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What `param` says of a field."""

    help: str
    flags: tuple[str, ...]
    default: Any
    argument: bool
    completes: Completes
    choices: tuple[str, ...]
    metavar: str
    minimum: float | None
    maximum: float | None


def param(
    help: str,  # noqa: A002
    *flags: str,
    default: Any = _NOTHING,
    argument: bool = False,
    completes: Completes = "",
    choices: tuple[str, ...] = (),
    metavar: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of a params class.

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
    return Declared(help, flags, default, argument, completes, choices, metavar, minimum, maximum)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(param,))
class Params:
    """Base of every command's parameters; also the parameters of a command that takes none.

    A subclass declares annotated fields with `param`; it is made with keywords, compares by value
    and can't be changed.
    """

    declared: ClassVar[Mapping[str, Declared]] = {}

    def __init_subclass__(cls) -> None:
        own = cls.__dict__
        names = own.get("__annotations__", ())
        fields = {name: own[name] for name in names if isinstance(own.get(name), Declared)}
        cls.declared = {**cls.declared, **fields}

    def __init__(self, **values: Any) -> None:
        for name, field in self.declared.items():
            value = values.pop(name, field.default)
            if value is _NOTHING:
                raise TypeError(f"{type(self).__name__} needs {name}")
            object.__setattr__(self, name, value)
        if values:
            raise TypeError(f"{type(self).__name__} takes no {next(iter(values))}")

    def values(self) -> dict[str, Any]:
        """Every parameter by its name."""
        return {name: getattr(self, name) for name in self.declared}

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} can't be changed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.values() == other.values()

    def __hash__(self) -> int:
        return hash((type(self), *self.values().values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"{type(self).__name__}({values})"


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One parameter as a front end renders it.

    Attributes:
        name: The field of the params class.
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


_known: dict[type[Params], tuple[ParamSpec, ...]] = {}


def fields_of(params: type[Params]) -> tuple[ParamSpec, ...]:
    """The parameters of a params class, in the order they are declared."""
    if params not in _known:
        hints = typing.get_type_hints(params)
        specs = (_spec(name, field, hints[name]) for name, field in params.declared.items())
        _known[params] = tuple(specs)
    return _known[params]


def _spec(name: str, field: Declared, hint: Any) -> ParamSpec:
    kind, many = _kind(hint)
    required = field.default is _NOTHING
    return ParamSpec(
        name=name,
        kind=kind,
        help=field.help,
        flags=() if field.argument else _flags(name, field.flags),
        argument=field.argument,
        many=many,
        required=required,
        default=None if required else field.default,
        completes=field.completes,
        choices=field.choices,
        metavar=field.metavar or name.upper().replace("_", "-"),
        minimum=field.minimum,
        maximum=field.maximum,
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
