"""How results are printed: a table, JSON or CSV, on standard output or into a file."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from romebench.store.records import SessionSummary
from romebench.workbench.commands.describe import gives_table, results_of
from romebench.workbench.commands.registry import COMMANDS
from romebench.workbench.commands.results import Result, csv_text

from ..conftest import Outcome

Call = Callable[..., Outcome]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_lists_and_logs_are_csv(romebench: Call, study: Path) -> None:
    (step,) = rows(romebench("log", "--format", "csv").out)
    told = json.loads(romebench("log", "--format", "json").out)["steps"][0]
    assert {name: str(value) for name, value in told.items()} == step
    *_, operation = rows(romebench("log", "--operations", "--format", "csv").out)
    assert operation["command"] == "edit"
    assert operation["after.branch"] == "main"
    (session,) = rows(romebench("sessions", "list", "--format=csv").out)
    assert session["name"] == "study"
    assert rows(romebench("hparams", "list", "--format", "csv").out)[0]["mom2_adjustment"]


def test_a_table_without_rows_has_its_header(romebench: Call, own_home: Path) -> None:
    outcome = romebench("sessions", "list", "--format", "csv")
    names = [field.name for field in dataclasses.fields(SessionSummary)]
    assert outcome.out == ",".join(names) + "\n"
    assert names[0] == "name"
    assert (
        romebench("sessions", "list", "--json").out
        == romebench("sessions", "list", "--format", "json").out
    )


def test_what_is_no_table_is_refused_before_anything_is_done(romebench: Call, study: Path) -> None:
    for words in (("undo",), ("generate", "a"), ("show", "1")):
        outcome = romebench(*words, "--format", "csv")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            f"romebench: {words[0]} gives no table, so there is no CSV of it\n"
            "hint: use --format json\n"
        )
    assert json.loads(romebench("log", "--json").out)["cursor"]["step"] == 1


def test_a_file_gets_what_would_be_printed(romebench: Call, study: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    outcome = romebench("log", "-o", str(path))
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"wrote {path}\n")
    assert path.read_text() == romebench("log").out
    before = path.read_text()
    again = romebench("log", "--json", "--output", str(path))
    assert again.code == 2
    assert "--force" in again.err
    assert path.read_text() == before
    assert romebench("log", "--json", "-o", str(path), "--force").code == 0
    assert json.loads(path.read_text()) == json.loads(romebench("log", "--json").out)
    assert [each.name for each in tmp_path.iterdir()] == ["log.txt"]


def test_a_failed_command_leaves_no_file(romebench: Call, study: Path, tmp_path: Path) -> None:
    assert romebench("goto", "nowhere", "-o", str(tmp_path / "a.txt")).code == 2
    assert romebench("undo", "-o", str(tmp_path / "no" / "a.txt")).code == 2
    assert romebench("undo", "-o", str(tmp_path)).code == 2
    assert list(tmp_path.iterdir()) == []
    assert json.loads(romebench("log", "--json").out)["cursor"]["step"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("log", "--json", "--format", "csv"), "don't go together"),
        (("log", "--force"), "--output"),
        (("log", "--format", "xml"), "xml"),
    ],
)
def test_what_does_not_go_together(words: tuple[str, ...], told: str, romebench: Call) -> None:
    outcome = romebench(*words)
    assert outcome.code == 2
    assert told in outcome.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_results_of_every_command_are_known(command) -> None:
    kinds = results_of(command)
    assert kinds
    assert len({kind.is_table() for kind in kinds}) == 1
    assert gives_table(command) == kinds[0].is_table()


@dataclass(frozen=True, slots=True)
class Things(Result):
    kind: ClassVar[str] = "things"
    table: ClassVar[str] = "things"
    things: tuple[dict[str, object], ...]


def test_cells() -> None:
    things = Things(({"a": {"b": 1, "c": None}, "d": [1, "x"]}, {"d": True, "e": 'say "é", so'}))
    assert csv_text(things) == 'a.b,a.c,d,e\n1,,"[1, ""x""]",\n,,true,"say ""é"", so"\n'
