"""Vectors to add to the residual stream, and the random ones to hold against them.

An o-vector is what the MLP of one layer adds at one token (Merullo et al. 2023, "Language Models
Implement Simple Word2Vec-style Vector Arithmetic"; jmerullo/lm_vector_arithmetic). Controls ask
whether any push of the same size would have done the same; no public code has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import FileFormatError, UsageError
from .lens import position_of, prompt_ids
from .model import LoadedModel
from .passes import Part, record

SEVERAL = 5
"""How many random directions are added at once for `Control.SEVERAL`."""


class Control(StrEnum):
    """What a vector is held against.

    RANDOM: random directions of the vector's norm. LOW_COSINE: the same, orthogonal to the vector.
    SHUFFLED: the vector's own numbers in random order. SEVERAL: sums of five random directions,
    each of the vector's norm, so about √5 times as long.
    """

    RANDOM = "random"
    LOW_COSINE = "low-cosine"
    SHUFFLED = "shuffled"
    SEVERAL = "several"


def mlp_vector(
    model: LoadedModel, prompts: Sequence[str], layer: int, position: int = -1
) -> Tensor:
    """What the MLP of a layer adds at one token, [d] in the compute dtype; the mean over prompts.

    Raises:
        UsageError: No prompts are given.
        ModelError: There is no such layer.
        RequestError: A prompt is empty or too long, or has no such position.
    """
    if not prompts:
        raise UsageError("no prompt is given to take the vector from", "name one, or a .npy file")
    model.check_layer(layer)
    found = []
    for prompt in prompts:
        ids = prompt_ids(model, prompt)
        run = record(model, ids, parts=(Part.MLP,))
        found.append(run.parts[Part.MLP][layer][0, position_of(position, len(ids))])
    return torch.stack(found).to("cpu", model.compute_dtype).mean(0)


def read_vector(path: Path, model: LoadedModel) -> Tensor:
    """A vector from a .npy file, [d] or any shape of as many numbers, in the compute dtype.

    Raises:
        FileFormatError: The file is no such array; the message names it.
    """
    try:
        array = np.load(path, allow_pickle=False)
        vector = torch.from_numpy(np.asarray(array, dtype=np.float64)).reshape(-1)
    except (OSError, ValueError, TypeError) as error:
        raise FileFormatError(
            f"{path} is no .npy file ({error})", "save it by numpy.save"
        ) from None
    if vector.numel() != model.hidden_size or not bool(torch.isfinite(vector).all()):
        raise FileFormatError(
            f"{path} has {vector.numel()} numbers, and {model.name} is {model.hidden_size} wide",
            "a vector has one finite number for each dimension of the residual stream",
        )
    return vector.to(model.compute_dtype)


def control_vectors(vector: Tensor, kind: Control, count: int, seed: int) -> Tensor:
    """Controls [count, d] for a vector [d]: the same for the same seed.

    Raises:
        UsageError: The vector is zero.
    """
    norm = vector.norm()
    if not float(norm) > 0:
        raise UsageError("the vector is zero", "there is no direction to hold controls against")
    generator = torch.Generator().manual_seed(seed)
    width = vector.shape[0]
    if kind is Control.SHUFFLED:
        orders = [torch.randperm(width, generator=generator) for _ in range(count)]
        return torch.stack([vector[order] for order in orders])
    groups = SEVERAL if kind is Control.SEVERAL else 1
    drawn = torch.randn(count, groups, width, generator=generator, dtype=torch.float64)
    if kind is Control.LOW_COSINE:
        along = vector.double() / norm
        drawn -= (drawn @ along)[..., None] * along
    drawn *= norm / drawn.norm(dim=-1, keepdim=True)
    return drawn.sum(1).to(vector.dtype)
