"""What a model says next to many prompts at once: greedy tokens, right-padded, batched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from ..model import LoadedModel
from ..progress import NEVER, StopFlag, check
from ..tokens import check_length, encode

BATCH_SIZE = 16


def next_tokens(
    model: LoadedModel,
    rows: Sequence[Sequence[int]],
    *,
    batch_size: int = BATCH_SIZE,
    stop: StopFlag = NEVER,
) -> Iterator[int]:
    """The likeliest token behind each row.

    Only the positions where a row ends pass through the head, so long prompts cost little memory.

    Raises:
        RequestError: A row is longer than the model's context.
        CancelledError: `stop` was set.
    """
    for row in rows:
        check_length(model, len(row), "a prompt")
    for start in range(0, len(rows), batch_size):
        check(stop, "the measurement")
        batch = rows[start : start + batch_size]
        ends = sorted({len(row) - 1 for row in batch})
        width = ends[-1] + 1
        ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in batch])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in batch])
        device = model.input_device
        with torch.no_grad():
            logits = model.model(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                logits_to_keep=torch.tensor(ends, device=device),
            ).logits
        at = torch.tensor([ends.index(len(row) - 1) for row in batch], device=logits.device)
        picked = logits[torch.arange(len(batch), device=logits.device), at]
        yield from picked.argmax(-1).tolist()


def greedy_texts(
    model: LoadedModel,
    prompts: Sequence[str],
    max_new_tokens: int,
    *,
    batch_size: int = BATCH_SIZE,
    stop: StopFlag = NEVER,
) -> list[str]:
    """What the model writes behind each prompt, the prompt left out; an end-of-text ends it.

    Raises:
        RequestError: A prompt is too long for the model.
        CancelledError: `stop` was set.
    """
    rows = [list(encode(model.tokenizer, prompt).ids) for prompt in prompts]
    written: list[list[int]] = [[] for _ in rows]
    going = list(range(len(rows)))
    for _ in range(max_new_tokens):
        fed = [[*rows[i], *written[i]] for i in going]
        found = next_tokens(model, fed, batch_size=batch_size, stop=stop)
        for i, token in zip(list(going), found, strict=True):
            if token == model.tokenizer.eos_token_id:
                going.remove(i)
            else:
                written[i].append(token)
    return [str(model.tokenizer.decode(ids, skip_special_tokens=True)) for ids in written]
