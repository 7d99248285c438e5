"""Settings: the nearest source counts, and what is wrong is named with file, line and a way out."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from romebench.errors import SettingsError
from romebench.workbench.paths import Paths
from romebench.workbench.settings import (
    SETTINGS,
    EditingMode,
    Pager,
    Settings,
    Source,
    discover,
    load_settings,
)
from romebench.workbench.settings.layers import unknown_variables, user_file
from romebench.workbench.settings.reading import check_file


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def user(paths: Paths, text: str) -> Path:
    path = user_file(paths)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_said_gives_what_is_built_in(paths: Paths, here: Path) -> None:
    assert load_settings(paths, folder=here, environ={}) == Settings()
    assert not paths.config.exists()


def test_the_nearest_source_counts_value_by_value(paths: Paths, here: Path) -> None:
    user(
        paths,
        '[session]\nmodel = "u"\nrule = "rome"\nseed = 1\nguard = "warn"\n'
        '[keys]\na = "1"\nb = "2"\n',
    )
    (here / "romebench.toml").write_text(
        '[session]\nmodel = "p"\nrule = "p-rome"\nseed = 2\n[keys]\na = "3"\n'
    )
    (here / "mine.toml").write_text('[session]\nmodel = "c"\nrule = "rome-kbar"\n')
    environ = {"ROMEBENCH_MODEL": "e", "ROMEBENCH_GUARD": " "}
    found = load_settings(paths, "mine.toml", here, environ)
    assert (found.model, found.rule, found.seed, found.guard) == ("e", "rome-kbar", 2, "warn")
    assert dict(found.keys) == {"a": "3", "b": "2"}
    layers = discover(paths, "mine.toml", here, environ)
    assert [layer.source for layer in layers] == list(Source)
    assert layers[1].said["session.rule"].line == 3
    assert load_settings(paths, None, here, {"ROMEBENCH_CONFIG": "mine.toml"}).model == "c"
    assert load_settings(paths, "none", here, {}) == Settings()


def test_values_have_their_types(paths: Paths, here: Path) -> None:
    user(
        paths,
        '[session]\nhparams = "../h.json"\n[generate]\ntemperature = 1\ngreedy = true\n'
        '[interface]\nediting_mode = "vi"\npager = "never"\n'
        '[keys]\nundo = ["u", "ctrl+z"]\nquit = ""\n',
    )  # fmt: skip
    found = load_settings(paths, folder=here, environ={"ROMEBENCH_TOP_P": ".5"})
    assert isinstance(found.temperature, float)
    assert found.greedy is True
    assert found.editing_mode is EditingMode.VI
    assert found.pager is Pager.NEVER
    assert found.top_p == 0.5
    assert dict(found.keys) == {"undo": "u,ctrl+z", "quit": ""}
    assert found.hparams is not None
    assert Path(found.hparams).resolve() == (paths.config / "../h.json").resolve()


def test_every_setting_is_a_field_and_can_come_from_the_environment(paths: Paths) -> None:
    assert {each.name for each in SETTINGS} | {"keys"} == {
        field.name for field in dataclasses.fields(Settings)
    }
    environ = {each.variable: str(each.example) for each in SETTINGS}
    found = load_settings(paths, "none", environ=environ)
    assert {each.name: getattr(found, each.name) for each in SETTINGS} == {
        each.name: each.example for each in SETTINGS
    }
    assert unknown_variables({**environ, "ROMEBENCH_MODLE": "x", "ROMEBENCH_HOME": "y"}) == (
        "ROMEBENCH_MODLE",
    )


@pytest.mark.parametrize(
    ("text", "line", "told", "hint"),
    [
        ('[session]\nmodle = "x"\n', 2, "no setting 'modle' in [session]", "mean model?"),
        ('[session]\n\ntheme = "x"\n', 3, "'theme' in [session]", "belongs in [interface]"),
        ('[session]\nthme = "x"\n', 2, "no setting 'thme'", "theme, in [interface]?"),
        ("[sesion]\nseed = 1\n", 1, "no section [sesion]", "mean [session]?"),
        ('theme = "x"\n', 1, "'theme' stands in no section", "belongs in [interface]"),
        ('temprature = "x"\n', 1, "stands in no section", "temperature, in [generate]"),
        ("session = 3\n", 1, "no section [session]", "[session]"),
        ('[session]\nrule = "r-rme"\n', 2, "session.rule is 'r-rme'", "mean r-rome?"),
        ('[session]\nseed = "x"\n', 2, "session.seed is 'x', not a whole number", "seed = 0"),
        ("[session]\nseed = true\n", 2, "not a whole number", ""),
        ("[session]\nseed = -1\n", 2, "session.seed is -1", "at least 0"),
        ('[session]\nmodel = " "\n', 2, "session.model is empty", "pocket"),
        ("[generate]\ntop_p = nan\n", 2, "generate.top_p is nan", "0 to 1"),
        ("generate.top_p = 2\n", 1, "generate.top_p is 2", "0 to 1"),
        ("[keys]\nundo = 3\n", 2, "keys.undo is 3", "ctrl+z"),
        ("[session]\nmodel = pocket\n", 2, "not TOML", "quotes"),
        ("[session]\nseed = 1\nseed = 2\n", 3, "not TOML", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    text: str, line: int, told: str, hint: str, paths: Paths, here: Path
) -> None:
    path = user(paths, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(paths, folder=here, environ={})
    assert caught.value.message.startswith(f"{path}:{line}: ")
    assert told in caught.value.message
    assert hint in caught.value.hint


def test_all_that_is_wrong_is_found(paths: Paths) -> None:
    path = user(paths, '[session]\nmodle = "x"\nseed = "y"\n[interfce]\ntheme = "z"\n')
    assert [(each.line, each.key) for each in check_file(path)] == [
        (2, "session.modle"), (3, "session.seed"), (4, "interfce"),
    ]  # fmt: skip


def test_files_that_cannot_be_read_and_wrong_variables_are_named(paths: Paths, here: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: No such file"):
        load_settings(paths, "none.toml", here, {})
    path = user(paths, "")
    path.write_bytes(b"# caf\xe9\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(paths, None, here, {})
    with pytest.raises(SettingsError, match="ROMEBENCH_SEED is 'x', not a whole number"):
        load_settings(paths, "none", here, {"ROMEBENCH_SEED": "x"})
    with pytest.raises(SettingsError, match="ROMEBENCH_GUARD is 'stpo'"):
        load_settings(paths, "none", here, {"ROMEBENCH_GUARD": "stpo"})
