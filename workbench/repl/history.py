"""What was typed before, in the file that the workbench reads and writes too."""

from __future__ import annotations

import logging
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

logger = logging.getLogger(__name__)


class KeptHistory(FileHistory):
    """A history in a file; a disk that is full is no reason to stop, and a repetition no entry."""

    def append_string(self, string: str) -> None:
        """Keep an entry, unless it repeats the one before."""
        strings = self.get_strings()
        if string.strip() and (not strings or strings[-1] != string):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """Write an entry to the file."""
        try:
            super().store_string(string)
        except OSError:
            logger.info("what was typed could not be kept in %s", self.filename, exc_info=True)


def open_history(path: Path) -> History:
    """The history in a file; in memory only where the file can't be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        return InMemoryHistory()
    return KeptHistory(str(path))
