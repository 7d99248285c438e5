"""The door that model text goes through: nothing that acts comes out of it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romebench.workbench.render.text import shortened, visible

ACTING = {"Cc", "Zl", "Zp", "Cs"}


@given(st.text(st.characters()))
def test_nothing_that_acts_gets_through(text: str) -> None:
    shown = visible(text)
    acting = [c for c in shown if unicodedata.category(c) in ACTING and c != "\n"]
    assert acting == []


@given(st.text(st.characters()))
def test_one_line_is_one_line(text: str) -> None:
    assert len(visible(text, one_line=True).splitlines()) <= 1


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_letters_in_any_script_stay(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;pwned\x07", "␛[2J␛]0;pwned␇"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("a\rb", "a␍b"),
        ("\x7f", "␡"),
        ("abc\u202edef", "abc⟨U+202E⟩def"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("東京 ist in Japan", "東京 ist in Japan"),
        ("a\tb", "a    b"),
        ("\ud800", "⟨U+D800⟩"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()), st.integers(1, 40))
def test_shortened_keeps_to_its_width(text: str, width: int) -> None:
    assert len(shortened(text, width)) <= width
