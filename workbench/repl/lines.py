"""What one line of the REPL does. Knows no line editor: scripts go through here too."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace

from ...errors import ExitCode, UsageError
from ..bench import Bench
from ..cli import diagnostics
from ..cli.runner import run_invocation
from ..commands.editing import EditParams, GenerateParams
from ..commands.parsing import HelpAsked, Invocation, help_of, parse
from ..commands.registry import FIRST_WORDS, find
from ..commands.typed import Intention, classify
from ..commands.words import quoted, split_words
from .entries import entries
from .own import LEAVING, NAMES, explained, listed
from .scripts import Leave, Scripts
from .stopwatch import Stopwatch


class SlipError(UsageError):
    """The words are no command: what was typed may have been meant as a prompt."""


class Lines:
    """Takes lines one by one and does what they say.

    Args:
        bench: What stays open from line to line.
        color: "auto", "always" or "never".
        debug: Show tracebacks.
        keep_going: A script goes on after a line that failed.
        stopwatch: Says how long things took; silent where none is given.
    """

    def __init__(
        self,
        bench: Bench,
        *,
        color: str = "auto",
        debug: bool = False,
        keep_going: bool = False,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self.bench = bench
        self._color = color
        self._debug = debug
        self._scripts = Scripts(self._take, keep_going=keep_going)
        self._stopwatch = stopwatch or Stopwatch(diagnostics.note, on=False)

    def take(self, text: str) -> int:
        """Do what was typed or pasted, entry by entry up to the first that fails.

        A failure is told and survived.

        Returns:
            The exit code of the last entry that was done.

        Raises:
            Leave: A line says so.
        """
        code = int(ExitCode.OK)
        for entry in entries(text.split("\n")):
            code = self._take(entry.text)
            if code:
                break
        return code

    def script(self, name: str, lines: Iterable[str]) -> int:
        """Do the lines of a script; gives the code of the first that failed.

        Raises:
            FileFormatError: It is not UTF-8 text.
        """
        try:
            return self._scripts.run(name, lines)
        except Leave as leaving:
            return leaving.code

    def _take(self, line: str) -> int:
        try:
            return self._do(line)
        except Leave:
            raise
        except (Exception, KeyboardInterrupt) as error:
            return diagnostics.report(self._scripts.placed(error), debug=self._debug)

    def _do(self, line: str) -> int:
        if line.lstrip().startswith("#"):
            return ExitCode.OK
        typed = classify(line, commands=FIRST_WORDS | NAMES)
        if typed.intention is Intention.NOTHING:
            return ExitCode.OK
        if typed.intention is Intention.EDIT:
            return self._run(Invocation(find("edit"), EditParams(text=(typed.text,))))
        if typed.intention is Intention.GENERATE:
            return self._run(Invocation(find("generate"), GenerateParams(prompt=(typed.text,))))
        try:
            return self._command(split_words(typed.text))
        except SlipError as error:
            if line.lstrip().startswith("/") or len(typed.text.split()) < 3:
                raise
            hint = f"to let the model write on from it: generate {quoted(typed.text)}"
            raise UsageError(error.message, f"{error.hint}; {hint}".removeprefix("; ")) from None

    def _command(self, words: list[str]) -> int:
        name, rest = (words[0], words[1:]) if words else ("", [])
        if name in NAMES:
            return self._own(name, rest)
        asked = _parsed(words)
        if isinstance(asked, HelpAsked):
            return _say(asked.text)
        return self._run(asked)

    def _own(self, name: str, rest: list[str]) -> int:
        """Do one of the line editor's own words."""
        if {"-h", "--help"} & set(rest):
            return _say(explained(name) or "")
        if name in LEAVING and not rest:
            raise Leave
        if name == "help":
            return _say(_help(" ".join(rest)))
        if name == "source" and len(rest) == 1:
            return self._scripts.source(rest[0])
        if name == "time" and rest in ([], ["on"], ["off"]):
            self._stopwatch.on = rest == ["on"] if rest else not self._stopwatch.on
            diagnostics.note(f"time is {'on' if self._stopwatch.on else 'off'}")
            return ExitCode.OK
        raise SlipError(f"{name} needs other words", f"help {name}")

    def _run(self, asked: Invocation) -> int:
        if asked.session is not None and asked.session != self.bench.name:
            self.bench.use(asked.session)
        color = asked.color or self._color
        asked = replace(asked, color=color)
        return self._stopwatch.time(lambda: run_invocation(asked, self.bench))


def _parsed(words: list[str]) -> Invocation | HelpAsked:
    try:
        return parse(words)
    except UsageError as error:
        raise SlipError(error.message, error.hint) from None


def _help(name: str) -> str:
    if not name:
        return listed()
    return explained(name) or help_of(find(name))


def _say(text: str) -> int:
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()
    return ExitCode.OK
