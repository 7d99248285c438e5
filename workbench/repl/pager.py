"""Output longer than the screen, through a pager.

What is handed over in one piece and is longer than the screen goes to the pager; what comes bit by
bit (a text as the model writes it, the steps of a run) goes straight to the terminal.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from prompt_toolkit.utils import get_cwidth

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_USUAL = (("less",), ("more",))
_LESS = "FRX"
"""As git has it: leave at once what fits on the screen, keep colours, let the text stand."""


class PagedOutput:
    """Standard output with a pager behind it.

    Args:
        terminal: Where short output goes.
        always: Page whatever is more than one line.
        tell: Told why there is no pager.

    Attributes:
        waited_s: Seconds that were spent reading in the pager.
    """

    def __init__(
        self, terminal: TextIO, *, always: bool = False, tell: Callable[[str], None]
    ) -> None:
        self._terminal = terminal
        self._always = always
        self._tell = tell
        self._held: list[str] = []
        self.waited_s = 0.0

    def write(self, text: str) -> int:
        """Hold a piece until `flush`."""
        self._held.append(text)
        return len(text)

    def flush(self) -> None:
        """Show what is held: in the pager where it is longer than the screen."""
        text, self._held = "".join(self._held), []
        if text and self._is_long(text):
            command = pager_command()
            if command and self._page(command, text):
                return
        self._terminal.write(text)
        self._terminal.flush()

    def __getattr__(self, name: str) -> Any:
        # isatty, fileno, encoding: whatever else is asked of standard output.
        return getattr(self._terminal, name)

    def _is_long(self, text: str) -> bool:
        columns, rows = shutil.get_terminal_size()
        if self._always:
            return text.count("\n") > 1
        return screen_rows(text, columns) > rows - 1

    def _page(self, command: list[str], text: str) -> bool:
        """Show a text in the pager; whether that could be done."""
        self._terminal.flush()
        less = _LESS.replace("F", "") if self._always else _LESS
        began = time.perf_counter()
        try:
            shown = subprocess.Popen(
                command, stdin=subprocess.PIPE, env={"LESS": less, "LV": "-c", **os.environ}
            )
        except OSError as error:
            self._tell(f"the pager {command[0]!r} can't be run: {error.strerror or error}")
            return False
        with _unhurt():
            shown.communicate(text.encode(errors="replace"))
        self.waited_s += time.perf_counter() - began
        return True


@contextmanager
def _unhurt() -> Iterator[None]:
    """Ctrl-C is the pager's while it runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def pager_command() -> list[str]:
    """The words that start the pager; none where there is none, or `$PAGER` is empty."""
    wanted = os.environ.get("PAGER")
    if wanted is not None:
        try:
            words = shlex.split(wanted)
        except ValueError:
            return []
        return words if words != ["cat"] else []
    return next((list(words) for words in _USUAL if shutil.which(words[0])), [])


def screen_rows(text: str, columns: int) -> int:
    """How many rows of the terminal a text takes."""
    plain = _COLOR.sub("", text)
    widths = (get_cwidth(line) for line in plain.removesuffix("\n").split("\n"))
    return sum(max(1, -(-width // max(columns, 1))) for width in widths)
