"""The workbench as somebody at a terminal meets it: a real process, keys, an editor, a resize."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from romebench.store import Database, Repository
from romebench.workbench.paths import Paths

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<>=]*[A-Za-z]|[()][A-Z0-9]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
ALT_U, F4, CTRL_Q = "\x1bu", "\x1bOS", "\x11"


class Terminal:
    """A workbench in a pseudo-terminal, and what it has written since the last key."""

    def __init__(self, **env: str) -> None:
        self._seen = ""
        self.child = pexpect.spawn(
            sys.executable, ["-m", "romebench"], dimensions=(30, 100), encoding="utf-8",
            env={**os.environ, "TERM": "xterm-256color", **env}, timeout=60,
        )  # fmt: skip

    def type(self, keys: str) -> None:
        """Send keys; what was on the screen before counts no more."""
        self._seen = ""
        self.child.send(keys)

    def wait(self, text: str, seconds: float = 90) -> None:
        """Until the screen has said something."""
        until = time.monotonic() + seconds
        while text not in _ESCAPES.sub("", self._seen):
            assert time.monotonic() < until, f"never said {text!r}: {self._seen[-2000:]!r}"
            try:
                self._seen += self.child.read_nonblocking(65536, timeout=0.1)
            except pexpect.TIMEOUT:
                continue

    def leave(self) -> None:
        """Quit as a user does."""
        self.type(CTRL_Q)
        self.child.expect(pexpect.EOF)
        self.child.wait()


@pytest.fixture
def editor(tmp_path: Path) -> Path:
    """An editor that says it is there, keeps what it was given, and leaves two lines."""
    script = tmp_path / "editor.sh"
    script.write_text(
        "#!/bin/sh\n"
        'echo "the editor has the terminal"\n'
        f'cp "$1" {tmp_path / "given"}\n'
        "printf 'Angela Merkel\\nis a citizen of\\n' > \"$1\"\n"
    )
    script.chmod(0o755)
    return script


@pytest.fixture
def terminal(own_home: Path, editor: Path) -> Iterator[Terminal]:
    terminal = Terminal(EDITOR=str(editor), VISUAL="")
    yield terminal
    terminal.child.close(force=True)


def test_an_edit_an_editor_a_resize_and_an_undo(
    terminal: Terminal, own_home: Path, tmp_path: Path
) -> None:
    terminal.wait("Try one")
    terminal.type("[LeBron James] plays the sport of => football\r")
    terminal.wait("the model says it")
    terminal.type("half a prompt")
    terminal.wait("half a prompt")
    terminal.type(F4)
    terminal.wait("the editor has the terminal")
    terminal.wait("is a citizen of")  # sent at once: two lines can't be typed on in one
    assert (tmp_path / "given").read_text() == "half a prompt"
    terminal.child.setwinsize(24, 80)
    terminal.wait("History")
    terminal.type(ALT_U)
    terminal.wait("step 0/1")
    terminal.leave()
    assert terminal.child.exitstatus == 0
    with Database.open(Paths.under(own_home).store) as database:
        repository = Repository(database)
        record = repository.session("pocket")
        assert repository.cursor(record.id).step == 0
        prompts = [found.prompt for found in repository.generations(record.id)]
        assert "Angela Merkel\nis a citizen of" in prompts


def test_an_editor_that_fails_is_told_and_leaves_the_line(own_home: Path) -> None:
    terminal = Terminal(EDITOR="false", VISUAL="")
    terminal.wait("Try one")
    terminal.type("keep me")
    terminal.wait("keep me")
    terminal.type(F4)
    terminal.wait("ended with")
    terminal.wait("keep me")
    terminal.leave()
    assert terminal.child.exitstatus == 0
