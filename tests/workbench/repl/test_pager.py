"""Output longer than the screen goes through the pager, and nothing else does."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from romebench.workbench.repl.pager import PagedOutput, pager_command, screen_rows
from romebench.workbench.repl.stopwatch import Stopwatch

LONG = "".join(f"line {n}\n" for n in range(20))


@pytest.fixture
def paged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file a pager writes what it is given to."""
    path = tmp_path / "paged"
    monkeypatch.setenv("PAGER", f"sh -c 'cat > {path}'")
    monkeypatch.setenv("LINES", "10")
    monkeypatch.setenv("COLUMNS", "20")
    return path


def output(told: list[str] | None = None, **options: bool) -> tuple[PagedOutput, io.StringIO]:
    terminal = io.StringIO()
    return PagedOutput(
        terminal, tell=(told if told is not None else []).append, **options
    ), terminal


def test_one_long_piece_is_paged_and_many_short_ones_are_not(paged: Path) -> None:
    out, terminal = output()
    for line in LONG.splitlines(keepends=True):
        out.write(line)
        out.flush()
    assert terminal.getvalue() == LONG
    assert not paged.exists()
    out.write(LONG)
    out.flush()
    assert paged.read_text() == LONG
    assert terminal.getvalue() == LONG
    assert out.waited_s > 0


def test_long_lines_count_as_the_rows_they_take() -> None:
    assert screen_rows("x" * 41 + "\n", 20) == 3
    assert screen_rows("\x1b[1mbold\x1b[0m\n\nend", 20) == 3
    assert screen_rows("漢" * 11, 20) == 2


def test_always_means_every_result(paged: Path) -> None:
    out, terminal = output(always=True)
    out.write("one\n")
    out.flush()
    out.write("one\ntwo\n")
    out.flush()
    assert terminal.getvalue() == "one\n"
    assert paged.read_text() == "one\ntwo\n"


def test_where_there_is_no_pager_everything_is_written(
    paged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wanted in ("", "cat", "no-such-pager -x", "'"):
        monkeypatch.setenv("PAGER", wanted)
        told: list[str] = []
        out, terminal = output(told)
        out.write(LONG)
        out.flush()
        assert terminal.getvalue() == LONG
        assert bool(told) is wanted.startswith("no-such")
    monkeypatch.delenv("PAGER")
    monkeypatch.setenv("PATH", str(paged.parent))
    assert pager_command() == []


def test_a_pager_that_leaves_early_disturbs_nobody(
    paged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", "true")
    out, terminal = output()
    out.write(LONG * 10_000)
    out.flush()
    out.write("next\n")
    out.flush()
    assert terminal.getvalue() == "next\n"


def test_reading_in_the_pager_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, waited, told = [0.0], [0.0], []
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    watch = Stopwatch(told.append, on=True, waited=lambda: waited[0])

    def act(work: float, reading: float) -> int:
        clock[0] += work + reading
        waited[0] += reading
        return 3

    assert watch.time(lambda: act(0.1, 60.0)) == 3
    assert told == []
    watch.time(lambda: act(83.0, 60.0))
    assert told == ["took 1:23"]
