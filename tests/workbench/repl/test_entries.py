"""What belongs together of the lines that are typed or read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romebench.workbench.repl.entries import entries, is_whole


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("undo\nredo", ["undo", "redo"]),
        ("LeBron James \\\nplays", ["LeBron James plays"]),
        ("a path\\\\\nundo", ["a path\\\\", "undo"]),
        ('generate "one\ntwo" -n 3\nundo', ['generate "one\ntwo" -n 3', "undo"]),
        ("/generate 'one\n\ntwo'", ["/generate 'one\n\ntwo'"]),
        ('he said "go\nundo', ['he said "go', "undo"]),
        ("Steve Jobs' company\nundo", ["Steve Jobs' company", "undo"]),
        ('# log "open\nundo', ['# log "open', "undo"]),
        ('//log "open\nundo', ['//log "open', "undo"]),
        ('source "my\nfile"', ['source "my\nfile"']),
        ("", [""]),
    ],
)
def test_what_belongs_together(text: str, found: list[str]) -> None:
    assert [entry.text for entry in entries(text.split("\n"))] == found


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("undo", True),
        ('generate "one', False),
        ('generate "one\ntwo"', True),
        ("a prompt \\", False),
        ("undo\nlog 'x", False),
        ("[LeBron James", True),
    ],
)
def test_whether_it_is_whole(text: str, whole: bool) -> None:
    assert is_whole(text) is whole


@given(st.text(alphabet="ab \"'\\\n#/[", max_size=40))
def test_no_line_is_lost_and_numbers_rise(text: str) -> None:
    found = list(entries(text.split("\n")))
    numbers = [entry.number for entry in found]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1
    kept = "".join(entry.text for entry in found).replace("\n", "").replace("\\", "")
    assert kept == text.replace("\n", "").replace("\\", "")
    assert all(entry.whole for entry in found[:-1])
