"""Running one invocation for people at a terminal or a pipe: what the CLI and the REPL share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from ...errors import ExitCode, SettingsError, UsageError
from ..bench import Bench
from ..commands.common import Format
from ..commands.context import Context
from ..commands.describe import gives_table
from ..commands.execute import execute
from ..commands.parsing import Invocation
from ..commands.results import no_table
from ..commands.spec import Effect
from .interrupts import stopping
from .output import Output
from .progress import bars_for_stderr


def run_invocation(
    asked: Invocation, bench: Bench, *, read_input: Callable[[], str] | None = None
) -> int:
    """Run one command of the registry and print what comes of it; gives the exit code.

    Args:
        read_input: Gives all of standard input; None where it holds the commands themselves.

    Raises:
        RomebenchError: It failed.
    """
    if asked.format is Format.CSV and not gives_table(asked.command):
        raise no_table(asked.command.name)
    bars = bars_for_stderr(quiet=not asked.command.long)
    output = Output(
        form=asked.format,
        color=asked.color or _color(bench),
        bars=bars,
        labels=bool(getattr(asked.params, "compare", False)),
        path=None if asked.output is None else Path(asked.output).expanduser(),
        overwrite=asked.overwrite,
    )
    _confirm(asked)
    with stopping() as stop:
        context = Context(
            bench,
            progress=bars,
            stop=stop,
            emit=output.emit,
            note=output.note,
            choices=asked.choices,
        )
        if read_input is not None:
            context = context.reading(read_input)
        try:
            result = execute(asked.command, context, asked.params)
        except BaseException:
            output.abandon()
            raise
    output.result(result)
    # A text that Ctrl-C ended is kept and shown, and the shell is told that it was ended.
    return ExitCode.INTERRUPTED if stop.is_set() else result.exit_code


def _color(bench: Bench) -> str:
    """What the settings say of colour; they may be what a command is there to mend."""
    try:
        return bench.settings.color
    except SettingsError:
        return "auto"


def _confirm(asked: Invocation) -> None:
    """Ask before something is destroyed, where there is somebody to ask.

    Raises:
        UsageError: Nobody is there and `--yes` was not typed, or the answer was no.
    """
    if asked.command.effect is not Effect.DESTRUCTIVE or asked.yes:
        return
    question = asked.command.ask(asked.params)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{asked.command.name} needs a yes: {question}", "add --yes")
    try:
        wanted = click.confirm(question, default=False, err=True)
    except click.Abort:
        raise KeyboardInterrupt from None
    if not wanted:
        raise UsageError("nothing was done")
