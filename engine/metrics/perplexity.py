"""Perplexity of fixed texts: as published, as it should be, and over many sentences (ME-PPL)."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum

import torch
from torch import Tensor

from ...errors import RequestError
from ..model import LoadedModel
from ..progress import NEVER, StopFlag
from ..tokens import encode
from .batches import BATCH_SIZE, row_logits


def perplexity(model: LoadedModel, text: str, *, max_tokens: int | None = None) -> float:
    """The published perplexity: exp(−Σ log p / N) with N tokens and N − 1 predictions.

    Dividing by N makes it too low, the more so the shorter the text (kmeng01/rome
    `util/perplexity.py`); `token_perplexity` divides by N − 1.

    Args:
        max_tokens: Only the first so many tokens count.

    Raises:
        RequestError: The text has no token, or too many for the model.
    """
    nlls = _nlls(model, text, max_tokens)
    return float((nlls.sum() / (len(nlls) + 1)).exp())


def token_perplexity(model: LoadedModel, text: str, *, max_tokens: int | None = None) -> float:
    """Perplexity per predicted token: exp of the mean NLL of the N − 1 predictions.

    Raises:
        RequestError: The text has fewer than two tokens, or too many for the model.
    """
    nlls = _nlls(model, text, max_tokens)
    if not len(nlls):
        raise RequestError(f"nothing is predicted in {text!r:.40}", "it has one token")
    return float(nlls.mean().exp())


def sentence_perplexity(
    model: LoadedModel,
    sentences: Sequence[str],
    *,
    batch_size: int = BATCH_SIZE,
    stop: StopFlag = NEVER,
) -> float:
    """ME-PPL: the mean over sentences of exp(mean token NLL), without a BOS.

    Source: WanliYoung/Collapse-in-Model-Editing `ppl.py`. Sentences of one token predict nothing
    and are left out.

    Raises:
        RequestError: No sentence has two tokens, or one is too long for the model.
        CancelledError: `stop` was set.
    """
    encoded = (
        model.tokenizer(sentence, add_special_tokens=False)["input_ids"] for sentence in sentences
    )
    rows = [ids for ids in encoded if len(ids) > 1]
    if not rows:
        raise RequestError("no sentence has two tokens", "give sentences")
    found = [
        exp(float(_predicted(logits, rows[i]).mean()))
        for i, logits in row_logits(model, rows, batch_size=batch_size, stop=stop)
    ]
    return fsum(found) / len(found)


def _nlls(model: LoadedModel, text: str, max_tokens: int | None) -> Tensor:
    """NLL of each token behind the first, [N − 1]."""
    ids = encode(model.tokenizer, text).ids[:max_tokens]
    if not ids:
        raise RequestError("the text is empty", "give a sentence")
    ((_, logits),) = row_logits(model, [ids])
    return _predicted(logits, ids)


def _predicted(logits: Tensor, ids: Sequence[int]) -> Tensor:
    targets = torch.tensor(ids[1:], dtype=torch.long, device=logits.device)
    return -logits[:-1].log_softmax(-1).gather(1, targets[:, None])[:, 0]
