"""Completion from the registry and from live state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from romebench.engine.request import EditRequest
from romebench.workbench.bench import Bench
from romebench.workbench.commands.complete import complete
from romebench.workbench.paths import Paths


@pytest.fixture
def bench(study: Path) -> Iterator[Bench]:
    with Bench(Paths.under(study)) as bench:
        yield bench


def texts(line: str, bench: Bench, **options: bool) -> list[str]:
    return [found.text for found in complete(line, bench, **options)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("un", ["undo"]),
        ("/un", ["undo"]),
        ("q", ["queue"]),
        ("queue ", ["add", "list", "clear"]),
        ("sessions re", ["rename"]),
        ("sessions open ", ["study"]),
        ("log --session ", ["study"]),
        ("goto ", ["main", "base", "1"]),
        ("goto b", ["base"]),
        ("show ", ["main", "base", "1"]),
        ("branch new --at ", ["main", "base", "1"]),
        ("edit --rule r", ["rome", "r-rome", "rome-kbar"]),
        ("edit --hparams po", ["pocket"]),
        ("generate x --at ", ["cursor", "base"]),
        ("undo --s", ["--session"]),
        ("undo --format ", ["table", "json", "csv"]),
        ("log --color never --o", ["--operations", "--output"]),
        ("queue clear --y", ["--yes"]),
        ("[lebron", ["LeBron James]"]),
        ("The [eiffel", ["Eiffel Tower]"]),
        ("[LeBron James]", [" plays the sport of => "]),
        ("[LeBron James] plays", [" plays the sport of => "]),
        ("[Nobody] is", [" is => "]),
        ("[Nobody] is =", []),
        ("The capital of [Poland] is => Wars", ["Warsaw"]),
        ("[LeBron James] plays the sport of => f", ["football"]),
        ("LeBron James pl", ["LeBron James plays the sport of"]),
        (r"\[LeBron", []),
        ("edit [LeBron J", ["LeBron James]"]),
        ('generate "LeBron James pl', ["LeBron James plays the sport of"]),
        ("generate -n 3 LeBron J", ["LeBron James plays the sport of"]),
        ("generate LeBron -n 3 J", []),
        ("vectors x --layer ", [str(layer) for layer in range(6)]),
        ("sweep-layers x --layer 1,5", ["1,5"]),
        ("nonsense ", []),
        ("goto main ", []),
    ],
)
def test_what_follows(line: str, found: list[str], bench: Bench) -> None:
    assert texts(line, bench) == found


def test_subjects_of_the_session_come_first_and_once(bench: Bench) -> None:
    found = complete("[", bench)
    assert (found[0].text, found[0].about) == ("LeBron James]", "step 1 → football")
    assert [each.text for each in found].count("LeBron James]") == 1
    bench.session(write=True).enqueue([EditRequest("{} is", "A queued subject", "x")], "test")
    (queued,) = complete("[a queued", bench)
    assert queued.about == "queued"


def test_an_option_is_offered_once(bench: Bench) -> None:
    assert "--limit" in texts("log --", bench)
    assert "--limit" not in texts("log --limit 3 --", bench)


def test_without_bare_commands_only_a_slash_begins_one(bench: Bench) -> None:
    assert texts("un", bench, bare=False) == []
    assert texts("[LeBron", bench, bare=False) == []
    assert texts("/un", bench, bare=False) == ["undo"]


def test_files_with_spaces_are_quoted(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my requests.json").touch()
    (tmp_path / "more").mkdir()
    (tmp_path / ".hidden").touch()
    assert texts("run m", bench) == ["more/", '"my requests.json"']
    assert texts('run "my r', bench) == ['"my requests.json"']
    assert texts("run .h", bench) == [".hidden"]


def test_the_remark_tells_what_a_step_is(bench: Bench) -> None:
    (step,) = (found for found in complete("show 1", bench))
    assert step.about == "LeBron James → football"
    assert step.start == len("show ")


def test_a_store_that_cannot_be_read_completes_nothing(tmp_path: Path) -> None:
    (tmp_path / "romebench.sqlite3").write_text("no store")
    with Bench(Paths.under(tmp_path)) as bench:
        assert texts("sessions open ", bench) == []
        assert texts("und", bench) == ["undo"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.text(max_size=30))
def test_any_line_can_be_completed(line: str, bench: Bench) -> None:
    for found in complete(line, bench):
        assert 0 <= found.start <= len(line)
