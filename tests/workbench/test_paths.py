"""Where things lie, and that nothing is made by asking."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from romebench.workbench import logs
from romebench.workbench.paths import Paths


def test_one_variable_moves_everything(tmp_path: Path) -> None:
    paths = Paths.discover({"ROMEBENCH_HOME": str(tmp_path / "home")})
    for path in (paths.store, paths.cache, paths.config, paths.state, paths.log, paths.history):
        assert path.is_relative_to(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Paths.discover({"ROMEBENCH_HOME": "here"}).data == tmp_path / "here"


@pytest.mark.parametrize("environment", [{}, {"ROMEBENCH_HOME": " "}])
def test_without_it_each_kind_has_its_custom_place(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    paths = Paths.discover(environment)
    assert paths.store == tmp_path / "data" / "romebench" / "romebench.sqlite3"
    assert paths.log == tmp_path / "state" / "romebench" / "romebench.log"
    assert paths.home is None


@pytest.fixture
def quiet_again() -> Iterator[None]:
    yield
    logs.to_stderr(0)


def test_the_log_goes_to_its_file(tmp_path: Path, quiet_again: None) -> None:
    logs.to_file(tmp_path / "state" / "romebench.log")
    logging.getLogger("romebench.engine.model").info("loaded %s", "pocket")
    assert "loaded pocket" in (tmp_path / "state" / "romebench.log").read_text()


def test_a_log_that_cannot_be_written_stops_nobody(quiet_again: None) -> None:
    logs.to_file(Path("/proc/romebench/romebench.log"))
    logging.getLogger("romebench.engine.model").info("loaded")


def test_verbose_logs_to_standard_error(
    capsys: pytest.CaptureFixture[str], quiet_again: None
) -> None:
    logs.to_stderr(1)
    logging.getLogger("romebench.store").info("opened")
    logging.getLogger("romebench.store").debug("details")
    assert capsys.readouterr().err == "INFO romebench.store: opened\n"
