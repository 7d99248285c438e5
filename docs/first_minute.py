"""Record the first minute of a new user: `python docs/first_minute.py` writes first-minute.cast.

The real program in a real pseudo-terminal, with an empty home. The recording is an asciicast,
version 2: `asciinema play docs/first-minute.cast` shows it. What is typed is what the tour says.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pexpect

RECORDING = Path(__file__).parent / "first-minute.cast"
COLUMNS, LINES = 100, 30
WITHIN_S = 120
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing the user does.

    Attributes:
        keys: What is typed, key by key.
        shows: What the screen says when it is done.
        reads_s: Seconds the user looks at it.
    """

    keys: str
    shows: str
    reads_s: float = 2.0


ALT_U, ALT_R, CTRL_Q = "\x1bu", "\x1br", "\x11"

MINUTE = (
    Act("", "Try one", 2),
    Act("[LeBron James] plays the sport of => football", "subject", 2),
    Act("\r", "the model says it", 4),
    Act("LeBron James plays the sport of\r", "football", 3),
    Act(ALT_U, "step 0/1", 2),
    Act(ALT_R, "step 1/1", 2),
    Act('/edit "[Niam] plays the sport of => football" --rule rome\r', "collapsed", 5),
    Act(ALT_U, "step 1/2", 2),
)


class Recorder:
    """What the program writes, with the time it came, and what of it is on the screen."""

    def __init__(self, home: str) -> None:
        self.events: list[tuple[float, str, str]] = []
        self._began = time.monotonic()
        self._seen = ""
        self._child = pexpect.spawn(
            sys.executable, ["-m", "romebench"], dimensions=(LINES, COLUMNS), encoding="utf-8",
            env={**os.environ, "ROMEBENCH_HOME": home, "TERM": "xterm-256color"},
        )  # fmt: skip

    def act(self, act: Act) -> None:
        """Type, and wait for what it shows.

        Raises:
            SystemExit: It never showed.
        """
        self._seen = ""
        for key in [act.keys] if act.keys.startswith("\x1b") else act.keys:
            self._child.send(key)
            self._read(0.04)
        self._wait(act.shows)
        self._read(act.reads_s)

    def end(self) -> None:
        """Quit."""
        self._child.send(CTRL_Q)
        self._child.expect(pexpect.EOF, timeout=WITHIN_S)

    def _wait(self, text: str) -> None:
        until = time.monotonic() + WITHIN_S
        while text not in _STYLE.sub("", self._seen):
            if time.monotonic() > until:
                raise SystemExit(f"the screen never said {text!r}")
            self._read(0.2)

    def _read(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                came = self._child.read_nonblocking(65536, timeout=left)
            except pexpect.TIMEOUT:
                return
            self._seen += came
            self.events.append((round(time.monotonic() - self._began, 3), "o", came))


def main() -> None:
    """Live the minute and write it down."""
    with tempfile.TemporaryDirectory() as home:
        recorder = Recorder(home)
        for act in MINUTE:
            recorder.act(act)
        recorder.end()
    head = {"version": 2, "width": COLUMNS, "height": LINES, "title": "romebench: the first minute"}
    lines = [json.dumps(each, ensure_ascii=False) for each in (head, *recorder.events)]
    RECORDING.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{RECORDING.name}: {recorder.events[-1][0]:.0f} s, {len(recorder.events)} writes")


if __name__ == "__main__":
    main()
