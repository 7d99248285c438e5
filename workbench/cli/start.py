"""What was asked for where no command of the registry was: one of the interactive front ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from ..commands.common import (
    SETTINGS,
    common_of,
    common_params,
    session_before,
    session_option,
)
from ..commands.options import SessionChoices
from ..commands.parsing import click_param
from ..commands.spec import fields_of
from .fronts import FRONTS, Front

__all__ = ["Front", "Start", "front_command"]


@dataclass(frozen=True, slots=True)
class Start:
    """Start a front end.

    Attributes:
        session: The session to open; None for the last one used.
        choices: Options for a session that does not exist yet.
        color: "auto", "always" or "never"; None leaves it to the settings.
        config: The settings file that was named.
        keep_going: A script goes on after a command that failed.
        host: The address that is served on.
        port: Its port; 0 for a free one.
    """

    front: Front
    session: str | None
    choices: SessionChoices
    debug: bool = False
    color: str | None = None
    config: str | None = None
    verbose: int = 0
    keep_going: bool = False
    host: str = "127.0.0.1"
    port: int = 8000


def front_command(front: Front) -> click.Command:
    """`romebench tui` and `romebench repl`, with everything a session can be made with."""

    def collect(**values: Any) -> Start:
        common = common_of(values)
        return Start(
            front,
            values["session"] or values["session_"] or session_before(),
            SessionChoices(**{name: values[name] for name in SessionChoices.declared}),
            **{name: values[name] for name in ("keep_going", "host", "port") if name in values},
            **common,
        )

    summary = FRONTS[front]
    return click.Command(
        front.value,
        callback=collect,
        params=_params(front),
        help=summary[:1].upper() + summary[1:] + ".",
        short_help=summary,
        context_settings=SETTINGS,
    )


def _params(front: Front) -> list[click.Parameter]:
    params: list[click.Parameter] = [
        click.Argument(["session"], required=False, help="The session. [default: the last used]"),
        session_option(),
    ]
    if front is Front.REPL:
        about = "In a script, go on after a command that failed."
        params.append(click.Option(["--keep-going"], is_flag=True, help=about))
    if front is Front.SERVE:
        params += [
            click.Option(
                ["--port"],
                type=click.IntRange(0, 65535),
                default=8000,
                help="The port; 0 takes a free one. [default: 8000]",
            ),
            click.Option(
                ["--host"],
                default="127.0.0.1",
                help="A loopback address; others are refused. [default: 127.0.0.1]",
            ),
        ]
    return [*params, *map(click_param, fields_of(SessionChoices)), *common_params()]
