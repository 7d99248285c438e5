"""The pictures of the documentation are what the workbench looks like: they are drawn anew."""

from __future__ import annotations

import difflib
import html
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"
ALIKE = 0.9
"""Share of the lines that are the same: on another machine a text may end otherwise."""


def screen(picture: Path) -> list[str]:
    """The lines of a screenshot, every digit a 0: times and dates differ each time."""
    lines: dict[int, str] = defaultdict(str)
    text = picture.read_text(encoding="utf-8")
    for number, piece in re.findall(r"-line-(\d+)\)\">(.*?)</text>", text):
        lines[int(number)] += html.unescape(piece).replace("\xa0", " ")
    return [re.sub(r"\d", "0", lines[at]).strip() for at in sorted(lines)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every picture, drawn now."""
    folder = tmp_path_factory.mktemp("pictures")
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    for script in ("workbench_pictures.py", "inspect_pictures.py"):
        done = subprocess.run(
            [sys.executable, str(DOCS / script), str(folder)],
            env=plain, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return folder


def test_every_picture_is_drawn_by_a_script(drawn: Path) -> None:
    assert names(PICTURES) == names(drawn)


def test_the_pictures_are_current(drawn: Path) -> None:
    for name in sorted(names(drawn)):
        if name == "trace-plot.svg":
            continue  # its letters are drawn as curves
        kept, now = screen(PICTURES / name), screen(drawn / name)
        assert len(now) > 8, name
        alike = difflib.SequenceMatcher(None, kept, now, autojunk=False).ratio()
        assert alike >= ALIKE, "\n".join(difflib.unified_diff(kept, now, name, "now"))


def test_what_frames_the_workbench_is_current(drawn: Path) -> None:
    """Header, tabs and keys are the same on every machine."""
    for name in sorted(names(drawn)):
        kept, now = screen(PICTURES / name), screen(drawn / name)
        if "Console" in "".join(now[2:3]):
            assert (kept[0], kept[2], kept[-1]) == (now[0], now[2], now[-1]), name


def names(folder: Path) -> set[str]:
    """The pictures of a folder."""
    return {str(file.relative_to(folder)) for file in folder.rglob("*.svg")}
