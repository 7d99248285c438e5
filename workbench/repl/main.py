"""Starting the REPL: lines from a terminal through the editor, or from a script as they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, TextIO, cast

from ...errors import ExitCode
from ..bench import Bench
from ..cli import diagnostics
from ..cli.output import wants_color
from ..logs import to_file, to_stderr
from ..paths import Paths
from ..settings import EditingMode, Pager
from .lines import Lines
from .scripts import Leave
from .stopwatch import Stopwatch

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

    from ..cli.start import Start
    from ..settings import Settings


def run(start: Start) -> int:
    """Take lines until there are no more; gives the exit code."""
    paths = Paths.discover()
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if interactive and not start.verbose:
        to_file(paths.log)
    else:
        to_stderr(start.verbose)
    bench = Bench(paths, current=start.session, choices=start.choices, config=start.config)
    with bench:
        settings = bench.settings  # what is wrong with them is said before any work
        color = start.color or settings.color
        bench.resume(diagnostics.note)
        if interactive:
            return _converse(start, bench, settings, color)
        lines = Lines(bench, color=color, debug=start.debug, keep_going=start.keep_going)
        return lines.script("standard input", sys.stdin)


def _converse(start: Start, bench: Bench, settings: Settings, color: str) -> int:
    """Talk to somebody at a terminal until they leave."""
    from .editor import make_editor

    editor = make_editor(
        bench,
        bench.paths.history,
        vi=settings.editing_mode is EditingMode.VI,
        color=bool(wants_color(color, tty=True)),
    )
    sys.stdout.write("romebench: `help` lists the commands, Ctrl-D leaves\n")
    with _paged(settings) as waited:
        watch = Stopwatch(diagnostics.note, on=True, waited=waited)
        lines = Lines(
            bench,
            color=color,
            debug=start.debug,
            keep_going=start.keep_going,
            stopwatch=watch,
        )
        return _until_left(editor, lines)


def _until_left(editor: PromptSession[str], lines: Lines) -> int:
    while True:
        try:
            lines.take(editor.prompt())
            sys.stdout.flush()
        except KeyboardInterrupt:
            continue
        except (EOFError, Leave):
            return ExitCode.OK


@contextmanager
def _paged(settings: Settings) -> Iterator[Callable[[], float]]:
    """Let long output go through the pager; gives what tells how long it was read there."""
    from .pager import PagedOutput

    if settings.pager is Pager.NEVER:
        yield lambda: 0.0
        return
    output = PagedOutput(sys.stdout, always=settings.pager is Pager.ALWAYS, tell=diagnostics.note)
    with redirect_stdout(cast(TextIO, output)):
        yield lambda: output.waited_s
