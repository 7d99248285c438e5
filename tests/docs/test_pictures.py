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
    """Every picture of the workbench, drawn now."""
    folder = tmp_path_factory.mktemp("pictures")
    script = [sys.executable, str(DOCS / "workbench_pictures.py"), str(folder)]
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    done = subprocess.run(
        script, env=plain, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_pictures_are_current(drawn: Path) -> None:
    names = {file.relative_to(drawn) for file in drawn.rglob("*.svg")}
    assert len(names) == 11
    for name in sorted(names):
        kept, now = screen(PICTURES / name), screen(drawn / name)
        assert len(now) > 20, name
        # What frames every screen is the same on every machine: header, tabs, footer.
        assert (kept[0], kept[2], kept[-1]) == (now[0], now[2], now[-1]), name
        alike = difflib.SequenceMatcher(None, kept, now, autojunk=False).ratio()
        assert alike >= ALIKE, "\n".join(difflib.unified_diff(kept, now, str(name), "now"))


def test_every_picture_of_the_docs_is_drawn_by_a_script(drawn: Path) -> None:
    ours = {str(file.relative_to(drawn)) for file in drawn.rglob("*.svg")}
    inspected = (DOCS / "inspect_pictures.py").read_text(encoding="utf-8")
    for file in PICTURES.rglob("*.svg"):
        name = str(file.relative_to(PICTURES))
        assert name in ours or f'"{file.stem}"' in inspected or file.name in inspected, name
