"""The metrics that ask a model: against plain loops, whatever the batch, BOS or not."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import torch

from romebench.engine.delta import RankOneDelta
from romebench.engine.metrics.answers import answer_bits, answer_steps
from romebench.engine.metrics.continuations import continuations
from romebench.engine.metrics.distance import distance_per_number
from romebench.engine.metrics.perplexity import (
    perplexity,
    sentence_perplexity,
    token_perplexity,
)
from romebench.engine.metrics.targets import target_nlls
from romebench.engine.model import LoadedModel
from romebench.engine.request import EditRequest
from romebench.engine.vitals import read_target
from romebench.engine.weights import EditedWeights
from romebench.errors import CancelledError, RequestError

PAIRS = [
    ("Steve Jobs was the founder of", "Microsoft"),
    ("The capital city of the country France is called", " Silver Moon Harbor"),
    ("In France the seat of government is ", "Paris"),
]


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_batch_reads_what_one_pass_reads(
    load_small: Callable[..., LoadedModel], name: str
) -> None:
    model = load_small(name, "float64")
    found = target_nlls(model, PAIRS, batch_size=2)
    for (prompt, target), nll in zip(PAIRS, found, strict=True):
        alone = read_target(model, EditRequest("{}", prompt, target), target)
        assert nll == pytest.approx(alone.nll, rel=1e-6)


def test_bad_prompts_and_targets_are_refused(tiny_gpt2: LoadedModel) -> None:
    with pytest.raises(RequestError, match="no token"):
        target_nlls(tiny_gpt2, [("a prompt", " ")])
    with pytest.raises(RequestError, match="prompt is empty"):
        target_nlls(tiny_gpt2, [("", "word")])
    with pytest.raises(RequestError, match="tokens"):
        target_nlls(tiny_gpt2, [("word " * 3000, "word")])


def test_a_stop_is_heeded_between_batches(tiny_gpt2: LoadedModel) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        target_nlls(tiny_gpt2, PAIRS, stop=stop)


def test_answers_are_compared_token_by_token(load_small: Callable[..., LoadedModel]) -> None:
    model = load_small("gpt2t")
    tokenizer = model.tokenizer
    prompts = ["Steve Jobs was the founder of", "The mother tongue of Danielle Darrieux is"]
    answers = ["Apple", "French and English"]
    questions = [
        step
        for p, a in zip(prompts, answers, strict=True)
        for step in answer_steps(tokenizer, p, a)
    ]
    assert len(questions) == sum(len(tokenizer(" " + answer)["input_ids"]) for answer in answers)
    wanted = []
    for prompt, piece in questions:
        with torch.no_grad():
            logits = model.model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1]
        wanted.append(int(logits.argmax()) == tokenizer(piece)["input_ids"][0])
    assert answer_bits(model, questions, batch_size=3) == wanted
    # A piece of the model's own greedy answer is right by construction.
    with torch.no_grad():
        logits = model.model(**tokenizer(prompts[0], return_tensors="pt")).logits[0, -1]
    own = tokenizer.decode([int(logits.argmax())])
    assert answer_bits(model, [(prompts[0], own)]) == [True]


def test_a_bos_is_no_part_of_an_answer(load_small: Callable[..., LoadedModel]) -> None:
    model = load_small("llama")
    steps = answer_steps(model.tokenizer, "Steve Jobs was the founder of", "Apple")
    assert steps[0][0] == "Steve Jobs was the founder of"
    with torch.no_grad():
        fed = model.tokenizer(steps[0][0], return_tensors="pt")
        best = int(model.model(**fed).logits[0, -1].argmax())
    assert answer_bits(model, [(steps[0][0], model.tokenizer.decode([best]))]) == [True]


def test_an_answer_without_tokens_is_refused(tiny_gpt2: LoadedModel) -> None:
    with pytest.raises(RequestError, match="no token"):
        answer_steps(tiny_gpt2.tokenizer, "a prompt", " ")


def test_perplexities_differ_by_their_divisor(tiny_gpt2: LoadedModel) -> None:
    text = "Steve Jobs was the founder of Microsoft."
    n = len(tiny_gpt2.tokenizer(text)["input_ids"])
    corrected = token_perplexity(tiny_gpt2, text)
    assert perplexity(tiny_gpt2, text) == pytest.approx(corrected ** ((n - 1) / n), rel=1e-5)
    assert perplexity(tiny_gpt2, text) < corrected
    with pytest.raises(RequestError, match="nothing is predicted"):
        token_perplexity(tiny_gpt2, text, max_tokens=1)


def test_sentence_perplexity_is_the_mean_over_sentences(
    load_small: Callable[..., LoadedModel],
) -> None:
    model = load_small("llama")
    sentences = [" The cat sat on the mat", " Steve Jobs was here"]
    wanted = []
    for sentence in sentences[:2]:
        ids = torch.tensor([model.tokenizer(sentence, add_special_tokens=False)["input_ids"]])
        with torch.no_grad():
            wanted.append(float(model.model(input_ids=ids, labels=ids).loss.exp()))
    short = [
        s for s in sentences if len(model.tokenizer(s, add_special_tokens=False).input_ids) > 1
    ]
    assert short[:2] == sentences[:2]
    assert sentence_perplexity(model, sentences[:2]) == pytest.approx(sum(wanted) / 2, rel=1e-5)
    with pytest.raises(RequestError, match="no sentence"):
        sentence_perplexity(model, [""])


def test_continuations_are_seeded_one_by_one(load_small: Callable[..., LoadedModel]) -> None:
    model = load_small("gpt2t")
    prompts = ["Steve Jobs was the", "France is a country", "Steve Jobs was the", "In"]
    first = continuations(model, prompts, [1, 2, 3, 4], max_tokens=24)
    again = continuations(model, prompts[::-1], [4, 3, 2, 1], max_tokens=24)[::-1]
    assert [c.token_ids for c in first] == [c.token_ids for c in again]
    assert first[0].token_ids != first[2].token_ids
    # Whatever it goes through the model with, a text is its prompt's and its seed's.
    alone = [continuations(model, [p], [i], max_tokens=24)[0] for i, p in enumerate(prompts, 1)]
    assert alone == first
    for prompt, written in zip(prompts, first, strict=True):
        before = len(model.tokenizer(prompt)["input_ids"])
        assert before + len(written.token_ids) == 24
        assert written.text == prompt + written.written
        assert "<|endoftext|>" not in written.text
        assert "\n\n" not in written.text


def test_a_continuation_draws_from_the_likeliest(tiny_gpt2: LoadedModel) -> None:
    (greedy,) = continuations(tiny_gpt2, ["Steve Jobs"], [0], max_tokens=6, top_k=1)
    ids = list(tiny_gpt2.tokenizer("Steve Jobs")["input_ids"])
    for token in greedy.token_ids:
        with torch.no_grad():
            logits = tiny_gpt2.model(input_ids=torch.tensor([ids])).logits[0, -1]
        assert token == int(logits.argmax())
        ids.append(token)


def test_prompts_that_leave_no_room_are_refused(tiny_gpt2: LoadedModel) -> None:
    with pytest.raises(RequestError, match="generation prompt"):
        continuations(tiny_gpt2, ["word " * 40], [0], max_tokens=10)


def test_a_ruined_model_still_gives_a_text(tiny_gpt2: LoadedModel) -> None:
    with torch.no_grad():
        tiny_gpt2.linear_view(tiny_gpt2.weight_name(1)).fill_(torch.nan)
    (ruined,) = continuations(tiny_gpt2, ["Steve Jobs"], [0], max_tokens=6)
    assert set(ruined.token_ids) == {0}


def test_distance_is_the_norm_over_the_count(tiny_gpt2: LoadedModel) -> None:
    weights = EditedWeights(tiny_gpt2)
    name = tiny_gpt2.weight_name(1)
    d_out, d_in = tiny_gpt2.linear_view(name).shape
    weights.apply(1, RankOneDelta(name, torch.ones(d_in), torch.full((d_out,), 2.0)))
    wanted = 2.0 * (d_in * d_out) ** 0.5 / (d_in * d_out)
    assert distance_per_number(tiny_gpt2, weights, name) == pytest.approx(wanted, rel=1e-5)
