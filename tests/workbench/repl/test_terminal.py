"""The REPL as somebody at a terminal meets it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

PROMPT = "rome>\x1b[0m"
WHERE_IS_THE_CURSOR, IN_ROW_TEN = "\x1b[6n", "\x1b[10;1R"


def at_prompt(child: pexpect.spawn) -> None:
    """Wait for a prompt, answering as a terminal does: without that there is no toolbar."""
    child.expect_exact(WHERE_IS_THE_CURSOR)
    child.send(IN_ROW_TEN)
    child.expect_exact(PROMPT)


@pytest.fixture
def repl(own_home: Path) -> Iterator[pexpect.spawn]:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "romebench", "repl"],
        env={
            **os.environ,
            "TERM": "xterm",
            "NO_COLOR": "1",
            "LINES": "40",
            "COLUMNS": "120",
            "PAGER": f"sh -c 'cat > {own_home / 'paged'}'",
        },
        dimensions=(40, 120),
        encoding="utf-8",
        timeout=60,
    )
    child.expect("Ctrl-D leaves")
    at_prompt(child)
    yield child
    child.close(force=True)


def test_the_first_minute(repl: pexpect.spawn, own_home: Path) -> None:
    repl.sendline("[LeBron James] plays the sport of => football")
    repl.expect("made session 'pocket'")
    repl.expect("LeBron James → football")
    repl.expect("probability")
    repl.expect(r"took \d")
    at_prompt(repl)
    repl.expect(r"step 1 \(1/1\) on main")
    repl.sendline("generate LeBron James plays the sport of --greedy -n 2")
    repl.expect("sport of football")
    at_prompt(repl)
    repl.sendline("undo")
    repl.expect("undid 1 step")
    at_prompt(repl)
    repl.expect(r"base \(0/1\) on main")
    repl.sendline("goto nowhere")
    repl.expect("romebench: 'nowhere'")
    at_prompt(repl)
    repl.send("hpar\t")
    repl.expect("hparams")
    repl.sendcontrol("c")
    at_prompt(repl)
    repl.send("\x1bOS")
    repl.expect("vi insert")
    repl.sendline("help")
    at_prompt(repl)
    assert "The line editor" in (own_home / "paged").read_text()
    repl.sendline("sessions delete pocket")
    repl.expect("Delete session 'pocket'.*N.: ")
    repl.sendline("n")
    repl.expect("nothing was done")
    at_prompt(repl)
    repl.sendline("sessions delete pocket")
    repl.expect("Delete session 'pocket'.*N.: ")
    repl.sendline("y")
    repl.expect("deleted session pocket")
    at_prompt(repl)
    repl.sendeof()
    repl.expect(pexpect.EOF)
    repl.wait()
    assert repl.exitstatus == 0
    assert "+undo" in (own_home / "state" / "history").read_text()


def test_ctrl_c_cancels_the_call_and_keeps_the_session(repl: pexpect.spawn, tmp_path: Path) -> None:
    many = tmp_path / "many.txt"
    many.write_text("".join(f"[Player {n}] plays the sport of => golf\n" for n in range(60)))
    script = tmp_path / "script.txt"
    script.write_text(f"run {many}\nsessions delete pocket -y\n")
    repl.sendline(f"source {script}")
    repl.expect("1  Player 0 → golf")
    repl.sendcontrol("c")
    repl.expect("stopping")
    repl.expect("script.txt:1: .*cancelled")
    at_prompt(repl)
    repl.sendline("log --operations")
    repl.expect("step +ok")
    at_prompt(repl)
    repl.sendline("undo")
    repl.expect("undid 1 step")
    at_prompt(repl)
    repl.sendline("exit")
    repl.expect(pexpect.EOF)
    repl.wait()
    assert repl.exitstatus == 0
