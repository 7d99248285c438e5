"""Key to paint through a real pseudo-terminal: the whole program, seen from outside."""

from __future__ import annotations

import os
import select
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pexpect

from .echo import LINE, Clock, Echo, Latencies, plain
from .requests import write_requests

ROWS, COLUMNS = 36, 120
PLACEHOLDER = "a prompt, "
CLEAR, ENTER, ESCAPE, QUIT = "\x15", "\r", "\x1b", "\x11"
PATIENCE_S = 120.0
QUIET_S = 1.0


class Terminal:
    """The workbench in a pseudo-terminal, being typed at."""

    def __init__(self, home: Path) -> None:
        self.store = home / "romebench.sqlite3"
        self.echo = Echo("the model loads")
        self._shown = ""
        self._clock = Clock()
        self._line = ""
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "romebench"],
            env={**os.environ, "ROMEBENCH_HOME": str(home), "TERM": "xterm-256color"},
            dimensions=(ROWS, COLUMNS),
            timeout=PATIENCE_S,
        )
        # pexpect waits before it sends, and a key must go when it is due.
        self._child.delaybeforesend = None

    def wait_for(self, text: str) -> None:
        """Read until a text is painted."""
        self.until(lambda: text in self._shown, typing=False)

    def until(self, done: Callable[[], bool], *, typing: bool = True) -> None:
        """Type by the clock until something holds, reading all the while.

        Raises:
            TimeoutError: It never does.
        """
        deadline, asked = time.monotonic() + PATIENCE_S, 0.0
        self._clock.due = time.perf_counter()
        letter = self._clock.next()
        while True:
            now = time.perf_counter()
            if typing and now >= self._clock.due:
                letter = self._clock.next() if self._type(letter) else letter
            self._read(max(self._clock.due - time.perf_counter(), 0.0) if typing else 0.05)
            if now - asked > 0.2:
                asked = now
                if done():
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {PATIENCE_S:.0f} s")

    def send(self, text: str) -> None:
        """Send a whole line, after the one that was being typed is cleared."""
        self.settle()
        self._child.send(text)

    def settle(self) -> None:
        """Wait until every letter is painted, and clear the line."""
        self.until(lambda: not self.echo.waiting, typing=False)
        self._child.send(CLEAR)
        # A key that is bound acts a moment later than letters that follow it in one burst.
        time.sleep(QUIET_S)
        self._line = ""

    def typed(self, phase: str, keys: int) -> None:
        """Type so many letters."""
        self.echo.phase = phase
        self.until(lambda: self.echo.count(phase) >= keys)
        self.settle()

    def leave(self) -> None:
        """Cancel what runs and quit."""
        self._child.send(ESCAPE)
        time.sleep(QUIET_S)
        self._child.send(QUIT)
        self.until(lambda: not self._child.isalive(), typing=False)
        self._child.close(force=True)

    def count(self, table: str) -> int:
        """Rows of a table of the store."""
        if not self.store.exists():
            return 0
        try:
            with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as store:
                return int(store.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0

    def _type(self, letter: str) -> bool:
        """Type a letter; or clear a full line, and rest. Whether it was typed."""
        if len(self._line) >= LINE:
            self._child.send(CLEAR)
            self._line = ""
            # A bound key may act after letters that follow at once, and would delete them.
            self._clock.due += QUIET_S
            return False
        self._line += letter
        self.echo.typed(self._line, self._clock.due)
        self._child.send(letter)
        return True

    def _read(self, seconds: float) -> None:
        if not select.select([self._child.child_fd], [], [], seconds)[0]:
            return
        try:
            data = os.read(self._child.child_fd, 1 << 16)
        except OSError:
            return
        self._shown = (self._shown + plain(data.decode(errors="replace")))[-4000:]
        self.echo.painted(self._shown)


def measure(keys: int) -> dict[str, Latencies]:
    """Type while the model loads, while nothing runs, and while edits follow one another."""
    with tempfile.TemporaryDirectory() as folder:
        requests = write_requests(Path(folder) / "requests.txt")
        terminal = Terminal(Path(folder) / "home")
        terminal.wait_for(PLACEHOLDER)
        terminal.until(lambda: terminal.count("sessions") > 0)
        terminal.settle()
        time.sleep(QUIET_S)
        terminal.typed("nothing runs", keys)
        terminal.send(f"/run {requests}{ENTER}")
        terminal.until(lambda: terminal.count("steps") > 0, typing=False)
        terminal.typed("edits run", keys)
        terminal.leave()
    return {phase: Latencies(found) for phase, found in terminal.echo.ms.items()}
