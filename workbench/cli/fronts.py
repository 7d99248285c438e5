"""The words of the command line that are no commands of the registry: front ends, completion."""

from __future__ import annotations

from enum import StrEnum


class Front(StrEnum):
    """A front end, by the word that starts it."""

    TUI = "tui"
    REPL = "repl"
    SERVE = "serve"


FRONTS = {
    Front.TUI: "start the workbench, full screen (what bare `romebench` does)",
    Front.REPL: "the same commands in a line editor, or from a script on standard input",
    Front.SERVE: "the workbench in a browser on this machine",
}

COMPLETION = "completion"
COMPLETION_ABOUT = "print the script that completes romebench in a shell"

OWN_WORDS: dict[str, str] = {**{str(word): text for word, text in FRONTS.items()}}
OWN_WORDS[COMPLETION] = COMPLETION_ABOUT
"""Each with its line of help, in order."""
