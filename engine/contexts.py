"""Context templates: short texts that a request is put behind, so that its key is an average.

Drawn once per session from the unedited model with the session's seed, and stored there; never
global (kmeng01/rome keeps them in a module variable that the next model then reuses).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache

from ..errors import FileFormatError, RequestError
from .model import LoadedModel
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from .tokens import BARE, encode, split_template

OPENING = "The"
"""What every drawn context starts with (kmeng01/rome `rome_main.py`)."""

TOP_K = 5
"""Contexts are drawn from the five likeliest tokens (kmeng01/rome `util/generate.py`)."""


def draw_contexts(
    model: LoadedModel,
    length_params: Sequence[tuple[int, int]],
    seed: int,
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> tuple[str, ...]:
    """Draw context templates from the model as it is now.

    Args:
        length_params: Pairs (length in tokens, the opening included; how many).
        seed: The same seed gives the same contexts, on every device.

    Returns:
        Templates in `str.format` form, the bare one first.
    """
    generator = torch.Generator().manual_seed(seed)
    templates = [BARE]
    for done, (length, count) in enumerate(length_params):
        check(stop, "drawing contexts")
        progress(Progress("drawing contexts", done, len(length_params)))
        texts = _draw(model, length, count, generator) if count else []
        templates += [_template(text) for text in texts]
    progress(Progress("drawing contexts", len(length_params), len(length_params)))
    return tuple(templates)


def _draw(model: LoadedModel, length: int, count: int, generator: torch.Generator) -> list[str]:
    """`count` texts of `length` tokens that begin with the opening, as one batch."""
    opening = encode(model.tokenizer, OPENING).ids
    ids = torch.tensor([opening] * count)
    cache = DynamicCache()
    fed = ids
    with torch.no_grad():
        for _ in range(max(0, length - len(opening))):
            logits = model.model(
                input_ids=fed.to(model.input_device), past_key_values=cache, use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1]  # fmt: skip
            fed = _top_k(logits.float().cpu(), generator)
            ids = torch.cat([ids, fed], dim=1)
    return [str(model.tokenizer.decode(row, skip_special_tokens=True)) for row in ids.tolist()]


def _top_k(logits: Tensor, generator: torch.Generator) -> Tensor:
    """One token a row, [rows, 1], among the likeliest."""
    values, indices = logits.topk(min(TOP_K, logits.shape[-1]), dim=-1)
    choice = torch.multinomial(values.softmax(-1), 1, generator=generator)
    return indices.gather(1, choice)


def _template(text: str) -> str:
    """A drawn text as a template: on one line, braces escaped, the prompt behind it."""
    flat = " ".join(text.split()) or OPENING
    escaped = flat.replace("{", "{{").replace("}", "}}")
    return f"{escaped}. {BARE}"


def read_contexts(path: Path) -> tuple[str, ...]:
    """Read a JSON list of templates; the bare one is put first where it is missing.

    Raises:
        FileFormatError: The file can't be read or isn't a list of templates with one `{}` each.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileFormatError(f"{path}: {error.strerror or error}", "name a JSON file") from None
    except UnicodeDecodeError:
        raise FileFormatError(f"{path}: not UTF-8 text", "name a JSON file") from None
    except json.JSONDecodeError as error:
        raise FileFormatError(f"{path}:{error.lineno}: {error.msg}", "mend the JSON") from None
    if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
        raise FileFormatError(f"{path}: not a list of texts", 'give ["{}", "A text. {}", …]')
    for number, template in enumerate(data, 1):
        try:
            split_template(template)
        except RequestError as error:
            raise FileFormatError(f"{path}: item {number}: {error.message}", error.hint) from None
    return tuple(data) if BARE in data else (BARE, *data)
