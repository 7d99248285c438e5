"""GLUE: prompts as published, answers read from scripted texts, scores as scikit-learn's."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
import torch
from sklearn.metrics import f1_score, matthews_corrcoef
from transformers import GPT2Config, GPT2LMHeadModel

from romebench.engine.metrics.glue import (
    FORMS,
    INVALID,
    NEW_TOKENS,
    Task,
    examples,
    me_ppl_sentences,
    score,
)
from romebench.engine.metrics.greedy import greedy_texts
from romebench.engine.model import LoadedModel, wrap_model
from romebench.errors import FileFormatError, RequestError


@pytest.fixture
def long_gpt2(tiny_gpt2: LoadedModel) -> LoadedModel:
    """A random GPT-2 of 1,024 positions, sharp enough that its greedy choices differ."""
    torch.manual_seed(3)
    config = GPT2Config(
        vocab_size=len(tiny_gpt2.tokenizer), n_positions=1024, n_embd=32, n_layer=2, n_head=2,
        initializer_range=0.4, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return wrap_model(GPT2LMHeadModel(config), tiny_gpt2.tokenizer, "long")


@pytest.mark.parametrize("task", list(Task))
def test_the_examples_are_balanced(task: Task) -> None:
    rows = examples(task)
    assert Counter(row["label"] for row in rows) == {0: 100, 1: 100}
    assert len({row["idx"] for row in rows}) == 200
    assert examples(task, 3) == rows[:3]


ENDS = {
    Task.SST2: "Review : fashioning an engrossing entertainment out\nSentiment : positive\n\n"
    "Review : {sentence}\nSentiment :",
    Task.MRPC: "in the year-ago period.\nAnswer: No\n\n"
    "Are the sentences paraphrases of each other.\n"
    "Sentence 1: {sentence1}\nSentence 2: {sentence2}\nAnswer:",
    Task.COLA: "Sentence : You will Bob believe.\nAnswer : No\n\n"
    "Is this sentence linguistically acceptable?\nSentence : {sentence}\nAnswer :",
    Task.RTE: "question: Obesity is medically treated. True or False?\nanswer: True\n\n"
    "{sentence1}\nquestion: {sentence2} True or False?\nanswer:",
    Task.RTE_PUBLISHED: "question: Obesity is medically treated. True or False?\nanswer: False\n\n"
    "{sentence1}\nquestion: {sentence2} True or False?\nanswer:",
}
SHOTS = {
    Task.SST2: 4, Task.MRPC: 6, Task.COLA: 6, Task.RTE: 3, Task.RTE_PUBLISHED: 3,
}  # fmt: skip


@pytest.mark.parametrize("task", list(Task))
def test_prompts_are_as_published(task: Task) -> None:
    row = examples(task)[0]
    prompt = FORMS[task].prompt(row)
    assert prompt.endswith(ENDS[task].format(**row))
    assert prompt.count(FORMS[task].cue) == SHOTS[task] + 1
    assert prompt.count("\n\n") == SHOTS[task]


@pytest.mark.parametrize(
    ("task", "written", "answer"),
    [
        (Task.SST2, " positive", 1),
        (Task.SST2, " negative\n\n", 0),
        (Task.SST2, " not negative or positive", 1),
        (Task.SST2, " Positive", INVALID),
        (Task.MRPC, " Yes\n\nAre", 1),
        (Task.MRPC, " No", 0),
        (Task.COLA, " Yes", 1),
        (Task.COLA, "", INVALID),
        (Task.RTE, " True\n\n", 0),
        (Task.RTE, " False", 1),
        (Task.RTE, " True False", 1),
        (Task.RTE_PUBLISHED, " True", 1),
        (Task.RTE_PUBLISHED, " False True", 0),
        (Task.RTE_PUBLISHED, " maybe", INVALID),
    ],
)
def test_scripted_texts_are_read_as_published(task: Task, written: str, answer: int) -> None:
    form = FORMS[task]
    assert form.answer(form.prompt(examples(task)[0]) + written) == answer


def test_a_model_that_is_right_about_rte_scores_low_only_as_published() -> None:
    rows = examples(Task.RTE)
    texts = [" True" if row["label"] == 0 else " False" for row in rows]  # 0 is entailment
    labels = [row["label"] for row in rows]
    right, wrong = (
        score(labels, [FORMS[task].answer(text) for text in texts])
        for task in (Task.RTE, Task.RTE_PUBLISHED)
    )
    assert (right.correct, right.f1, right.mcc) == (200, 1.0, 1.0)
    assert (wrong.correct, wrong.f1, wrong.mcc) == (0, 0.0, -1.0)


@pytest.mark.parametrize("seed", range(8))
def test_scores_are_those_of_scikit_learn(seed: int) -> None:
    drawn = random.Random(seed)
    labels = [drawn.randrange(2) for _ in range(40)]
    answers = [drawn.choice([-1, 0, 1, 1] if seed % 2 else [0, 1]) for _ in labels]
    found = score(labels, answers)
    assert found.f1 == pytest.approx(
        f1_score(labels, answers, average="weighted", zero_division=0), rel=1e-12
    )
    assert found.mcc == pytest.approx(matthews_corrcoef(labels, answers), rel=1e-12, abs=1e-12)
    assert found.total == 40
    assert found.invalid == answers.count(-1)


@pytest.mark.parametrize("answer", [-1, 1])
def test_one_answer_for_all_has_no_correlation(answer: int) -> None:
    assert score([0, 1, 0, 1], [answer] * 4).mcc == 0.0
    with pytest.raises(ValueError, match="0 labels"):
        score([], [])


def test_greedy_texts_are_those_of_transformers(long_gpt2: LoadedModel) -> None:
    prompts = [
        FORMS[task].prompt(row)
        for task in (Task.SST2, Task.RTE) for row in examples(task, 4)
    ]  # fmt: skip
    tokenizer = long_gpt2.tokenizer
    wanted = []
    for prompt in prompts:
        fed = tokenizer(prompt, return_tensors="pt")
        out = long_gpt2.model.generate(
            **fed, max_new_tokens=NEW_TOKENS, do_sample=False, pad_token_id=0
        )
        wanted.append(
            tokenizer.decode(out[0, fed["input_ids"].shape[1] :], skip_special_tokens=True)
        )
    assert len(set(wanted)) > 1
    assert greedy_texts(long_gpt2, prompts, NEW_TOKENS, batch_size=3) == wanted


def test_prompts_longer_than_the_model_are_refused(long_gpt2: LoadedModel) -> None:
    with pytest.raises(RequestError, match="tokens"):
        greedy_texts(long_gpt2, ["word " * 5000], 1)


def test_me_ppl_sentences_are_read(tmp_path: Path) -> None:
    shipped = me_ppl_sentences()
    assert len(shipped) == 50
    assert shipped[0].startswith(" Regions and cities Australia")
    path = tmp_path / "own.jsonl"
    path.write_text('{"Text": "a b"}\n', encoding="utf-8")
    assert me_ppl_sentences(path) == ["a b"]
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"own\.jsonl"):
        me_ppl_sentences(path)
