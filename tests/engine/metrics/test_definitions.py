"""The definitions that need no model: their edges, and what they must not do."""

from __future__ import annotations

import json
import sys
import types
from math import exp, log2
from pathlib import Path

import numpy as np
import pytest

from romebench.engine.metrics import scores
from romebench.engine.metrics.entropy import (
    entropy_bits,
    fluency,
    generation_entropy,
    mean_fluency,
    ngram_entropy,
)
from romebench.engine.metrics.tfidf import TfidfTable
from romebench.engine.metrics.words import Tokeniser, split_words
from romebench.errors import FileFormatError, UsageError

PAIRS = [scores.TargetPair(new=1.0, true=2.0), scores.TargetPair(new=3.0, true=2.0)]


def test_scores_have_the_published_signs() -> None:
    assert scores.success(PAIRS) == 0.5
    assert scores.kept_success(PAIRS) == 0.5
    assert scores.success(PAIRS[:1]) == 1.0
    assert scores.kept_success(PAIRS[:1]) == 0.0
    assert scores.magnitude(PAIRS[:1]) == pytest.approx(exp(-1) - exp(-2))
    assert scores.kept_magnitude(PAIRS) == pytest.approx(-scores.magnitude(PAIRS))


def test_a_tie_is_a_success_of_neither() -> None:
    tie = [scores.TargetPair(new=2.0, true=2.0)]
    assert scores.success(tie) == scores.kept_success(tie) == 0.0


def test_no_prompts_have_no_score() -> None:
    with pytest.raises(ValueError, match="no prompts"):
        scores.success([])


# ROME, NeurIPS 2022, table 4: ES, PS and NS of a row give its S.
@pytest.mark.parametrize(
    ("parts", "total"),
    [
        ((100.0, 96.4, 75.4), 89.2),
        ((22.2, 24.7, 78.1), 30.5),
        ((99.1, 48.7, 70.3), 66.9),
        ((99.9, 99.1, 78.9), 91.5),
    ],
)
def test_the_harmonic_mean_gives_published_scores(
    parts: tuple[float, float, float], total: float
) -> None:
    assert scores.harmonic_mean(parts) == pytest.approx(total, abs=0.06)


def test_the_harmonic_mean_of_a_zero_is_zero() -> None:
    assert scores.harmonic_mean([100.0, 0.0, 50.0]) == 0.0


def test_fluency_weighs_bigrams_one_third() -> None:
    text = "a b a b a c"
    bigrams = ngram_entropy(text, 2)
    trigrams = ngram_entropy(text, 3)
    assert bigrams == pytest.approx(-(2 * (2 / 5) * log2(2 / 5) + (1 / 5) * log2(1 / 5)))
    assert fluency(text) == pytest.approx(bigrams / 3 + 2 * trigrams / 3)


def test_texts_without_ngrams_have_no_entropy() -> None:
    assert fluency("") == fluency("word") == 0.0
    assert entropy_bits([]) == 0.0
    with pytest.raises(ValueError, match="no texts"):
        mean_fluency([])


def test_generation_entropy_is_of_lowered_words_without_full_stops() -> None:
    assert generation_entropy(["A b.", "a B"]) == 1.0
    assert generation_entropy(["a a a b"]) == pytest.approx(
        -(0.75 * log2(0.75) + 0.25 * log2(0.25))
    )
    assert generation_entropy(["no no", "no"]) == 0.0


def test_punkt_is_asked_of_nltk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nltk", None)
    with pytest.raises(UsageError, match="needs nltk"):
        split_words("a b", Tokeniser.NLTK_PUNKT)

    def missing(_: str) -> list[str]:
        raise LookupError

    fake = types.ModuleType("nltk")
    monkeypatch.setitem(sys.modules, "nltk", fake)
    monkeypatch.setattr(fake, "word_tokenize", missing, raising=False)
    with pytest.raises(UsageError, match="no punkt data"):
        split_words("a b", Tokeniser.NLTK_PUNKT)
    monkeypatch.setattr(fake, "word_tokenize", lambda text: [text.upper()])
    assert split_words("a b", Tokeniser.NLTK_PUNKT) == ["A B"]


CORPUS = [
    "The tower stands in Paris.",
    "The tower is made of iron.",
    "Rome has many old churches.",
    "Paris and Rome are capitals.",
]


def test_consistency_is_the_cosine_of_tfidf_vectors() -> None:
    table = TfidfTable.fitted(CORPUS, "four sentences")
    # Both texts have the words they share with the table counted and weighed by hand.
    weights = {word: table.vectorizer.idf_[i] for word, i in table.vectorizer.vocabulary_.items()}
    assert weights["paris"] == pytest.approx(np.log(5 / 3) + 1)
    a = {"paris": weights["paris"], "rome": 2 * weights["rome"]}
    b = {"paris": weights["paris"], "iron": weights["iron"]}
    wanted = a["paris"] * b["paris"] / np.hypot(*a.values()) / np.hypot(*b.values())
    found = table.similarity("Paris, Rome, rome unknown", "Iron of no kin: Paris".replace("of", ""))
    assert found == pytest.approx(wanted)
    assert table.similarity("Paris", "paris!") == pytest.approx(1.0)
    assert table.similarity("zzz", "Paris") == 0.0


def test_the_published_table_is_read(tmp_path: Path) -> None:
    table = TfidfTable.fitted(CORPUS, "four sentences")
    np.save(tmp_path / "idf.npy", table.vectorizer.idf_)
    vocabulary = {word: int(i) for word, i in table.vectorizer.vocabulary_.items()}
    (tmp_path / "tfidf_vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    read = TfidfTable.read(tmp_path)
    assert read.provenance["sha256"] == table.provenance["sha256"]
    pair = ("The old tower of Rome", "Rome has a tower")
    assert read.similarity(*pair) == pytest.approx(table.similarity(*pair), rel=1e-12)


def test_a_missing_or_broken_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="no tf-idf table"):
        TfidfTable.read(tmp_path)
    np.save(tmp_path / "idf.npy", np.ones(3))
    (tmp_path / "tfidf_vocab.json").write_text('{"a": 0}', encoding="utf-8")
    with pytest.raises(FileFormatError, match="no tf-idf table"):
        TfidfTable.read(tmp_path)
    with pytest.raises(UsageError, match="no tf-idf table"):
        TfidfTable.fitted(["", "!"], "nothing")


def test_consistency_without_scikit_learn_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(UsageError, match="scikit-learn") as caught:
        TfidfTable.fitted(CORPUS, "four sentences")
    assert "eval" in caught.value.hint
