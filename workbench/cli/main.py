"""The process `romebench …`: parse, run, print, and tell the shell how it went."""

from __future__ import annotations

import sys

import click

from ...errors import UsageError
from ..bench import Bench
from ..commands.context import Context
from ..commands.execute import execute
from ..commands.parsing import Invocation, named
from ..commands.spec import Effect
from ..logs import to_stderr
from ..paths import Paths
from . import diagnostics
from .group import Romebench
from .interrupts import stopping
from .output import Output
from .progress import bars_for_stderr
from .start import Front, Start


def run(arguments: list[str]) -> int:
    """Do what the arguments say; gives the exit code."""
    debug = "--debug" in arguments
    try:
        asked = _parse(arguments)
        if isinstance(asked, Invocation):
            to_stderr(asked.verbose)
            return run_invocation(asked)
        return _start(asked) if isinstance(asked, Start) else asked
    except (Exception, KeyboardInterrupt) as error:
        return diagnostics.report(error, debug=debug)


def _parse(arguments: list[str]) -> Invocation | Start | int:
    """What the arguments ask for; an exit code where click has answered (`--help`).

    Raises:
        UsageError: They are off.
    """
    try:
        asked = Romebench().main(arguments, prog_name="romebench", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        raise named(error) from None
    if isinstance(asked, Invocation | Start):
        return asked
    return asked if isinstance(asked, int) else 0


def run_invocation(asked: Invocation) -> int:
    """Run one command of the registry and print what comes of it; gives the exit code.

    Raises:
        RomebenchError: It failed.
    """
    _confirm(asked)
    bars = bars_for_stderr(quiet=not asked.command.long)
    compares = bool(getattr(asked.params, "compare", False))
    output = Output(as_json=asked.json, color=asked.color, bars=bars, labels=compares)
    with stopping() as stop, Bench(Paths.discover(), current=asked.session) as bench:
        context = Context(
            bench,
            progress=bars,
            stop=stop,
            emit=output.emit,
            note=diagnostics.note,
            choices=asked.choices,
            read_input=sys.stdin.read,
        )
        try:
            result = execute(asked.command, context, asked.params)
        except BaseException:
            output.abandon()
            raise
        output.result(result)
        return result.exit_code


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
    if not click.confirm(question, default=False, err=True):
        raise UsageError("nothing was done")


def _start(asked: Start) -> int:
    """Start an interactive front end; gives the exit code."""
    if asked.front is Front.REPL:
        from ..repl import run_repl

        return run_repl(asked)
    return _start_tui(asked)


def _start_tui(asked: Start) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the workbench needs a terminal, and there is none here",
            "`romebench --help` lists the commands that need none; `romebench repl` reads a script",
        )
    from ..logs import to_file
    from ..tui import run_tui

    paths = Paths.discover()
    to_file(paths.log, asked.verbose)
    with Bench(paths, current=asked.session, choices=asked.choices) as bench:
        return run_tui(bench)
