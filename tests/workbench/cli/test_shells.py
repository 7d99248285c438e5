"""Completion in a shell, and the description for programs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from romebench.workbench.cli.fronts import OWN_WORDS
from romebench.workbench.cli.shells import SCRIPTS, candidates
from romebench.workbench.commands.registry import COMMANDS
from romebench.workbench.settings import SETTINGS

from ..conftest import Outcome

Call = Callable[..., Outcome]


def found(line: str) -> list[str]:
    *before, last = line.split(" ")
    return [text for text, _ in candidates(before, last)]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("se", ["serve", "sessions"]),
        ("sessions re", ["rename"]),
        ("--session study lo", ["log"]),
        ("--session s", ["study"]),
        ("--color n", ["never"]),
        ("log --session ", ["study"]),
        ("log --form", ["--format"]),
        ("log --format ", ["table", "json", "csv"]),
        ("edit --rule=p", ["--rule=p-rome"]),
        ("edit --rule = p", ["p-rome"]),
        ("show ", ["main", "base", "1"]),
        ("goto m", ["main"]),
        ("sessions show st", ["study"]),
        ("config set rule ro", ["rome", "rome-kbar"]),
        ("config set max", ["max_new_tokens"]),
        ("completion z", ["zsh"]),
        ("repl --gua", ["--guard"]),
        ("tui --guard w", ["warn"]),
        ("repl st", ["study"]),
        ("--vers", ["--version"]),
        ("nothing ", []),
        ("export --to ./", []),
    ],
)
def test_what_can_follow(line: str, wanted: list[str], study: Path) -> None:
    assert found(line) == wanted


def test_a_script_for_each_shell(romebench: Call) -> None:
    for shell, script in SCRIPTS.items():
        assert romebench("completion", shell).out == script
        assert f"completion {shell} -- " in script
    outcome = romebench("completion", "bash", "--", "lo")
    assert outcome.out == "log\tdraw the tree of steps, or list every operation\n"
    assert romebench("completion", "tcsh").code == 2


def test_bash_completes_with_it(study: Path, tmp_path: Path) -> None:
    """A real bash, with `romebench` on its path."""
    command = tmp_path / "romebench"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m romebench "$@"\n')
    command.chmod(0o755)
    script = f"""
        PATH="{tmp_path}:$PATH"
        source <(romebench completion bash)
        COMP_WORDS=(romebench log --session "") COMP_CWORD=3
        _romebench
        printf '%s\\n' "${{COMPREPLY[@]}}"
        complete -p romebench
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "study", "complete -o bashdefault -o default -F _romebench romebench",
    ]  # fmt: skip


@pytest.mark.parametrize(("shell", "flag"), [("zsh", "-n"), ("fish", "--no-execute")])
def test_the_scripts_are_no_nonsense(shell: str, flag: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    path = tmp_path / "script"
    path.write_text(SCRIPTS[shell])
    subprocess.run([shell, flag, str(path)], check=True)


def test_everything_is_described_for_programs(romebench: Call) -> None:
    outcome = romebench("--spec")
    assert (outcome.code, outcome.err) == (0, "")
    spec = json.loads(outcome.out)
    assert [each["name"] for each in spec["commands"]] == [each.name for each in COMMANDS]
    edit = next(each for each in spec["commands"] if each["name"] == "edit")
    assert (edit["effect"], edit["needs"], edit["csv"]) == ("write", "model", False)
    assert edit["results"] == ["edit"]
    rule = next(each for each in edit["params"] if each["name"] == "rule")
    assert rule["choices"] == ["rome", "r-rome", "p-rome", "rome-kbar"]
    log = next(each for each in spec["commands"] if each["name"] == "log")
    assert ["--output", "-o"] in [each["flags"] for each in log["options"]]
    assert spec["exit_codes"]["130"] == "interrupted"
    assert [each["key"] for each in spec["settings"]] == [each.key for each in SETTINGS]
    assert set(spec["front_ends"]) == set(OWN_WORDS)
