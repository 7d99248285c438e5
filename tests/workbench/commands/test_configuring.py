"""`config …` from the command line, and settings at work: nearer ones count, flags before all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from romebench.workbench.bench import Bench
from romebench.workbench.commands.editing import GenerateParams, sampling_of
from romebench.workbench.commands.options import SessionChoices
from romebench.workbench.defaults import session_defaults
from romebench.workbench.paths import Paths
from romebench.workbench.settings import Settings

from ..conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(romebench: Call, *words: str) -> dict[str, tuple[object, str, str]]:
    lines = json.loads(romebench("config", "show", "--json", *words).out)["settings"]
    return {line["key"]: (line["value"], line["source"], line["where"]) for line in lines}


def test_a_setting_is_shown_with_its_source(
    romebench: Call, here: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert romebench("config", "set", "rule", "rome").code == 0
    assert romebench("config", "set", "seed", "4").code == 0
    outcome = romebench("config", "set", "rule", "p-rome", "--project")
    assert outcome.out == f"set session.rule to p-rome in {here / 'romebench.toml'}\n"
    (here / "mine.toml").write_text('[interface]\ntheme = "nord"\n[keys]\nundo = "u"\n')
    monkeypatch.setenv("ROMEBENCH_TOP_K", "9")
    found = shown(romebench, "--config", "mine.toml")
    user = own_home / "config" / "config.toml"
    assert found["session.rule"] == ("p-rome", "project", f"{here / 'romebench.toml'}:2")
    assert found["session.seed"] == (4, "user", f"{user}:3")
    assert found["interface.theme"] == ("nord", "--config", f"{here / 'mine.toml'}:2")
    assert found["keys.undo"] == ("u", "--config", f"{here / 'mine.toml'}:4")
    assert found["generate.top_k"] == (9, "environment", "ROMEBENCH_TOP_K")
    assert found["generate.greedy"] == (False, "built-in", "")
    assert list(shown(romebench, "rule")) == ["session.rule"]
    files = json.loads(romebench("config", "path", "--json").out)["files"]
    assert [(each["source"], each["exists"]) for each in files] == [
        ("project", True), ("user", True),
    ]  # fmt: skip
    assert "project" in romebench("config", "path").out
    told = romebench("config", "set", "rule", "rome-kbar").out
    assert "romebench.toml:2 counts" in told
    assert romebench("config", "unset", "rule", "--project").code == 0
    assert shown(romebench)["session.rule"][1] == "user"


def test_what_is_wrong_stops_all_but_the_mending(
    romebench: Call, here: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "romebench.toml").write_text('[session]\nmodle = "x"\nseed = "y"\n')
    monkeypatch.setenv("ROMEBENCH_TPO_K", "9")
    monkeypatch.setenv("ROMEBENCH_TOP_P", "9")
    for words in (("log",), ("sessions", "list")):
        outcome = romebench(*words)
        assert outcome.code == 2
        assert f"{here / 'romebench.toml'}:2: " in outcome.err or "ROMEBENCH_TOP_P" in outcome.err
        assert len(outcome.err.splitlines()) == 2
    outcome = romebench("config", "validate", "--json")
    assert outcome.code == 2
    problems = json.loads(outcome.out)["problems"]
    assert [each["where"].rpartition("/")[2] for each in problems] == [
        "romebench.toml:2", "romebench.toml:3", "ROMEBENCH_TOP_P", "ROMEBENCH_TPO_K",
    ]  # fmt: skip
    assert "ROMEBENCH_TOP_K" in problems[3]["hint"]
    assert "did you mean model?" in romebench("config", "validate").out
    for words in (("where",), ("config", "path"), ("hparams", "list"), ("--help",)):
        assert romebench(*words).code == 0
    monkeypatch.delenv("ROMEBENCH_TOP_P")
    (here / "romebench.toml").unlink()
    assert romebench("sessions", "list").code == 0
    assert romebench("config", "validate", str(here / "none.toml")).code == 2
    assert romebench("--config", "none.toml", "log").code == 2


def test_where_and_doctor_tell_of_the_settings(
    romebench: Call, here: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checked(name: str) -> tuple[str, str]:
        outcome = romebench("doctor", "--json")
        (found,) = (c for c in json.loads(outcome.out)["checks"] if c["name"] == name)
        assert outcome.code == (4 if found["status"] == "fail" else 0)
        return found["status"], found["detail"]

    assert checked("settings") == ("ok", "no file; what is built in counts")
    monkeypatch.setenv("ROMEBENCH_TPO_K", "9")
    assert checked("settings") == ("warn", "ROMEBENCH_TPO_K: no such setting")
    (here / "romebench.toml").write_text("[session]\nsede = 1\n")
    status, detail = checked("settings")
    assert status == "fail"
    assert "romebench.toml:2" in detail
    assert "seed" in detail
    places = {p["name"]: p for p in json.loads(romebench("where", "--json").out)["places"]}
    assert places["settings (project)"]["exists"] is True
    assert places["settings (user)"]["exists"] is False


def test_doctor_reads_the_store_through(romebench: Call, study: Path, here: Path) -> None:
    store = study / "romebench.sqlite3"
    assert "1 sessions, 1 steps" in romebench("doctor").out
    with closing(sqlite3.connect(store)) as open_store:
        open_store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(store.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    for page in range(size, len(data), size):
        if data[page] == 0x0A:  # a leaf of an index: its number of cells becomes nonsense
            data[page + 3 : page + 5] = b"\xff\xff"
    store.write_bytes(data)
    outcome = romebench("doctor")
    assert outcome.code == 4
    assert "✗  store" in outcome.out


def test_config_init_overwrites_only_where_asked(romebench: Call, here: Path) -> None:
    assert romebench("config", "init", "--project").code == 0
    before = (here / "romebench.toml").read_text()
    assert romebench("config", "init", "--project").code == 2
    assert romebench("config", "init", "--project", "--force").code == 0
    assert (here / "romebench.toml").read_text() == before
    assert romebench("--config", "mine.toml", "config", "set", "seed", "1").code == 0
    assert (here / "mine.toml").read_text() == "[session]\nseed = 1\n"
    assert romebench("--config", "none", "config", "set", "seed", "1").code == 2


def test_a_new_session_is_made_as_the_settings_say(
    here: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "romebench.toml").write_text(
        '[session]\nmodel = "mine"\nhparams = "./h.json"\nrule = "rome"\ndevice = "cpu"\nseed = 3\n'
    )
    with Bench(Paths.discover(), choices=SessionChoices(seed=5)) as bench:
        wanted = bench.wanted(SessionChoices(rule="p-rome"))
        assert (wanted.model, wanted.hparams) == ("mine", str(here / "h.json"))
        assert (wanted.rule, wanted.seed, bench.device) == ("p-rome", 5, "cpu")
        # Hyperparameters belong to the model they are set beside.
        assert bench.wanted(SessionChoices(model="other")).hparams is None
        assert bench.wanted(SessionChoices(model="other")).rule == "rome"


def test_a_rule_in_a_file_of_hyperparameters_is_nearer(here: Path) -> None:
    (here / "flags.json").write_text('{"original_implementation": true}')
    (here / "plain.json").write_text("{}")
    settings = Settings(rule="p-rome")
    for name, rule in (("flags.json", None), ("plain.json", "p-rome"), ("pocket", "p-rome")):
        assert session_defaults(settings, SessionChoices(hparams=name)).rule == rule


def test_settings_of_an_existing_session_contradict_nothing(
    romebench: Call, here: Path, study: Path
) -> None:
    (here / "romebench.toml").write_text(
        '[session]\nmodel = "gpt2-xl"\nrule = "rome"\nseed = 3\n[generate]\nmax_new_tokens = 2\n'
        "greedy = true\n"
    )
    outcome = romebench("generate", "LeBron James plays the sport of", "--json")
    assert outcome.code == 0, outcome.err
    generation = json.loads(outcome.out)["generation"]
    assert generation["parameters"]["max_new_tokens"] == 2
    assert generation["parameters"]["greedy"] is True


def test_sampling_is_as_typed_then_as_set() -> None:
    settings = Settings(greedy=True, top_k=7, temperature=0.5, max_new_tokens=9)
    found = sampling_of(GenerateParams(prompt=("a",)), settings, 3)
    assert (found.greedy, found.top_k, found.max_new_tokens, found.seed) == (True, 7, 9, 3)
    found = sampling_of(GenerateParams(prompt=("a",), top_k=0, seed=1), settings, 3)
    assert (found.greedy, found.top_k, found.temperature, found.seed) == (False, 0, 0.5, 1)
