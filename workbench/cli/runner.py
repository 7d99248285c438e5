"""Running one invocation for people at a terminal or a pipe: what the CLI and the REPL share."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from ...errors import ExitCode, UsageError
from ..bench import Bench
from ..commands.context import Context
from ..commands.execute import execute
from ..commands.parsing import Invocation
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
    _confirm(asked)
    bars = bars_for_stderr(quiet=not asked.command.long)
    compares = bool(getattr(asked.params, "compare", False))
    output = Output(as_json=asked.json, color=asked.color, bars=bars, labels=compares)
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
