"""GLUE as rebuilding-rome runs it: few-shot prompts, three greedy tokens, and how they are scored.

Knows prompts, answers and arithmetic; knows no model. Source: scalable-model-editing
`glue_eval/{sst,mrpc,cola,rte}_eval.py`. There RTE is asked the wrong way round (GLUE's label 0,
entailment, is shown and scored as "False"): `rte` asks it rightly, `rte-published` as published.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from math import sqrt
from pathlib import Path
from typing import Any

from ...errors import FileFormatError

NEW_TOKENS = 3
"""How many tokens are written, greedily."""

INVALID = -1
"""The answer of a text that holds none."""


class Task(StrEnum):
    """A probe of what the model could do before it was edited."""

    SST2 = "sst2"
    MRPC = "mrpc"
    COLA = "cola"
    RTE = "rte"
    RTE_PUBLISHED = "rte-published"


@dataclass(frozen=True, slots=True)
class Form:
    """How a task is asked and answered.

    Attributes:
        data: Its file.
        question: One example, `str.format` on its fields, up to where the answer goes.
        shots: Examples with the label each is shown with.
        words: The answer of label 0 and of label 1.
        first: The label whose word is looked for first in a text.
    """

    data: str
    question: str
    shots: tuple[tuple[Mapping[str, str], int], ...]
    words: tuple[str, str]
    first: int

    @property
    def cue(self) -> str:
        """The last line of a question, behind which the answer stands."""
        return self.question.rsplit("\n", 1)[-1]

    def prompt(self, example: Mapping[str, Any]) -> str:
        """The shots, then the example."""
        shown = [
            f"{self.question.format(**fields)} {self.words[label]}\n\n"
            for fields, label in self.shots
        ]
        return "".join(shown) + self.question.format(**example)

    def answer(self, text: str) -> int:
        """The label a whole text (prompt and continuation) answers with, by substring."""
        given = text.split(self.cue)[-1]
        for label in (self.first, 1 - self.first):
            if self.words[label] in given:
                return label
        return INVALID


@dataclass(frozen=True, slots=True)
class GlueScore:
    """A task's result.

    Attributes:
        correct: Right answers.
        incorrect: Wrong ones.
        invalid: Texts without an answer.
        f1: F1 of each label (invalid is one where it occurs), weighted by how often it is true.
        mcc: Matthews correlation, invalid as a third class.
    """

    correct: int
    incorrect: int
    invalid: int
    f1: float
    mcc: float

    @property
    def total(self) -> int:
        """How many examples there were."""
        return self.correct + self.incorrect + self.invalid


def score(labels: Sequence[int], answers: Sequence[int]) -> GlueScore:
    """Score answers as scikit-learn does (`f1_score(average="weighted")`, `matthews_corrcoef`).

    Raises:
        ValueError: There are none, or not as many of each.
    """
    if not labels or len(labels) != len(answers):
        raise ValueError(f"{len(labels)} labels and {len(answers)} answers")
    pairs = list(zip(labels, answers, strict=True))
    correct = sum(label == answer for label, answer in pairs)
    invalid = sum(answer == INVALID for answer in answers)
    return GlueScore(
        correct, len(pairs) - correct - invalid, invalid, _weighted_f1(pairs), _mcc(pairs)
    )


def _weighted_f1(pairs: Sequence[tuple[int, int]]) -> float:
    true, said = Counter(t for t, _ in pairs), Counter(s for _, s in pairs)
    hits = Counter(t for t, s in pairs if t == s)
    return sum(n * 2 * hits[label] / (n + said[label]) for label, n in true.items()) / len(pairs)


def _mcc(pairs: Sequence[tuple[int, int]]) -> float:
    """Matthews correlation of any number of classes; 0 where one side has a single class."""
    true, said = Counter(t for t, _ in pairs), Counter(s for _, s in pairs)
    n, hits = len(pairs), sum(t == s for t, s in pairs)
    covariance = hits * n - sum(true[label] * said[label] for label in true)
    spread = (n * n - sum(v * v for v in said.values())) * (
        n * n - sum(v * v for v in true.values())
    )
    return covariance / sqrt(spread) if spread else 0.0


def examples(task: Task, limit: int | None = None) -> list[dict[str, Any]]:
    """The 200 examples of a task, or the first so many."""
    text = files(__package__).joinpath("data", FORMS[task].data).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()[:limit]]


def me_ppl_sentences(path: Path | None = None) -> list[str]:
    """The sentences of ME-PPL: the 50 that ship, or those of a file in its form.

    Raises:
        FileFormatError: The file can't be read.
    """
    try:
        if path is None:
            text = files(__package__).joinpath("data", "me_ppl_50.jsonl").read_text("utf-8")
        else:
            text = path.expanduser().read_text(encoding="utf-8")
        return [str(json.loads(line)["Text"]) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{path}: {error}", 'lines of {"Text": "…"}') from None


def _pairs(*rows: tuple[str, str, int]) -> tuple[tuple[dict[str, str], int], ...]:
    return tuple(({"sentence1": a, "sentence2": b}, label) for a, b, label in rows)


def _singles(*rows: tuple[str, int]) -> tuple[tuple[dict[str, str], int], ...]:
    return tuple(({"sentence": text}, label) for text, label in rows)


_RTE_SHOTS = _pairs(
    (
        "Cyrus captured Babylon without a battle, and remedied the evils done by previous Assyrian "
        "and Babylonian rulers by sending prisoners in Babylonia back to their original homelands "
        "and aiding in the restoration of temples of the gods of various nations.",
        "Babylon surrendered to Cyrus without going to battle.",
        0,
    ),
    (
        "Successful plaintiffs recovered punitive damages in Texas discrimination cases 53% of the "
        "time.",
        "Legal costs to recover punitive damages are a deductible business expense.",
        1,
    ),
    (
        "The gastric bypass operation, also known as stomach stapling, has become the most common "
        "surgical procedure for treating obesity.",
        "Obesity is medically treated.",
        0,
    ),
)
_RTE_QUESTION = "{sentence1}\nquestion: {sentence2} True or False?\nanswer:"

FORMS: Mapping[Task, Form] = {
    Task.SST2: Form(
        "sst2.jsonl",
        "Review : {sentence}\nSentiment :",
        _singles(
            ("excruciatingly unfunny and pitifully unromantic", 0),
            ("rich veins of funny stuff in this movie", 1),
            ("by far the worst movie of the year", 0),
            ("fashioning an engrossing entertainment out", 1),
        ),
        ("negative", "positive"),
        first=1,
    ),
    Task.MRPC: Form(
        "mrpc.jsonl",
        "Are the sentences paraphrases of each other.\n"
        "Sentence 1: {sentence1}\nSentence 2: {sentence2}\nAnswer:",
        _pairs(
            (
                "Mr McDevitt has been granted control of three crucial aspects of policing in the "
                "Solomons.",
                "Mr McDevitt has been granted control of three aspects of policing by Commissioner "
                "William Morrell.",
                0,
            ),
            (
                "They had published an advertisement on the Internet on June 10, offering the "
                "cargo for sale, he added.",
                "On June 10, the ship's owners had published an advertisement on the Internet, "
                "offering the explosives for sale.",
                1,
            ),
            (
                "In 2002, Linksys overtook Cisco Systems as the leading wireless equipment vendor, "
                "accounting for 14.1 percent of revenue.",
                "Rolfe said Linksys overtook Cisco Systems last year as the leading supplier of "
                "WLAN equipment.",
                0,
            ),
            (
                "The notification was first reported Friday by MSNBC.",
                "MSNBC.com first reported the CIA request on Friday.",
                1,
            ),
            (
                '"The anticipated global sales improvement in the month of June did not '
                'materialize", said Chief Financial Officer Robert Rivet.',
                '"The anticipated global sales improvement in the month of June did not '
                'materialize as we had anticipated", the company said.',
                1,
            ),
            (
                "That compared with $ 35.18 million, or 24 cents per share, in the year-ago "
                "period.",
                "Earnings were affected by a non-recurring $8 million tax benefit in the year-ago "
                "period.",
                0,
            ),
        ),
        ("No", "Yes"),
        first=1,
    ),
    Task.COLA: Form(
        "cola.jsonl",
        "Is this sentence linguistically acceptable?\nSentence : {sentence}\nAnswer :",
        _singles(
            ("Bill pushed Harry off the sofa for hours.", 0),
            ("Bill floated down the river for hours.", 1),
            ("It is important for the more you eat, the more careful you to be.", 0),
            ("It is important for you to be more careful, the more you eat.", 1),
            ("Mary will believe Susan, and you will Bob.", 1),
            ("You will Bob believe.", 0),
        ),
        ("No", "Yes"),
        first=1,
    ),
    Task.RTE: Form("rte.jsonl", _RTE_QUESTION, _RTE_SHOTS, ("True", "False"), first=1),
    Task.RTE_PUBLISHED: Form("rte.jsonl", _RTE_QUESTION, _RTE_SHOTS, ("False", "True"), first=0),
}
"""How each task is asked. In both forms of RTE "False" is looked for before "True"."""
