"""The process `romebench …`: parse, run, print, and tell the shell how it went."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ...errors import UsageError
from ..commands.common import named
from ..threads import wait_politely
from . import diagnostics, streams
from .fronts import Front
from .group import Romebench

if TYPE_CHECKING:
    from ..commands.parsing import Invocation
    from .start import Start


def run(arguments: list[str]) -> int:
    """Do what the arguments say; gives the exit code."""
    debug = "--debug" in arguments
    wait_politely()
    streams.prepare()
    try:
        streams.check_words(arguments)
        asked = _parse(arguments)
        return asked if isinstance(asked, int) else _do(asked)
    except (Exception, KeyboardInterrupt) as error:
        return diagnostics.report(error, debug=debug)


def _parse(arguments: list[str]) -> Invocation | Start | int:
    """What the arguments ask for; an exit code where click has answered (`--help`).

    Raises:
        UsageError: They are off.
    """
    try:
        asked: Invocation | Start | int | None = Romebench().main(
            arguments, prog_name="romebench", standalone_mode=False
        )
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        raise named(error) from None
    return 0 if asked is None else asked


def _do(asked: Invocation | Start) -> int:
    from .start import Start

    return _start(asked) if isinstance(asked, Start) else _run(asked)


def _run(asked: Invocation) -> int:
    from ..bench import Bench
    from ..commands.spec import Effect, Scope
    from ..logs import to_stderr
    from ..paths import Paths
    from .runner import run_invocation

    to_stderr(asked.verbose)
    bench = Bench(
        Paths.discover(),
        current=asked.session,
        reads_only=asked.command.effect is Effect.READ,
        config=asked.config,
    )
    if asked.command.scope is not Scope.NONE:
        _ = bench.settings  # what is wrong with them is said before any work
    with bench:
        return run_invocation(asked, bench, read_input=streams.read_input)


def _start(asked: Start) -> int:
    """Start an interactive front end; gives the exit code."""
    if asked.front is Front.REPL:
        from ..repl import run_repl

        return run_repl(asked)
    if asked.front is Front.SERVE:
        from .serving import serve

        return serve(asked)
    return _start_tui(asked)


def _start_tui(asked: Start) -> int:
    in_browser = "TEXTUAL_DRIVER" in os.environ  # `romebench serve` started this process
    if not in_browser and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the workbench needs a terminal, and there is none here",
            "`romebench --help` lists the commands that need none; `romebench repl` reads a script",
        )
    from ..bench import Bench
    from ..logs import to_file
    from ..paths import Paths
    from ..tui import run_tui

    paths = Paths.discover()
    to_file(paths.log, asked.verbose)
    with Bench(paths, current=asked.session, choices=asked.choices, config=asked.config) as bench:
        _ = bench.settings  # what is wrong with them is said before the screen is taken
        return run_tui(bench)
