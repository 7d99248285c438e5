"""Splitting typed lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romebench.errors import UsageError
from romebench.workbench.commands.words import quoted, split_words, words_of


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  undo   -n 2 ", ["undo", "-n", "2"]),
        ('export s --to "my file.jsonl"', ["export", "s", "--to", "my file.jsonl"]),
        ("generate Steve Jobs' company isn't", ["generate", "Steve", "Jobs'", "company", "isn't"]),
        ("--to='a b'", ["--to=a b"]),
        (r"a\ b \"c", ["a b", '"c']),
        (r"C:\folder", [r"C:\folder"]),
        ("''", [""]),
        ("'a\"b'", ['a"b']),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert split_words(line) == words


@given(st.lists(st.text(min_size=0)))
def test_quoted_words_come_back(words: list[str]) -> None:
    assert split_words(" ".join(map(quoted, words))) == words


@given(st.text())
def test_words_stand_where_they_say(line: str) -> None:
    ends = [0]
    for word in words_of(line):
        assert ends[-1] <= word.start < word.end <= len(line)
        ends.append(word.end)


def test_an_open_quote_is_named() -> None:
    with pytest.raises(UsageError, match="not closed"):
        split_words('edit "[a] b => c')
