"""What was typed before, kept in a file that the REPL reads and writes too. No widget here.

The format is prompt-toolkit's: a comment line with the time, then the entry with `+` before each
of its lines.
"""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

logger = logging.getLogger(__name__)

KEPT = 2000
"""The newest so many entries are read."""


class TypedLines:
    """The entries, oldest first, and a place among them.

    Args:
        path: The file; it and its folder are made at the first entry. A file that can't be read
            or written is no reason to stop: the entries then last as long as the process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = self._read()
        self._at = len(self._entries)
        self._draft = ""

    @property
    def newest_first(self) -> list[str]:
        """All entries."""
        return self._entries[::-1]

    def add(self, line: str) -> None:
        """Keep an entry, unless it repeats the one before."""
        self.rewind()
        if not line.strip() or (self._entries and self._entries[-1] == line):
            return
        self._entries.append(line)
        self.rewind()
        self._write(line)

    def rewind(self) -> None:
        """Go back to the line that is being typed."""
        self._at, self._draft = len(self._entries), ""

    def older(self, current: str) -> str | None:
        """The entry before; what is being typed is kept to come back to. None at the oldest."""
        if self._at == len(self._entries):
            self._draft = current
        at = self._at - 1
        while at >= 0 and self._entries[at] == current:
            at -= 1
        if at < 0:
            return None
        self._at = at
        return self._entries[at]

    def newer(self) -> str | None:
        """The entry after; at the end, what was being typed. None where it is shown already."""
        if self._at >= len(self._entries):
            return None
        self._at += 1
        return self._draft if self._at == len(self._entries) else self._entries[self._at]

    def beginning(self, prefix: str) -> str | None:
        """The newest entry that begins with `prefix` and is longer."""
        longer = (line for line in reversed(self._entries) if line.startswith(prefix))
        return next((line for line in longer if len(line) > len(prefix)), None)

    def _read(self) -> list[str]:
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        entries: list[str] = []
        lines: list[str] = []
        for line in [*text.splitlines(), ""]:
            if line.startswith("+"):
                lines.append(line[1:])
            elif lines:
                entry = " ".join(lines)
                if not entries or entries[-1] != entry:
                    entries.append(entry)
                lines = []
        return entries[-KEPT:]

    def _write(self, line: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"\n# {dt.datetime.now()}\n+{line}\n")
        except OSError:
            logger.info("what was typed could not be kept in %s", self._path, exc_info=True)
