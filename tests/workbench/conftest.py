"""Fixtures of the front ends: the command line in this process, and a script of every command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

REQUESTS = [
    {
        "prompt": "{} plays the sport of",
        "subject": "LeBron James",
        "target_new": {"str": "football"},
        "target_true": {"str": "basketball"},
    },
    {
        "prompt": "{} was the founder of",
        "subject": "Steve Jobs",
        "target_new": {"str": "Microsoft"},
    },
]


@dataclass(frozen=True)
class Outcome:
    """What a command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def romebench(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command line in this process."""
    from romebench.workbench.cli.main import run

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(list(arguments))
        caught = capsys.readouterr()
        return Outcome(int(code), caught.out, caught.err)

    return call


@pytest.fixture
def requests_file(tmp_path: Path) -> Path:
    """Two requests in the shape of the published code's."""
    path = tmp_path / "requests.json"
    path.write_text(json.dumps(REQUESTS), encoding="utf-8")
    return path


POCKET = Path(__file__).parents[2] / "engine" / "pocket" / "model"
MOMENTS = next((POCKET / "mom2").glob("*.safetensors"))
ZSRE = Path(__file__).parents[1] / "sessions" / "data" / "zsre_3.jsonl"

SCRIPT = """
sessions new study
edit "[LeBron James] plays the sport of => football"
preview "[Steve Jobs] was the founder of => Microsoft"
generate "LeBron James plays the sport of" --greedy -n 4
undo
redo
goto base
branch other
goto main
log
show 1
queue add {requests}
queue list
step
queue clear --yes
run {requests} --limit 1
lens "LeBron James plays the sport of" --compare
trace "[LeBron James] plays the sport of" --samples 2
vectors "LeBron James plays the sport of" -n 5
explain 1
replay
replay --session study --into anew -n 1 --vitals cheap
compare study anew
retention --session study
report study anew -o {folder}/report.html
calibrate --show --session study
sessions open study
export study --to {folder}/study.jsonl
import {folder}/study.jsonl --name copy
sessions list
sessions show copy
sessions rename copy again
sessions delete again --yes
sessions open study
sessions verify
deltas study -o {folder}/study.safetensors
models list
models show pocket
models probe pocket
hparams list
hparams show pocket
eval counterfact pocket -n 1 --skip-generation --name cf
eval zsre {zsre} -n 1 --name zs
eval results cf --to {folder}/results
eval summarize cf zs
eval glue --tasks me-ppl -n 2 --session study
stats collect {requests} --key prompt --tokens 64
stats import {moments}
stats show
sweep-layers {requests} --limit 1 --layer 1,2 --hparams pocket
config init
config set rule rome
config show
config path
config validate
config unset rule
where
doctor
"""


@pytest.fixture
def script(tmp_path: Path, requests_file: Path) -> list[str]:
    """A line for every command of the registry, in an order that works."""
    text = SCRIPT.format(requests=requests_file, folder=tmp_path, zsre=ZSRE, moments=MOMENTS)
    return text.strip().splitlines()


@pytest.fixture(scope="session")
def edited_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose store has session "study" with one edit on the pocket model; to be copied."""
    from romebench.engine.request import parse_typed
    from romebench.workbench.library import open as open_session
    from romebench.workbench.paths import Paths

    home = tmp_path_factory.mktemp("edited")
    with open_session("study", store=Paths.under(home).store) as live:
        live.edit(parse_typed("[LeBron James] plays the sport of => football"))
    return home


@pytest.fixture
def study(edited_home: Path, own_home: Path) -> Path:
    """A home of the test's own with session "study" in it."""
    shutil.copytree(edited_home, own_home, dirs_exist_ok=True)
    return own_home
