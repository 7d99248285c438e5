"""Commands as click commands: the one parser behind the CLI, the REPL and the TUI's input line.

Parsing and running are apart: a click command made here gives back an `Invocation` and does
nothing else. Knows click and the specs, and no front end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import click

from .common import (
    SESSION,
    SETTINGS,
    Format,
    common_of,
    common_params,
    named,
    printing_of,
    session_before,
    session_option,
)
from .options import SessionChoices
from .registry import resolve
from .spec import Command, ParamSpec, fields_of


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command line that was understood.

    Attributes:
        command: What to run.
        params: Its parameters, an instance of `command.params`.
        session: What `--session` said.
        choices: The session options that were typed.
        format: How the result is printed.
        output: The file it goes to instead of standard output.
        overwrite: That file may exist.
        yes: Don't ask before a destructive command.
        debug: Show tracebacks.
        color: "auto", "always" or "never"; None where nothing was typed.
        config: The settings file that was named.
        verbose: Log to standard error.
    """

    command: Command
    params: Any
    session: str | None = None
    choices: SessionChoices = field(default_factory=SessionChoices)
    format: Format = Format.TABLE
    output: str | None = None
    overwrite: bool = False
    yes: bool = False
    debug: bool = False
    color: str | None = None
    config: str | None = None
    verbose: int = 0

    @property
    def json(self) -> bool:
        """Whether one JSON object is printed."""
        return self.format is Format.JSON


@dataclass(frozen=True, slots=True)
class HelpAsked:
    """`--help` was typed; `text` is the answer."""

    text: str


def click_command(command: Command, *, inside: bool = False) -> click.Command:
    """The click command of a command; calling it gives an `Invocation`.

    Args:
        inside: The line is typed in the REPL or the workbench.
    """
    own = fields_of(command.params)

    def collect(**values: Any) -> Invocation:
        params = command.params(**{spec.name: values[spec.name] for spec in own})
        taken = {spec.name for spec in own}
        names = set(SessionChoices.declared) - taken if command.creates else ()
        return Invocation(
            command,
            params,
            session=values.get(SESSION) or session_before(),
            choices=SessionChoices(**{name: values[name] for name in names}),
            **printing_of(values),
            yes=values.get("yes_", False),
            **common_of(values),
        )

    return click.Command(
        name=command.name.split()[-1],
        callback=collect,
        params=[
            *map(click_param, own),
            *_session_params(command),
            *common_params(command, inside=inside),
        ],
        help=command.summary[:1].upper() + command.summary[1:] + ".",
        short_help=command.summary,
        epilog=_examples(command),
        context_settings=SETTINGS,
    )


def _session_params(command: Command) -> list[click.Parameter]:
    taken = {spec.name for spec in fields_of(command.params)}
    found: list[click.Parameter] = []
    if command.takes_session:
        found.append(session_option())
    if command.creates:
        found += [click_param(s) for s in fields_of(SessionChoices) if s.name not in taken]
    return found


def click_param(spec: ParamSpec) -> click.Parameter:
    """One parameter as click has it."""
    # A default of None counts as a value for click, and a required parameter would not be missed.
    default: dict[str, Any] = {} if spec.required or spec.many else {"default": spec.default}
    if spec.argument:
        return click.Argument(
            [spec.name],
            type=_type(spec),
            nargs=-1 if spec.many else 1,
            required=spec.required,
            metavar=_argument_name(spec),
            help=spec.help,
            **default,
        )
    flag = spec.kind is bool
    shown = not flag and spec.default not in (None, "")
    return click.Option(
        [*spec.flags, spec.name],
        type=None if flag else _type(spec),
        is_flag=flag,
        required=spec.required,
        metavar=None if flag or spec.choices else spec.metavar,
        help=spec.help + (f" [default: {spec.default}]" if shown else ""),
        **default,
    )


def _argument_name(spec: ParamSpec) -> str:
    name = spec.metavar + ("..." if spec.many else "")
    return name if spec.required else f"[{name}]"


def _type(spec: ParamSpec) -> click.ParamType[Any]:
    if spec.choices:
        return click.Choice(spec.choices)
    bounded = (spec.minimum, spec.maximum) != (None, None)
    if spec.kind is int:
        return click.IntRange(_int(spec.minimum), _int(spec.maximum)) if bounded else click.INT
    if spec.kind is float:
        return click.FloatRange(spec.minimum, spec.maximum) if bounded else click.FLOAT
    return click.STRING


def _int(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _examples(command: Command) -> str:
    lines = "\n".join(f"  romebench {example}" for example in command.examples)
    return f"\b\nExamples:\n{lines}" if lines else ""


def parse(words: list[str]) -> Invocation | HelpAsked:
    """Understand a command line that was typed without the leading "romebench".

    Raises:
        UsageError: There is no such command, or its words are off.
    """
    command, rest = resolve(words)
    parser = click_command(command, inside=True)
    parser.name = command.name
    if {"-h", "--help"} & set(rest):
        return HelpAsked(help_of(command))
    try:
        return _invocation(parser.main(rest, prog_name=command.name, standalone_mode=False))
    except click.ClickException as error:
        raise named(error) from None


def _invocation(value: object) -> Invocation:
    assert isinstance(value, Invocation)
    return value


def help_of(command: Command) -> str:
    """The help text of a command, as typed inside romebench."""
    parser = click_command(command, inside=True)
    with click.Context(parser, info_name=command.name, **SETTINGS) as context:
        return parser.get_help(context).replace("  romebench ", "  ")
