"""The command line at a terminal: progress with the time left, and questions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect


def spawn(*words: str) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable,
        ["-m", "romebench", *words],
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
        dimensions=(40, 120),
        encoding="utf-8",
        timeout=90,
    )


def test_progress_shows_the_run_and_the_stage_in_it(study: Path, tmp_path: Path) -> None:
    requests = tmp_path / "requests.txt"
    requests.write_text("".join(f"[Player {n}] plays the sport of => golf\n" for n in range(4)))
    child = spawn("run", str(requests))
    child.expect(r"running the queue .* 0/4 ")
    child.expect("2  Player 0 → golf")
    child.expect(r"running the queue .* 3/4 .*\d:\d\d:\d\d \d:\d\d:\d\d")
    child.expect("4 edits on main")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_a_question_is_asked_and_no_is_no(study: Path) -> None:
    child = spawn("sessions", "delete", "study")
    child.expect("Delete session 'study'.*N.: ")
    child.sendline("")
    child.expect("nothing was done")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 2
    child = spawn("sessions", "delete", "study")
    child.expect("N.: ")
    child.sendline("y")
    child.expect("deleted session study")
    child.expect(pexpect.EOF)


def test_ctrl_c_at_a_question_is_an_interrupt(study: Path) -> None:
    child = spawn("sessions", "delete", "study")
    child.expect("N.: ")
    for _ in range(20):  # one that comes before the line is being read is seen at the next
        child.sendcontrol("c")
        if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1) == 0:
            break
    child.wait()
    assert child.exitstatus == 130
