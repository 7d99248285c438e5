"""Words are those of the real nltk, and nothing of it is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nltk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.tokenize import NLTKWordTokenizer

from romebench.engine.metrics.entropy import fluency
from romebench.engine.metrics.words import Tokeniser, split_words

REFERENCE = NLTKWordTokenizer()
PIECES = st.sampled_from(
    [*"ab1 .,;:!?'\"`()[]{}<>*@#$%&-–«»„”“’\n\t", "can't", "gonna", "'tis", "d'ye", "more'n", "...",
     "--", "``", "''", "U.S.", "3,000", "l'été", "東京", "won't.", "cannot", "wanna go"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=20).map("".join)))
def test_words_are_those_of_the_installed_nltk(text: str) -> None:
    assert split_words(text) == REFERENCE.tokenize(text)
    assert split_words(text) == nltk.word_tokenize(text, preserve_line=True)


@pytest.fixture
def punkt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A punkt model without any learned abbreviation, where nltk looks for its data."""
    folder = tmp_path / "tokenizers" / "punkt_tab" / "english"
    folder.mkdir(parents=True)
    for name in ("collocations.tab", "sent_starters.txt", "abbrev_types.txt", "ortho_context.tab"):
        (folder / name).touch()
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    nltk.tokenize._get_punkt_tokenizer.cache_clear()
    yield
    nltk.tokenize._get_punkt_tokenizer.cache_clear()


@pytest.mark.usefixtures("punkt")
def test_punkt_cuts_sentences_first() -> None:
    text = "He was a founder. She was born in Rome. It rained"
    assert split_words(text, Tokeniser.NLTK_PUNKT) == nltk.word_tokenize(text)
    assert split_words(text)[3] == "founder."
    assert split_words(text, Tokeniser.NLTK_PUNKT)[3:5] == ["founder", "."]
    assert fluency(text, Tokeniser.NLTK_PUNKT) != fluency(text)
