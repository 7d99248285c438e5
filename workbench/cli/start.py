"""What was asked for where no command of the registry was: one of the interactive front ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..commands.options import SessionChoices


class Front(StrEnum):
    """An interactive front end, by the word that starts it."""

    TUI = "tui"
    REPL = "repl"


@dataclass(frozen=True, slots=True)
class Start:
    """Start a front end.

    Attributes:
        session: The session to open; None for the last one used.
        choices: Options for a session that does not exist yet.
        color: "auto", "always" or "never".
        config: The settings file that was named.
        keep_going: A script goes on after a command that failed.
    """

    front: Front
    session: str | None
    choices: SessionChoices
    debug: bool = False
    color: str = "auto"
    config: str | None = None
    verbose: int = 0
    keep_going: bool = False
