"""The metrics agree with what the published code gave on the same models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from romebench.engine.metrics.entropy import fluency, mean_fluency, ngram_entropy
from romebench.engine.metrics.perplexity import perplexity
from romebench.engine.metrics.targets import target_pairs
from romebench.engine.metrics.words import Tokeniser, split_words
from romebench.engine.model import LoadedModel

# test_batch_prediction keeps its sums in fp32 even for fp64 models.
TOLERANCES = {"float32": 1e-5, "float64": 1e-6}
PERPLEXITY_TOLERANCES = {"float32": 2e-6, "float64": 1e-9}
MODELS = [(name, dtype) for name in ("gpt2", "gptj") for dtype in ("float32", "float64")]
on_models = pytest.mark.parametrize(("name", "dtype"), MODELS)


@pytest.fixture(scope="module")
def other(goldens: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((goldens / "other" / "other.json").read_text())
    return found


def part_of(other: dict[str, Any], name: str, dtype: str) -> dict[str, Any]:
    part: dict[str, Any] = other[f"{name}.{'f32' if dtype == 'float32' else 'f64'}"]
    return part


@on_models
@pytest.mark.parametrize("batch_size", [1, 4, 32])
def test_target_likelihoods(
    other: dict[str, Any],
    load_small: Callable[..., LoadedModel],
    name: str,
    dtype: str,
    batch_size: int,
) -> None:
    model = load_small(name, dtype)
    for case in part_of(other, name, dtype)["test_batch_prediction"]:
        found = target_pairs(
            model, case["prefixes"], case["target_new"], case["target_true"], batch_size=batch_size
        )
        assert len(found) == len(case["out"])
        for pair, golden in zip(found, case["out"], strict=True):
            assert pair.to_json() == pytest.approx(golden, rel=TOLERANCES[dtype])


@on_models
def test_perplexity(
    other: dict[str, Any], load_small: Callable[..., LoadedModel], name: str, dtype: str
) -> None:
    model = load_small(name, dtype)
    for case in part_of(other, name, dtype)["perplexity"]:
        found = perplexity(model, case["text"], max_tokens=case["max_input_length"])
        # GPT-J's attention computes partly in fp32 whatever its weights are.
        wanted = PERPLEXITY_TOLERANCES["float32" if name == "gptj" else dtype]
        assert found == pytest.approx(case["ppl"], rel=wanted)


@pytest.mark.parametrize(
    ("key", "tokeniser"),
    [
        ("whitespace_split", Tokeniser.WHITESPACE),
        ("NLTKWordTokenizer_no_punkt(preserve_line=True equiv)", Tokeniser.NLTK_WORDS),
    ],
)
def test_ngram_entropy(other: dict[str, Any], key: str, tokeniser: Tokeniser) -> None:
    *cases, mean = other["n_gram_entropy"][key]
    for case in cases:
        assert fluency(case["text"], tokeniser) == pytest.approx(case["arith"], rel=1e-12)
        assert ngram_entropy(case["text"], 2, tokeniser) == pytest.approx(case["bi"], rel=1e-12)
        assert ngram_entropy(case["text"], 3, tokeniser) == pytest.approx(case["tri"], rel=1e-12)
    found = mean_fluency([case["text"] for case in cases], tokeniser)
    assert found == pytest.approx(mean["mean_arith"], rel=1e-12)


def test_words_are_those_of_nltk(other: dict[str, Any]) -> None:
    goldens = other["n_gram_entropy"]
    texts = [case["text"] for case in goldens["whitespace_split"] if "text" in case]
    assert [split_words(text) for text in texts] == goldens["NLTKWordTokenizer_tokens"]
