"""Starting the REPL: lines from a terminal through the editor, or from a script as they are."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...errors import ExitCode, FileFormatError
from ..bench import Bench
from ..cli import diagnostics
from ..logs import to_file, to_stderr
from ..paths import Paths
from .lines import Leave, Lines

if TYPE_CHECKING:
    from ..cli.start import Start


def run(start: Start) -> int:
    """Take lines until there are no more; gives the exit code."""
    paths = Paths.discover()
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if interactive and not start.verbose:
        to_file(paths.log)
    else:
        to_stderr(start.verbose)
    with Bench(paths, current=start.session, choices=start.choices) as bench:
        bench.resume(diagnostics.note)
        lines = Lines(bench, color=start.color, debug=start.debug)
        if interactive:
            return _converse(lines, paths)
        return _script(lines, sys.stdin, keep_going=start.keep_going)


def _script(lines: Lines, script: Iterable[str], *, keep_going: bool) -> int:
    """Do the lines of a script; gives the code of the first that failed."""
    first = int(ExitCode.OK)
    for line in _decoded(script):
        try:
            code = lines.take(line.rstrip("\n"))
        except Leave:
            break
        first = first or code
        if code and not keep_going:
            break
    return first


def _decoded(script: Iterable[str]) -> Iterator[str]:
    try:
        yield from script
    except UnicodeDecodeError as error:
        raise FileFormatError(f"the script is not UTF-8 text (byte {error.start})") from None


def _converse(lines: Lines, paths: Paths) -> int:
    """Talk to somebody at a terminal until they leave."""
    from .editor import make_editor

    editor = make_editor(lines.bench, paths.history)
    sys.stdout.write("romebench: `help` lists the commands, Ctrl-D leaves\n")
    while True:
        try:
            lines.take(editor.prompt())
        except KeyboardInterrupt:
            continue
        except (EOFError, Leave):
            return ExitCode.OK
