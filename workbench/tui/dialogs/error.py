"""Something went wrong: what, and what to do about it. The workbench goes on."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ....errors import RomebenchError
from ...render.text import visible
from ..text import MUTED
from .base import Dialog


class ErrorDialog(Dialog[None]):
    """An error with its hint; a defect with the place of the log.

    Args:
        what: What was being done.
        error: What was raised.
        log: The log file.
    """

    def __init__(self, what: str, error: BaseException, log: Path) -> None:
        super().__init__()
        named = isinstance(error, RomebenchError)
        self.title_text = f"{visible(what, one_line=True)} failed" if named else "Unexpected error"
        self._what = what
        self._error = error
        self._log = log

    @property
    def message(self) -> str:
        """What went wrong, in one line."""
        error = self._error
        if isinstance(error, RomebenchError):
            return error.message
        return f"{self._what}: {type(error).__name__}: {error}"

    def body(self) -> ComposeResult:
        """Message, hint, and for a defect the log."""
        yield Static(Content.styled(visible(self.message), "bold"), classes="error-message")
        if isinstance(self._error, RomebenchError):
            if self._error.hint:
                yield Static(Content.styled(visible(self._error.hint), MUTED))
            return
        yield Static(
            Content.assemble(
                ("This is a defect of romebench; nothing that was committed is lost. ", ""),
                ("Details are in ", MUTED),
                (str(self._log), "$accent"),
            )
        )
