"""From options to a session, and what of them an existing session refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from romebench.errors import (
    FileFormatError,
    HparamsError,
    ModelError,
    StatisticsError,
    StoreError,
    UsageError,
)
from romebench.hparams import Hparams, default_hparams
from romebench.sessions.options import SessionOptions, choose_hparams, full_name, session_stem
from romebench.sessions.setup import create_live, open_or_create
from romebench.sessions.watch.levels import Guard, VitalsLevel, Watch
from romebench.store.repository import Repository

from .conftest import CONTEXTS, HPARAMS, request_for


@pytest.fixture
def files(tmp_path: Path, goldens: Path) -> dict[str, str]:
    """A model folder, hyperparameters that use C, contexts and statistics."""
    values = {**HPARAMS.to_json(), "mom2_adjustment": True, "mom2_ridge": 0.01}
    (tmp_path / "hparams.json").write_text(json.dumps(values))
    (tmp_path / "contexts.json").write_text(json.dumps(CONTEXTS))
    root = np.random.default_rng(3).normal(size=(512, 256)).astype(np.float32)
    np.save(tmp_path / "c.npy", root.T @ root / 512)
    return {
        "model": str(goldens / "models" / "gpt2"),
        "hparams": str(tmp_path / "hparams.json"),
        "contexts": str(tmp_path / "contexts.json"),
        "stats": str(tmp_path / "c.npy"),
    }


def test_made_and_taken_up_again(repository: Repository, files: dict[str, str]) -> None:
    with open_or_create(repository, None, SessionOptions(**files, rule="rome", seed=3)) as live:
        record = live.session.record
        assert (record.name, record.rule, record.seed) == ("gpt2", "rome", 3)
        assert record.model == str(Path(files["model"]).resolve())
        assert record.contexts == CONTEXTS
        assert record.statistics is not None
        assert record.statistics["path"] == files["stats"]
        assert set(record.versions) >= {"romebench", "torch", "transformers", "python"}
        step = live.edit(request_for(0))
        assert step.diagnostics["identity_moment"] is False
    with open_or_create(repository, "gpt2") as live:
        assert live.session.cursor.step == 1
        again = live.edit(request_for(1))
        assert again.diagnostics["identity_moment"] is False
    assert [line.name for line in repository.sessions()] == ["gpt2"]


def test_a_session_goes_on_being_watched_as_it_was(
    repository: Repository, files: dict[str, str]
) -> None:
    asked = SessionOptions(**files, vitals="cheap", guard="undo")
    with open_or_create(repository, "watched", asked) as live:
        assert live.session.record.watch == {"vitals": "cheap", "guard": "undo"}
    with open_or_create(repository, "watched") as live:
        assert live.watch == Watch(VitalsLevel.CHEAP, Guard.UNDO)
    with open_or_create(repository, "watched", SessionOptions(guard="off")) as live:
        assert live.watch == Watch(VitalsLevel.CHEAP, Guard.OFF)
    assert repository.session("watched").watch == {"vitals": "cheap", "guard": "off"}
    with open_or_create(repository, "usual", SessionOptions(**files)) as live:
        assert live.watch == Watch(VitalsLevel.FULL, Guard.STOP)


def test_the_same_seed_draws_the_same_contexts(
    repository: Repository, files: dict[str, str]
) -> None:
    del files["contexts"]
    options = SessionOptions(**files, seed=7)
    with create_live(repository, "a", options) as one, create_live(repository, "b", options) as two:
        assert one.session.record.contexts == two.session.record.contexts
        assert len(one.session.record.contexts) > 3
    with create_live(repository, "c", SessionOptions(**files, seed=8)) as other:
        assert other.session.record.contexts != one.session.record.contexts


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"rule": "rome"}, "made with rule r-rome, not rome"),
        ({"seed": 9}, "made with seed 0, not 9"),
        ({"dtype": "float64"}, "made with dtype float32, not float64"),
        ({"model": "pocket"}, "made with model .*gpt2, not pocket"),
        ({"hparams": "gpt2-xl"}, "made with hparams others, not gpt2-xl"),
        ({"stats": "none"}, "made with stats statistics, not none"),
        ({"contexts": "other.json"}, "made with contexts others"),
    ],
)
def test_an_existing_session_refuses_what_contradicts_it(
    repository: Repository, files: dict[str, str], tmp_path: Path, asked: Any, message: str
) -> None:
    create_live(repository, "study", SessionOptions(**files)).close()
    if "contexts" in asked:
        (tmp_path / "other.json").write_text('["{}", "Other. {}"]')
        asked = {"contexts": str(tmp_path / "other.json")}
    with pytest.raises(UsageError, match=message):
        open_or_create(repository, "study", SessionOptions(**asked))
    with open_or_create(repository, "study", SessionOptions(**files, dtype="auto")) as live:
        assert live.session.writable


def test_statistics_that_moved_or_changed(
    repository: Repository, files: dict[str, str], tmp_path: Path
) -> None:
    create_live(repository, "study", SessionOptions(**files)).close()
    moved = tmp_path / "elsewhere.npy"
    Path(files["stats"]).rename(moved)
    with open_or_create(repository, "study") as live:
        live.goto("base")
        with pytest.raises(StatisticsError, match=r"'study' are not at .*c\.npy"):
            live.edit(request_for(0))
    with open_or_create(repository, "study", SessionOptions(stats=str(moved))) as live:
        assert live.edit(request_for(0)).step == 1
    np.save(moved, 2 * np.load(moved))
    with (
        open_or_create(repository, "study", SessionOptions(stats=str(moved))) as live,
        pytest.raises(StatisticsError, match=r"are not those of session 'study': their SHA-256"),
    ):
        live.edit(request_for(1))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": "/nowhere/at/all"}, ModelError, "no folder '/nowhere/at/all'"),
        ({"hparams": "/nowhere.json"}, FileFormatError, "nowhere.json: No such file"),
        ({"hparams": "nonsense"}, HparamsError, "no hparams preset is named 'nonsense'"),
        ({"contexts": "/nowhere.json"}, FileFormatError, "nowhere.json: No such file"),
        ({"stats": "/nowhere.npy"}, StatisticsError, "no statistics file '/nowhere.npy'"),
        ({"stats": None}, StatisticsError, "there are no second moments for"),
    ],
)
def test_what_cannot_be_found_makes_no_session(
    repository: Repository,
    files: dict[str, str],
    change: Any,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        create_live(repository, "study", SessionOptions(**{**files, **change}))
    assert repository.sessions() == []


def test_a_model_nobody_published_numbers_for_takes_a_reasoned_default(
    repository: Repository, files: dict[str, str]
) -> None:
    options = SessionOptions(**{**files, "hparams": None})
    with create_live(repository, "study", options) as live:
        assert live.hparams == default_hparams("gpt2", 4)
        assert live.hparams.layer == 1


def test_statistics_that_are_asked_for_are_used_with_a_preset_without(
    repository: Repository, files: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "identity.json"
    path.write_text(json.dumps({**HPARAMS.to_json(), "mom2_adjustment": False}))
    options = SessionOptions(**{**files, "hparams": str(path)})
    with create_live(repository, "study", options) as live:
        assert live.session.record.statistics is not None
        assert live.hparams.mom2_adjustment
    with open_or_create(repository, "study", options) as live:
        assert live.hparams.mom2_adjustment
    without = SessionOptions(**{**files, "hparams": str(path), "stats": None})
    with create_live(repository, "plain", without) as live:
        assert live.session.record.statistics is None


def test_names(repository: Repository, files: dict[str, str]) -> None:
    create_live(repository, "study", SessionOptions(**files)).close()
    with pytest.raises(StoreError, match="'study' already"):
        create_live(repository, "study", SessionOptions(**files))
    with pytest.raises(UsageError, match="would be taken for"):
        create_live(repository, "-x", SessionOptions(**files))
    assert session_stem("EleutherAI/gpt-j-6B") == "gpt-j-6B"
    assert session_stem("/data/my model/") == "my-model"
    assert session_stem("...") == "session"
    assert full_name("pocket") == "pocket"
    assert full_name("openai-community/gpt2") == "openai-community/gpt2"


def test_options_out_of_range() -> None:
    with pytest.raises(UsageError, match="'memit' is no rule"):
        SessionOptions(rule="memit")
    with pytest.raises(UsageError, match="the seed is -1"):
        SessionOptions(seed=-1)


def test_a_file_with_flags_names_its_rule(tmp_path: Path) -> None:
    flags = {"original_implementation": False, "enable_prompt_keys": True}
    path = tmp_path / "h.json"
    path.write_text(json.dumps({**HPARAMS.to_json(), **flags}))
    hparams, rule = choose_hparams(SessionOptions(model="x", hparams=str(path)))
    assert (hparams, str(rule)) == (HPARAMS, "p-rome")
    _, asked = choose_hparams(SessionOptions(model="x", hparams=str(path), rule="rome"))
    assert str(asked) == "rome"
    preset, default = choose_hparams(SessionOptions(model="gpt2-xl"))
    assert isinstance(preset, Hparams)
    assert (preset.layer, str(default)) == (17, "r-rome")
