"""Length-normalised likelihood of targets behind prompts, batched.

Source: kmeng01/rome `eval_utils_counterfact.py` `test_batch_prediction`. One tokenisation of
prompt and target together decides which tokens are the target's, so a tokenizer that puts a BOS
in front changes nothing (the published index arithmetic counts it twice).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from ...errors import RequestError
from ..model import LoadedModel
from ..progress import NEVER, StopFlag
from ..tokens import encode, with_space
from .batches import BATCH_SIZE, row_logits
from .scores import TargetPair

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def target_nlls(
    model: LoadedModel,
    pairs: Sequence[tuple[str, str]],
    *,
    batch_size: int = BATCH_SIZE,
    stop: StopFlag = NEVER,
) -> list[float]:
    """Mean NLL per target token of each (prompt, target), nats.

    The target follows the prompt after one blank, which is added where it is missing.

    Raises:
        RequestError: A prompt is empty, a target has no token, or both are too long together.
        CancelledError: `stop` was set.
    """
    rows = [_row(model.tokenizer, prompt, target) for prompt, target in pairs]
    found = [0.0] * len(rows)
    fed = [ids[:-1] for ids, _ in rows]
    for i, logits in row_logits(model, fed, batch_size=batch_size, stop=stop):
        ids, n = rows[i]
        targets = torch.tensor(ids[-n:], device=logits.device)
        picked = logits[-n:].log_softmax(-1).gather(1, targets[:, None])
        found[i] = float(-picked.mean())
    return found


def target_pairs(
    model: LoadedModel,
    prompts: Sequence[str],
    target_new: str,
    target_true: str,
    *,
    batch_size: int = BATCH_SIZE,
    stop: StopFlag = NEVER,
) -> list[TargetPair]:
    """The likelihoods of both targets behind each prompt.

    Raises:
        RequestError: As `target_nlls`.
        CancelledError: `stop` was set.
    """
    asked = [(prompt, target) for prompt in prompts for target in (target_new, target_true)]
    nlls = target_nlls(model, asked, batch_size=batch_size, stop=stop)
    return [TargetPair(new, true) for new, true in zip(nlls[::2], nlls[1::2], strict=True)]


def _row(
    tokenizer: PreTrainedTokenizerBase, prompt: str, target: str
) -> tuple[tuple[int, ...], int]:
    """Token ids of prompt and target, and how many at the end are the target's."""
    encoding = encode(tokenizer, prompt + with_space(target))
    first = encoding.from_end_of(len(prompt))
    last = max((i for i, (a, b) in enumerate(encoding.spans) if b > a), default=-1)
    if not target.strip() or last < first:
        raise RequestError(f"the target {target!r} has no token", "give a word")
    if first == 0:
        raise RequestError("the prompt is empty", "nothing stands before the target")
    return encoding.ids[: last + 1], last + 1 - first
