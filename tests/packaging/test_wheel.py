"""The wheel: what is in it, and that it works where the repository is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import romebench

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("engine", "hparams", "sessions", "store", "workbench")
LARGEST_BYTES = 25_000_000


def run(*words: str, cwd: Path, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by way of the sdist, as a release is."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT), cwd=ROOT)
    (found,) = out.glob("romebench-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content and nothing of the repository."""
    target = tmp_path_factory.mktemp("site")
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile")
    run(*pip, "--target", str(target), str(wheel), cwd=target)
    return target


def tree() -> set[str]:
    """The package's files as they lie in the repository."""
    paths = [*ROOT.glob("*.py"), ROOT / "py.typed"]
    for folder in FOLDERS:
        paths += [p for p in (ROOT / folder).rglob("*") if p.is_file()]
    names = (path.relative_to(ROOT).as_posix() for path in paths)
    return {f"romebench/{name}" for name in names if "__pycache__" not in name}


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == tree()


def test_the_wheel_is_small_enough(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST_BYTES


def test_it_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    at_site = {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    said = run(sys.executable, "-m", "romebench", "--version", cwd=tmp_path, **at_site)
    assert said == f"romebench {romebench.__version__}\n"
    script = str(installed / "bin" / "romebench")
    assert run(sys.executable, script, "--version", cwd=tmp_path, **at_site) == said
    where = run(sys.executable, "-c", "import romebench; print(romebench.__file__)", cwd=tmp_path,
                **at_site)  # fmt: skip
    assert Path(where.strip()).parent == installed / "romebench"


def test_an_edit_works_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The model, its statistics, the presets and the migrations all came along."""
    out = run(
        sys.executable, "-m", "romebench", "edit", "--json",
        "[LeBron James] plays the sport of => football",
        cwd=tmp_path, PYTHONPATH=str(installed), ROMEBENCH_HOME=str(tmp_path / "home"),
    )  # fmt: skip
    assert json.loads(out)["step"]["vitals"]["efficacy"] is True
