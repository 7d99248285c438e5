"""`romebench repl < script`: line by line, with the exit code of what failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from romebench.hparams import load_preset
from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.repl.lines import Leave, Lines
from romebench.workbench.repl.toolbar import toolbar


def script(text: str, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "romebench", "repl", *words],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def test_an_edit_changes_the_answer_and_undo_brings_it_back(own_home: Path) -> None:
    code, out, err = script(
        """
        # the first minute
        generate LeBron James plays the sport of --greedy -n 2
        [LeBron James] plays the sport of => football
        generate LeBron James plays the sport of --greedy -n 2
        undo
        generate LeBron James plays the sport of --greedy -n 2
        redo
        """
    )
    assert code == 0, err
    said = [line for line in out.splitlines() if line.startswith("LeBron James plays")]
    assert [line.rsplit(maxsplit=1)[1].strip(".") for line in said] == [
        "basketball",
        "football",
        "basketball",
    ]


def test_the_first_failure_ends_a_script_with_its_code(study: Path) -> None:
    code, out, err = script("undo\nundo\nlog\n")
    assert code == 2
    assert "nothing to undo" in err
    assert "@" not in out.replace("base", "")


def test_keep_going_does_the_rest_and_tells_the_first_code(study: Path) -> None:
    code, out, err = script(
        "goto nowhere\nlog --session none\nlog --session study\n", "--keep-going"
    )
    assert code == 2
    assert "nowhere" in err
    assert "LeBron James → football" in out


def test_exit_ends_a_script(study: Path) -> None:
    code, out, _ = script("/quit\nlog\n")
    assert (code, out) == (0, "")


def test_a_session_named_at_the_start_that_contradicts(study: Path) -> None:
    code, _, err = script("log\n", "study", "--model", "gpt2-xl")
    assert code == 2
    assert "gpt2-xl" in err


def test_a_destructive_line_in_a_script_needs_a_yes(study: Path) -> None:
    assert script("sessions delete study\n")[0] == 2
    code, out, _ = script("sessions delete study -y\n")
    assert (code, out) == (0, "deleted session study (1 step)\n")


@pytest.fixture
def lines(study: Path) -> Lines:
    return Lines(Bench(Paths.under(study)))


def test_help_lists_and_explains(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines.take("help") == 0
    listed = capsys.readouterr().out
    assert lines.take("help undo") == 0
    assert lines.take("/help sessions list") == 0
    assert "undo" in listed
    assert "sessions list" in listed
    assert "How many steps." in capsys.readouterr().out


def test_text_that_begins_with_a_command_tells_how_to_generate(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lines.take("show me the way to Rome") == 2
    assert 'generate "show me the way to Rome"' in capsys.readouterr().err


def test_an_error_keeps_it_alive(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines.take("goto nowhere") == 2
    assert lines.take("[] is => x") == 2
    assert lines.take('log "open') == 2
    assert lines.take("log") == 0
    with pytest.raises(Leave):
        lines.take("exit")


def test_the_toolbar_follows(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    assert toolbar(Bench(lines.bench.paths)) == " no session yet: an edit makes one"
    status = lines.bench.resume()
    assert status is not None
    assert status.verdict
    assert toolbar(lines.bench) == (
        f" study │ pocket (not loaded) │ r-rome @ layer {load_preset('pocket').layer} │ C "
        f"│ step 1 (1/1) on main │ {status.verdict}"
    )
    lines.take("undo")
    assert "base (0/1) on main" in toolbar(lines.bench)
    lines.bench.close()
