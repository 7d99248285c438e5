"""The interactive front ends, by the word that starts each."""

from __future__ import annotations

from enum import StrEnum


class Front(StrEnum):
    """An interactive front end, by the word that starts it."""

    TUI = "tui"
    REPL = "repl"


FRONTS = {
    Front.TUI: "start the workbench, full screen (what bare `romebench` does)",
    Front.REPL: "the same commands in a line editor, or from a script on standard input",
}
