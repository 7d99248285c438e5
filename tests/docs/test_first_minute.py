"""The recording of the first minute shows what its script says, and the script is possible."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from romebench.workbench.commands.typed import classify

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("first_minute", DOCS / "first_minute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def test_the_recording_shows_every_act_in_turn(script: ModuleType) -> None:
    lines = script.RECORDING.read_text(encoding="utf-8").splitlines()
    head, events = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
    assert (head["version"], head["width"], head["height"]) == (2, script.COLUMNS, script.LINES)
    times = [event[0] for event in events]
    assert times == sorted(times)
    assert 20 < times[-1] < 90
    text = script._STYLE.sub("", "".join(event[2] for event in events))
    at = 0
    for act in script.MINUTE:
        at = text.index(act.shows, at)


def test_what_is_typed_is_understood(script: ModuleType) -> None:
    typed = [act.keys.strip() for act in script.MINUTE if act.keys[:1] not in ("\x1b", "")]
    for line in typed:
        assert line == "" or classify(line) is not None
    assert "/edit" in typed[-1]
