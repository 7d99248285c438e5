"""`kill -9` in the middle of a sequential run: gone on with, it equals one that never stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .run_until_killed import run

CASES = 6


def files_of(results: Path) -> dict[str, Any]:
    """Every result file, without times."""
    folder = results / "ROME" / "run_000"
    found = {path.name: json.loads(path.read_text()) for path in folder.glob("case_*.json")}
    for case in found.values():
        del case["time"]
    return found


@pytest.mark.serial
@pytest.mark.timeout(120)
def test_a_killed_run_that_goes_on_equals_an_unbroken_one(
    tmp_path: Path, goldens: Path, records_file: Callable[..., Path]
) -> None:
    model, records = str(goldens / "models" / "gpt2"), str(records_file(CASES))
    script = Path(__file__).with_name("run_until_killed.py")
    store, results = tmp_path / "killed.sqlite", tmp_path / "killed"
    with subprocess.Popen(
        [sys.executable, str(script), str(store), model, records, str(results)],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        announced = [child.stdout.readline() for _ in range(2)]
        os.kill(child.pid, signal.SIGKILL)
        announced += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    told = [int(line.split()[1]) for line in announced]
    assert told[:2] == [0, 10]
    assert len(told) < CASES, "it was killed too late"

    again = run(store, model, records, results)
    whole = run(tmp_path / "whole.sqlite", model, records, tmp_path / "whole")
    assert list(again.cases) == list(whole.cases) == [10 * i for i in range(CASES)]
    assert again.steps == whole.steps
    assert files_of(results) == files_of(tmp_path / "whole")
    assert len(files_of(results)) == CASES
