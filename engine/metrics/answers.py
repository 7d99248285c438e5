"""Teacher-forced accuracy of an answer, token by token: the zsRE metric.

Source: kmeng01/rome `eval_utils_zsre.py`: behind each prefix of the answer's tokens, is the
likeliest next token the answer's next one? Prefixes are decoded to text and tokenised again behind
the prompt, as published; a piece is compared by its first token. Special tokens never count as
part of an answer (with a BOS the published comparison would be with the BOS).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import RequestError
from ..model import LoadedModel
from ..progress import NEVER, StopFlag
from ..tokens import encode
from .greedy import BATCH_SIZE, next_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Question = tuple[str, str]
"""A prompt and what must come next."""


def answer_steps(tokenizer: PreTrainedTokenizerBase, prompt: str, answer: str) -> list[Question]:
    """One question for each token of the answer: the prompt with the tokens before it.

    Raises:
        RequestError: The answer has no token.
    """
    ids = tokenizer(" " + answer, add_special_tokens=False)["input_ids"]
    if not answer.strip() or not ids:
        raise RequestError(f"the answer {answer!r} has no token", "give a word")
    return [
        (prompt + str(tokenizer.decode(ids[:i])), str(tokenizer.decode(ids[i])))
        for i in range(len(ids))
    ]


def answer_bits(
    model: LoadedModel,
    questions: Sequence[Question],
    *,
    batch_size: int = BATCH_SIZE,
    stop: StopFlag = NEVER,
) -> list[bool]:
    """For each question, whether the likeliest next token is the wanted one.

    Raises:
        RequestError: A prompt is too long for the model.
        CancelledError: `stop` was set.
    """
    rows = [encode(model.tokenizer, prompt).ids for prompt, _ in questions]
    wanted = [
        model.tokenizer(piece, add_special_tokens=False)["input_ids"][:1] for _, piece in questions
    ]
    found = next_tokens(model, rows, batch_size=batch_size, stop=stop)
    return [[token] == list(piece) for token, piece in zip(found, wanted, strict=True)]
