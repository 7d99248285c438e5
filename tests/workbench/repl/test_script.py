"""`romebench repl < script`: line by line, with the exit code of what failed."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.repl.lines import Lines
from romebench.workbench.repl.own import OWN
from romebench.workbench.repl.scripts import DEEPEST, Leave
from romebench.workbench.repl.stopwatch import Stopwatch


def test_an_edit_changes_the_answer_and_undo_brings_it_back(own_home: Path) -> None:
    script = """
        # the first minute
        generate LeBron James plays the sport of --greedy -n 2
        [LeBron James] plays the sport of => football
        generate "LeBron James \\
plays the sport of" --greedy -n 2
        undo
        generate LeBron James plays the sport of --greedy -n 2
        redo
        goto nowhere
        log
        """
    done = subprocess.run(
        [sys.executable, "-m", "romebench", "repl"],
        input=script,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 2
    assert "romebench: standard input:10: 'nowhere'" in done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("LeBron James plays")]
    assert [line.rsplit(maxsplit=1)[1].strip(".") for line in said] == [
        "basketball",
        "football",
        "basketball",
    ]


@pytest.fixture
def script(
    romebench: Callable[..., object], study: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Give a script to `romebench repl` in this process."""

    def script(text: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        done = romebench("repl", *words)
        return done.code, done.out, done.err

    return script


def test_the_first_failure_ends_a_script_with_its_code(script) -> None:
    code, out, err = script("undo\nundo\nlog\n")
    assert code == 2
    assert "standard input:2: nothing to undo" in err
    assert "@" not in out.replace("base", "")


def test_keep_going_does_the_rest_and_tells_the_first_code(script) -> None:
    code, out, err = script(
        "goto nowhere\nlog --session none\nlog --session study\n", "--keep-going"
    )
    assert code == 2
    assert "nowhere" in err
    assert "standard input:2:" in err
    assert "LeBron James → football" in out


def test_exit_ends_a_script_with_what_it_came_to(script) -> None:
    assert script("/quit\nlog\n") == (0, "", "")
    assert script("goto nowhere\nexit\nlog\n", "--keep-going")[:2] == (2, "")


def test_a_session_named_at_the_start_that_contradicts(script) -> None:
    code, _, err = script("log\n", "study", "--model", "gpt2-xl")
    assert code == 2
    assert "gpt2-xl" in err


def test_a_destructive_line_in_a_script_needs_a_yes(script) -> None:
    assert script("sessions delete study\n")[0] == 2
    code, out, _ = script("sessions delete study -y\n")
    assert (code, out) == (0, "deleted session study (1 step)\n")


def test_a_quote_that_stays_open_is_named_where_it_begins(script) -> None:
    code, _, err = script('log\ngenerate "one\ntwo\nlog\n')
    assert code == 2
    assert "standard input:2: the quote in '\"one" in err


def test_source_does_a_file_and_names_the_place_of_a_failure(
    script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outer.txt").write_text("undo\n\nsource 'inner one.txt'\nlog\n")
    (tmp_path / "inner one.txt").write_text("# twice\nredo\nredo\n")
    code, out, err = script("source outer.txt\nlog\n")
    assert code == 2
    assert "romebench: inner one.txt:3: nothing to redo" in err
    assert "from outer.txt:3, from standard input:1" in err
    assert ["(undid 1 step)" in line for line in out.splitlines()] == [True, False]
    assert "(redid 1 step)" in out
    (tmp_path / "self.txt").write_text("source self.txt\n")
    code, _, err = script("source self.txt\n")
    assert code == 2
    assert f"self.txt:1: self.txt is the {DEEPEST}th file" in err
    (tmp_path / "bad.txt").write_bytes(b"log\n\xff\n")
    for line, said in (
        ("source nothing.txt", "standard input:1: nothing.txt: No such file"),
        ("source .", "standard input:1: .: Is a directory"),
        ("source bad.txt", "bad.txt: not UTF-8 text"),
        ("source", "standard input:1: source needs other words"),
        ("time flies", "standard input:1: time needs other words"),
    ):
        code, _, err = script(line + "\n")
        assert (code, said in err) == (2, True), err
    (tmp_path / "leave.txt").write_text("exit\n")
    assert script("source leave.txt\nlog\n") == (0, "", "")


@pytest.fixture
def lines(study: Path) -> Lines:
    return Lines(Bench(Paths.under(study)))


def test_help_lists_and_explains(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines.take("help") == 0
    listed = capsys.readouterr().out
    for word in OWN:
        assert word.name in listed
        assert lines.take(f"help {word.name}") == 0
        assert word.summary.capitalize() in capsys.readouterr().out
        assert lines.take(f"{word.name} --help") == 0
    assert lines.take("help undo") == 0
    assert lines.take("/help sessions list") == 0
    assert "sessions list" in listed
    assert "How many steps." in capsys.readouterr().out
    assert lines.take("help nothing") == 2


def test_text_that_begins_with_a_command_tells_how_to_generate(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("show me the way to Rome", "time flies like an arrow"):
        assert lines.take(text) == 2
        assert f'generate "{text}"' in capsys.readouterr().err


def test_an_error_keeps_it_alive(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines.take("goto nowhere") == 2
    assert lines.take("[] is => x") == 2
    assert lines.take('log "open') == 2
    assert lines.take("log") == 0
    assert lines.take("log\ngoto nowhere\nexit") == 2
    with pytest.raises(Leave):
        lines.take("log\nexit")


def test_time_is_said_and_switched(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("romebench.workbench.repl.stopwatch.BLINK_S", 0.0)
    told: list[str] = []
    lines = Lines(Bench(Paths.under(study)), stopwatch=Stopwatch(told.append, on=True))
    lines.take("log")
    assert told[0].startswith("took ")
    lines.take("time off\nlog\ntime\nlog\ntime on\ntime")
    assert len(told) == 2
    assert [line for line in capsys.readouterr().err.splitlines() if "time is" in line] == [
        "time is off",
        "time is on",
        "time is on",
        "time is off",
    ]


def test_a_typed_colour_wins_over_the_settings(
    script: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROMEBENCH_COLOR", "always")
    assert "\x1b[" in script("log\n")[1]
    assert "\x1b[" not in script("log\n", "--color", "auto")[1], "it isn't a terminal"
