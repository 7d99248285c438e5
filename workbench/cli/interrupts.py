"""Ctrl-C: the first asks the running command to stop, the second leaves at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from ...errors import ExitCode

_SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Inside, Ctrl-C sets the event given; a second Ctrl-C ends the process.

    Leaving at once is safe: whatever was not committed leaves no trace in the store.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def handle(_: int, __: FrameType | None) -> None:
        if stop.is_set():
            _leave()
        stop.set()
        _tell("\nstopping at the next safe point; Ctrl-C again leaves at once\n")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _leave() -> None:
    _tell(_SHOW_CURSOR + "\n" if sys.stderr.isatty() else "\n")
    os._exit(ExitCode.INTERRUPTED)


def _tell(text: str) -> None:
    # Not through sys.stderr: a handler may run while its buffer's lock is held.
    with suppress(OSError):
        os.write(2, text.encode())
