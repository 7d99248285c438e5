"""Writing settings: comments stay, and nothing wrong is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from romebench.errors import SettingsError, UsageError
from romebench.workbench.settings import SETTINGS
from romebench.workbench.settings.reading import check_text, read_settings
from romebench.workbench.settings.writing import make_file, set_value, template, unset_value

FILE = """\
# mine
[session] # of every session
seed = 1 # as in the paper

# next
[generate]
"""


def test_comments_and_order_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(FILE)
    assert set_value(path, "seed", "3") == ("session.seed", 3)
    assert path.read_text() == FILE.replace("seed = 1", "seed = 3")
    set_value(path, "generate.temperature", "2")
    set_value(path, "keys.undo", "ctrl+z")
    text = path.read_text()
    assert text.startswith(FILE.replace("seed = 1", "seed = 3"))
    assert {key: said.value for key, said in read_settings(path).items()} == {
        "session.seed": 3, "generate.temperature": 2.0, "keys.undo": "ctrl+z",
    }  # fmt: skip
    assert unset_value(path, "temperature") == "generate.temperature"
    assert "temperature" not in path.read_text()
    assert "# next" in path.read_text()


def test_a_file_is_made_with_its_folder_and_a_link_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.toml"
    set_value(path, "model", "gpt2-xl")
    assert path.read_text() == '[session]\nmodel = "gpt2-xl"\n'
    link = tmp_path / "link.toml"
    os.symlink(path, link)
    set_value(link, "greedy", "yes")
    assert link.is_symlink()
    assert read_settings(path)["generate.greedy"].value is True


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("modle", "x", "mean model?"),
        ("session.theme", "x", "theme"),
        ("seed", "x", "seed = 0"),
        ("top_p", "2", "0 to 1"),
        ("rule", "rme", "mean rome?"),
        ("greedy", "perhaps", "greedy = false"),
    ],
)
def test_nothing_wrong_is_written(name: str, value: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(FILE)
    with pytest.raises(SettingsError) as caught:
        set_value(path, name, value)
    assert told in caught.value.hint
    assert path.read_text() == FILE


def test_what_cannot_be_taken_out_or_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    with pytest.raises(SettingsError, match="does not say"):
        unset_value(path, "seed")
    path.write_text("[session\n")
    with pytest.raises(SettingsError, match=r"a\.toml"):
        set_value(path, "seed", "1")
    path.write_text("session = 3\n")
    with pytest.raises(SettingsError, match="no section"):
        set_value(path, "seed", "1")


def test_the_template_says_nothing_until_the_marks_are_taken_away(tmp_path: Path) -> None:
    make_file(tmp_path / "c" / "a.toml")
    with pytest.raises(UsageError, match="already"):
        make_file(tmp_path / "c" / "a.toml")
    assert check_text(template(), tmp_path) == ({}, [])
    lines = template().splitlines()
    shown = [line.removeprefix("# ") if " = " in line else line for line in lines]
    said, problems = check_text("\n".join(shown), tmp_path)
    assert problems == []
    assert {key: each.value for key, each in said.items()} == {
        **{each.key: each.example for each in SETTINGS}, "keys.undo": "ctrl+z",
    }  # fmt: skip
