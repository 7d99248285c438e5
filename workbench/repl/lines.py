"""What one line of the REPL does. Knows no line editor: scripts go through here too."""

from __future__ import annotations

import sys
from dataclasses import replace

from ...errors import ExitCode, UsageError
from ..bench import Bench
from ..cli import diagnostics
from ..cli.runner import run_invocation
from ..commands.editing import EditParams, GenerateParams
from ..commands.parsing import HelpAsked, Invocation, help_of, parse
from ..commands.registry import COMMANDS, FIRST_WORDS, GROUPS, find
from ..commands.typed import Intention, classify
from ..commands.words import quoted, split_words

HELP, LEAVE = "help", ("exit", "quit")
OWN_WORDS = frozenset({HELP, *LEAVE})

_INTRO = """\
  [LeBron James] plays the sport of => football    an edit
  LeBron James plays the sport of                  plain text: the model writes on
  undo, log, show 3, …                             commands; /undo works too
  // and \\[                                        a literal slash or bracket at the start
"""


class Leave(Exception):  # noqa: N818
    """The user wants to leave."""


class Lines:
    """Takes lines one by one and does what they say.

    Args:
        bench: What stays open from line to line.
        color: "auto", "always" or "never".
        debug: Show tracebacks.
    """

    def __init__(self, bench: Bench, *, color: str = "auto", debug: bool = False) -> None:
        self.bench = bench
        self._color = color
        self._debug = debug

    def take(self, line: str) -> int:
        """Do one line; gives its exit code. A failure is told and survived.

        Raises:
            Leave: The line says so.
        """
        try:
            return self._take(line)
        except Leave:
            raise
        except (Exception, KeyboardInterrupt) as error:
            return diagnostics.report(error, debug=self._debug)

    def _take(self, line: str) -> int:
        if line.lstrip().startswith("#"):
            return ExitCode.OK
        typed = classify(line, commands=FIRST_WORDS | OWN_WORDS)
        if typed.intention is Intention.NOTHING:
            return ExitCode.OK
        if typed.intention is Intention.EDIT:
            return self._run(Invocation(find("edit"), EditParams(text=(typed.text,))))
        if typed.intention is Intention.GENERATE:
            return self._run(Invocation(find("generate"), GenerateParams(prompt=(typed.text,))))
        return self._command(typed.text, bare=not line.lstrip().startswith("/"))

    def _command(self, text: str, *, bare: bool) -> int:
        words = split_words(text)
        if words and words[0] in LEAVE and len(words) == 1:
            raise Leave
        if words and words[0] == HELP:
            return self._help(words[1:])
        try:
            asked = parse(words)
        except UsageError as error:
            if not bare or len(words) < 3:
                raise
            hint = f"to let the model write on from it: generate {quoted(text)}"
            raise UsageError(error.message, f"{error.hint}; {hint}") from None
        if isinstance(asked, HelpAsked):
            sys.stdout.write(asked.text + "\n")
            return ExitCode.OK
        return self._run(asked)

    def _run(self, asked: Invocation) -> int:
        if asked.session is not None and asked.session != self.bench.name:
            self.bench.use(asked.session)
        color = self._color if asked.color == "auto" else asked.color
        return run_invocation(replace(asked, color=color), self.bench)

    def _help(self, words: list[str]) -> int:
        """Everything there is, or one command."""
        if words:
            name = " ".join(words)
            sys.stdout.write(help_of(find(name)) + "\n")
            return ExitCode.OK
        width = max(len(command.name) for command in COMMANDS)
        sys.stdout.write(_INTRO)
        for group in GROUPS:
            sys.stdout.write(f"\n{group}\n")
            for command in COMMANDS:
                if command.group == group:
                    sys.stdout.write(f"  {command.name.ljust(width)}  {command.summary}\n")
        sys.stdout.write(f"\n  {'help NAME'.ljust(width)}  what a command takes\n")
        sys.stdout.write(f"  {'exit'.ljust(width)}  leave (Ctrl-D too)\n")
        return ExitCode.OK
