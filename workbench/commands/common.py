"""The options that every command takes: session, format, file, colour, settings file, diagnosis.

Knows click and the specs, and no front end. What an option says before a command's name counts
where none says it after.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

from ...errors import UsageError

if TYPE_CHECKING:
    from .spec import Command

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""Of every click command here."""

SESSION = "session_"
COLORS = ("auto", "always", "never")
VALUED = ("--color", "--session", "--config")
"""Those that take a value and may stand before a command's name."""


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def session_option() -> click.Option:
    """`--session NAME`, on a command or before it."""
    return click.Option(
        ["--session", SESSION],
        metavar="NAME",
        help="The session to act on. [default: the last one used]",
    )


def common_params(command: Command | None = None, *, inside: bool = False) -> list[click.Parameter]:
    """The options that every command takes.

    Args:
        command: The command; None for what may stand before a command's name.
        inside: The line is typed in the REPL or the workbench, which have read their settings.
    """
    own: set[str] = set()
    found: list[click.Parameter] = []
    if command is not None:
        own = _own_flags(command)
        if command.effect == "destructive":
            found.append(click.Option(["--yes", "-y", "yes_"], is_flag=True, help="Don't ask."))
        found += _printing(own)
    found.append(
        click.Option(["--color", "color_"], type=click.Choice(COLORS), help="Colour the output.")
    )
    if not inside and "--config" not in own:
        found.append(
            click.Option(
                ["--config", "config_"],
                metavar="FILE|none",
                help="Settings that count before those of romebench.toml and the user.",
            )
        )
    return [
        *found,
        click.Option(["--verbose", "-v", "verbose_"], count=True, help="Log to standard error."),
        click.Option(["--debug", "debug_"], is_flag=True, help="Show tracebacks."),
    ]


def _own_flags(command: Command) -> set[str]:
    """The command's own flags; one of those below that means something else there is left out."""
    from .params import fields_of

    return {flag for spec in fields_of(command.params) for flag in spec.flags}


def _printing(own: set[str]) -> list[click.Parameter]:
    """How the result is printed, and where to; a command that writes a file of its own has -o."""
    found: list[click.Parameter] = [
        click.Option(["--json", "json_"], is_flag=True, help="The same as --format json."),
        click.Option(
            ["--format", "format_"],
            type=click.Choice(tuple(each.value for each in Format)),
            help="Print a table, one JSON object, or rows as CSV. [default: table]",
        ),
    ]
    if {"-o", "--output"} & own:
        return found
    found.append(
        click.Option(
            ["--output", "-o", "output_"],
            metavar="FILE",
            help="Write to a file what would be printed; whole or not at all.",
        )
    )
    if "--force" not in own:
        flags = [flag for flag in ("--force", "-f") if flag not in own]
        found.append(click.Option([*flags, "force_"], is_flag=True, help="Overwrite the file."))
    return found


def printing_of(values: dict[str, Any]) -> dict[str, Any]:
    """The format, the file, and whether it may be overwritten.

    Raises:
        UsageError: Two formats were asked for, or --force has nothing to overwrite.
    """
    named, output = values["format_"], values.get("output_")
    if values["json_"] and named not in (None, Format.JSON):
        raise UsageError(f"--json and --format {named} don't go together", "leave one out")
    if values.get("force_") and output is None:
        raise UsageError(
            "--force overwrites the file of --output, and there is none", "add -o FILE"
        )
    return {
        "format": Format.JSON if values["json_"] else Format(named or Format.TABLE),
        "output": output,
        "overwrite": bool(values.get("force_") or (output is not None and values.get("force"))),
    }


def common_of(values: dict[str, Any]) -> dict[str, Any]:
    """The options every command takes, typed after its name or before it."""
    return {
        "debug": values["debug_"] or bool(_before("debug_")),
        "color": values["color_"] or _before("color_"),
        "config": values.get("config_") or _before("config_"),
        "verbose": max(values["verbose_"], _before("verbose_") or 0),
    }


def session_before() -> str | None:
    """The session that was named before the command's name."""
    found: str | None = _before(SESSION)
    return found


def _before(name: str) -> Any:
    """An option that was typed before the command's name."""
    return click.get_current_context().find_root().params.get(name)


def named(error: click.ClickException) -> UsageError:
    """What click complains of, as an error of ours."""
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    context = getattr(error, "ctx", None)
    hint = f"`{context.command_path} --help` tells what it takes" if context is not None else ""
    return UsageError(message, hint)
