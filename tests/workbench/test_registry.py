"""Every command of the registry does its work from the command line and from the REPL."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from romebench.workbench.bench import Bench
from romebench.workbench.commands.parsing import Invocation, help_of, parse
from romebench.workbench.commands.registry import COMMANDS, GROUPS, find
from romebench.workbench.commands.spec import Command, Effect, fields_of
from romebench.workbench.commands.words import split_words
from romebench.workbench.paths import Paths
from romebench.workbench.repl.lines import Lines

from .conftest import Outcome

by_name = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


NEEDS_AN_EXTRA = {"eval harness"}
"""Run where the harness is installed, in tests/sessions/evaluation/test_harness.py."""


def test_the_script_has_every_command(script: list[str]) -> None:
    asked = [parse(split_words(line)) for line in script]
    assert {each.command.name for each in asked if isinstance(each, Invocation)} == {
        command.name for command in COMMANDS
    } - NEEDS_AN_EXTRA


def test_every_command_runs_from_the_command_line(
    romebench: Callable[..., Outcome], script: list[str], tmp_path: Path
) -> None:
    for line in script:
        outcome = romebench(*split_words(line), "--json")
        assert outcome.code == 0, f"{line}\n{outcome.err}"
        result = json.loads(outcome.out)
        assert isinstance(result, dict), line
        assert result["result"], line
    assert (tmp_path / "study.safetensors").stat().st_size > 0


def test_every_command_runs_from_the_repl(
    capsys: pytest.CaptureFixture[str], script: list[str], own_home: Path
) -> None:
    with Bench(Paths.discover()) as bench:
        lines = Lines(bench)
        for line in script:
            capsys.readouterr()
            code = lines.take(line)
            caught = capsys.readouterr()
            assert code == 0, f"{line}\n{caught.err}"
            assert caught.out.strip(), line


@by_name
def test_help_names_every_parameter(command: Command) -> None:
    text = help_of(command)
    for spec in fields_of(command.params):
        for word in spec.flags or (spec.metavar,):
            assert word in text
    assert ("--yes" in text) == (command.effect is Effect.DESTRUCTIVE)
    assert ("--session" in text) == command.takes_session
    assert ("--trust-remote-code" in text) == (
        command.creates or any(s.name == "trust_remote_code" for s in fields_of(command.params))
    )


@by_name
def test_a_command_is_well_declared(command: Command) -> None:
    assert command.summary
    assert not command.summary.endswith(".")
    assert command.summary[0].islower()
    assert command.examples
    assert command.group in GROUPS
    assert bool(command.question) == (command.effect is Effect.DESTRUCTIVE)
    for spec in fields_of(command.params):
        assert spec.help.endswith((".", "]")), spec.name
    for example in command.examples:
        parsed = parse(split_words(example.split(" < ")[0].split(" > ")[0]))
        assert isinstance(parsed, Invocation)
        assert parsed.command is command


@by_name
def test_the_help_screen_and_the_repl_list_it(
    command: Command, romebench: Callable[..., Outcome]
) -> None:
    assert f"  {command.name} " in romebench("--help").out
    assert romebench(*command.name.split(), "--help").code == 0
    assert find(command.name) is command


def test_help_lists_the_exit_codes(romebench: Callable[..., Outcome]) -> None:
    text = romebench("--help").out.partition("Exit codes:")[2]
    assert [line.split()[0] for line in text.strip().splitlines()] == [
        "0", "1", "2", "3", "4", "5", "130",
    ]  # fmt: skip
