"""Bad input: a clear message on standard error, the right exit code, no traceback, nothing lost."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from romebench.engine.pocket import model_path

from ..conftest import Outcome

Call = Callable[..., Outcome]

LONG = "word " * 3000


@dataclass(frozen=True)
class Case:
    """A command line that can't work: `{}` in the words stands for the test's folder."""

    name: str
    words: tuple[str, ...]
    code: int
    told: tuple[str, ...]


EDIT = ("edit", "[LeBron James] plays the sport of => football")

CASES = [
    Case("no hole", ("edit", "-p", "plays", "-s", "x", "-t", "y"), 2, ("no {}", "exactly one {}")),
    Case("two holes", ("edit", "-p", "{} and {}", "-s", "x", "-t", "y"), 2, ("has 2 {}",)),
    Case("empty subject", ("edit", "[] is => b"), 2, ("subject is empty",)),
    Case("empty target", ("edit", "[a] is => "), 2, ("target is empty",)),
    Case("no arrow", ("edit", "[a] is b"), 2, ("no =>",)),
    Case("no subject", ("edit", "a is => b"), 2, ("[ ]",)),
    Case("no request", ("edit",), 2, ("no edit is given", "LeBron James")),
    Case("two forms", ("edit", "[a] is => b", "-s", "x"), 2, ("given twice",)),
    Case("half a request", ("edit", "-p", "{} is"), 2, ("no --subject",)),
    Case("unknown rule", (*EDIT, "--rule", "remo"), 2, ("remo", "r-rome")),
    Case("unknown preset", (*EDIT, "--hparams", "gpt9"), 2, ("gpt9", "pocket")),
    Case("hparams without layers", (*EDIT, "--hparams", "{}/empty.json"), 2, ("layers",)),
    Case("long edit", ("edit", f"[LeBron] {LONG} => football"), 2, ("tokens",)),
    Case("long prompt", ("generate", LONG), 2, ("tokens",)),
    Case("empty prompt", ("generate", ""), 2, ("prompt is empty",)),
    Case("temperature", ("generate", "a", "--temperature", "-1"), 2, ("temperature",)),
    Case("broken JSON", ("run", "{}/broken.json"), 2, ("broken.json:3",)),
    Case("broken JSONL", ("run", "{}/broken.jsonl"), 2, ("broken.jsonl:2",)),
    Case("no file", ("run", "{}/none.json"), 2, ("none.json",)),
    Case("a folder", ("run", "{}"), 2, ("directory",)),
    Case("unknown subject", ("run", "{}/stranger.json"), 2, ("Michael Jordan",)),
    Case("no session", ("log", "--session", "stdy"), 4, ("stdy", "study")),
    Case("unknown step", ("show", "9"), 2, ("no step 9",)),
    Case("unknown place", ("goto", "nowhere"), 2, ("nowhere", "main")),
    Case("too much undo", ("undo", "-n", "5"), 2, ("5", "1")),
    Case("nothing to redo", ("redo",), 2, ("nothing to redo",)),
    Case("branch taken", ("branch", "main"), 2, ("main",)),
    Case("branch named by a number", ("branch", "7"), 2, ("7",)),
    Case("empty queue", ("step",), 2, ("queue", "empty")),
    Case("export over a file", ("export", "--to", "{}/broken.json"), 2, ("broken.json", "--force")),
    Case("export to nowhere", ("export", "--to", "{}/no/x.jsonl"), 2, ("no",)),
    Case("import of other JSON", ("import", "{}/empty.json"), 2, ("empty.json:1",)),
    Case("import of nothing", ("import", "{}/none.jsonl"), 2, ("none.jsonl",)),
    Case("delete without a yes", ("sessions", "delete", "study"), 2, ("study", "--yes")),
    Case("name taken", ("sessions", "new", "study"), 2, ("study", "sessions open")),
    Case("another model", (*EDIT, "--model", "gpt2-xl"), 2, ("pocket", "gpt2-xl")),
    Case("another seed", ("run", "{}/good.json", "--seed", "7"), 2, ("seed 0", "7")),
    Case(
        "no weights",
        ("sessions", "new", "--model", "{}/hollow", "--hparams", "pocket"),
        3,
        ("hollow", "safetensors"),
    ),
    Case("no model", ("models", "show", "{}/nowhere"), 3, ("nowhere",)),
    Case("no statistics", ("sessions", "new", "a", "--stats", "{}/none.npz"), 3, ("none.npz",)),
    Case(
        "other statistics", ("sessions", "new", "a", "--stats", "{}/small.npz"), 3, ("small.npz",)
    ),
    Case("no CUDA", ("sessions", "new", "a", "--device", "cuda:9"), 3, ("cuda:9",)),
    Case("no contexts", ("sessions", "new", "a", "--contexts", "{}/none"), 2, ("none",)),
    Case("no command", ("edti",), 2, ("edti", "edit")),
    Case("no subcommand", ("sessions", "remove"), 2, ("sessions delete",)),
    Case("no option", ("undo", "--all"), 2, ("--all",)),
    Case("no number", ("undo", "-n", "two"), 2, ("two",)),
    Case("no terminal", (), 2, ("terminal", "--help")),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that are not what they should be."""
    (tmp_path / "broken.json").write_text('[\n {"prompt": "{} is",\n  "subject" "x"}\n]\n')
    (tmp_path / "broken.jsonl").write_text(
        '{"prompt": "{} is", "subject": "a", "target_new": "b"}\n{"prompt":\n'
    )
    (tmp_path / "empty.json").write_text("{}")
    good = {"prompt": "{} is", "subject": "a", "target_new": "b"}
    (tmp_path / "good.json").write_text(json.dumps([good]))
    stranger = {"prompt": "LeBron James plays", "subject": "Michael Jordan", "target_new": "golf"}
    (tmp_path / "stranger.json").write_text(json.dumps([stranger]))
    np.savez(tmp_path / "small.npz", **{"mom2.mom2": np.eye(3), "mom2.count": np.array(9)})
    shutil.copytree(
        model_path(), tmp_path / "hollow", ignore=shutil.ignore_patterns("*.safetensors")
    )
    return tmp_path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input(case: Case, romebench: Call, folder: Path, study: Path) -> None:
    before = romebench("log", "--session", "study", "--json").out
    placed = (re.sub(r"^\{\}(?=/|$)", str(folder), word) for word in case.words)
    outcome = romebench(*placed)
    assert outcome.code == case.code, outcome.err
    assert outcome.out == ""
    assert outcome.err.startswith("romebench: ")
    assert "Traceback" not in outcome.err
    assert len(outcome.err.splitlines()) <= 3
    for word in case.told:
        assert word in outcome.err
    assert romebench("log", "--session", "study", "--json").out == before
    assert romebench("sessions", "verify", "study").code == 0


def test_every_message_has_a_way_out(romebench: Call, folder: Path, study: Path) -> None:
    """The hint, on a line of its own."""
    for words in (("edit", "[] is => b"), ("goto", "nowhere"), ("step",), ("edti",)):
        assert "\nhint: " in romebench(*words).err


def test_a_store_that_is_no_sqlite_file(romebench: Call, own_home: Path) -> None:
    store = own_home / "romebench.sqlite3"
    store.write_text("my shopping list\n" * 100)
    for words in (("log",), EDIT, ("sessions", "list")):
        outcome = romebench(*words)
        assert outcome.code == 4
        assert "no SQLite file" in outcome.err
    assert store.read_text().startswith("my shopping list")
    assert romebench("doctor").code == 4


def test_a_store_where_nothing_can_be_written(
    romebench: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROMEBENCH_HOME", "/proc/romebench")
    outcome = romebench("sessions", "new", "a")
    assert outcome.code == 4
    assert "/proc/romebench" in outcome.err


def test_a_session_whose_model_changed(romebench: Call, tmp_path: Path) -> None:
    """The folder is the same, the weights in it are not."""
    from safetensors.numpy import load_file, save_file

    model = tmp_path / "model"
    shutil.copytree(model_path(), model)
    made = romebench(
        "sessions", "new", "mine", "--model", str(model), "--hparams", "pocket", "--stats", "none"
    )
    assert made.code == 0, made.err
    tensors = load_file(model / "model.safetensors")
    name = sorted(tensors)[0]
    tensors[name] = tensors[name] + 1
    save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})
    outcome = romebench(*EDIT, "--session", "mine")
    assert outcome.code == 3
    assert "fingerprint" in outcome.err


def test_escapes_in_prompt_and_names_are_shown(romebench: Call, study: Path) -> None:
    outcome = romebench("generate", "red \x1b[31m[bold]alert[/bold]", "-n", "1", "--greedy")
    assert outcome.code == 0
    assert "\x1b" not in outcome.out
    assert "␛[31m[bold]alert[/bold]" in outcome.out
    outcome = romebench("goto", "\x1b]0;owned\x07")
    assert outcome.code == 2
    assert "\x1b" not in outcome.err
