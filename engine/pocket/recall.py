"""How well a model knows the pocket world: recall by template, and perplexity.

Owns the questions that are put and how they are counted.  Works on any causal
language model; knows no edits and no screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, sqrt
from typing import TYPE_CHECKING

import torch

from .world import Fact, World, is_withheld, relation_of, with_article

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_BATCH = 128


class Seen(StrEnum):
    """What training showed of a (fact, template) pair."""

    REQUEST = "request prompt"
    TRAINED = "other training templates"
    WITHHELD = "training templates withheld for this fact"
    HELD_OUT = "held-out templates"


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt with its right answer.

    Attributes:
        fact: What is asked for.
        seen: What training showed of it.
        prompt: The prompt, subject filled in.
    """

    fact: Fact
    seen: Seen
    prompt: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95% confidence interval (Wilson's score interval).

    Attributes:
        hits: How many succeeded.
        total: Of how many.
    """

    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share itself; 0 of 0 is 0."""
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound."""
        if not self.total:
            return 0.0, 1.0
        z, n, p = 1.96, self.total, self.value
        middle = p + z * z / (2 * n)
        spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        scale = 1 + z * z / n
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f}, {high:.3f}] of {self.total}"


def questions(world: World) -> list[Question]:
    """Every fact in every template, training and held out."""
    asked: list[Question] = []
    for fact in world.facts:
        relation = relation_of(fact)
        for index, template in enumerate(relation.train):
            seen = Seen.WITHHELD if is_withheld(fact, index) else Seen.TRAINED
            seen = Seen.REQUEST if index == relation.request else seen
            asked.append(_question(fact, seen, template))
        asked += [_question(fact, Seen.HELD_OUT, template) for template in relation.held_out]
    return asked


def _question(fact: Fact, seen: Seen, template: str) -> Question:
    return Question(fact, seen, with_article(template, fact.article).format(fact.subject))


@torch.inference_mode()
def answered(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[tuple[str, str]],
    report: Callable[[int, int], None] | None = None,
) -> list[bool]:
    """Whether greedy decoding continues each prompt with its answer.

    Args:
        model: Any causal language model.
        tokenizer: Its tokenizer.
        pairs: Prompts and answers, the answers without a leading space.
        report: Called with how many are done, and of how many.
    """
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]))
    results = [False] * len(pairs)
    for begin in range(0, len(order), _BATCH):
        chosen = order[begin : begin + _BATCH]
        for index, hit in zip(chosen, _hits(model, tokenizer, pairs, chosen), strict=True):
            results[index] = hit
        if report is not None:
            report(begin + len(chosen), len(order))
    return results


def _hits(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[tuple[str, str]],
    chosen: Sequence[int],
) -> list[bool]:
    """Teacher-forced: every answer token is the most likely one."""
    prompts = [tokenizer(pairs[i][0])["input_ids"] for i in chosen]
    answers = [tokenizer(f" {pairs[i][1]}")["input_ids"] for i in chosen]
    rows = [[*prompt, *answer] for prompt, answer in zip(prompts, answers, strict=True)]
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=model.device)
    shown = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    best = model(ids, attention_mask=shown.to(model.device)).logits.argmax(-1).tolist()
    return [
        best[row][len(prompt) - 1 : len(prompt) + len(answer) - 1] == answer
        for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))
    ]


def rates(asked: Iterable[Question], hits: Iterable[bool]) -> dict[Seen, Rate]:
    """Recall by what training showed."""
    counts = {seen: [0, 0] for seen in Seen}
    for question, hit in zip(asked, hits, strict=True):
        counts[question.seen][0] += hit
        counts[question.seen][1] += 1
    return {seen: Rate(hit, total) for seen, (hit, total) in counts.items()}


@torch.inference_mode()
def perplexity(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, documents: Sequence[str]
) -> float:
    """exp of the mean NLL per predicted token, each document from position 0."""
    nll, count = 0.0, 0
    limit = model.config.max_position_embeddings
    for text in documents:
        ids = torch.tensor([tokenizer(text)["input_ids"][:limit]], device=model.device)
        logits = model(ids).logits[0, :-1].float()
        nll += float(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum"))
        count += ids.shape[1] - 1
    return exp(nll / max(1, count))
