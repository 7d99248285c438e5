"""The noise that corrupts a subject in a causal trace, as published.

Drawn by numpy's RandomState(1) afresh for every run, in fp64, so that every restored run sees
the very same noise (kmeng01/rome `experiments/causal_trace.py`). Kinds and their spellings are
that script's: "0.1", "s3", "u0.5", "m", "t3".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import UsageError
from .model import LoadedModel, named_module
from .tokens import encode

SEED = 1
"""The published seed of the noise."""

_STUDENT_SEED = 2
_STUDENT_DRAWS = 1000


class NoiseKind(StrEnum):
    """How noise is drawn.

    GAUSSIAN: spherical; `level` is its standard deviation, or that many times the spread of the
    embeddings. UNIFORM: from -level to level. MULTIVARIATE: Gaussian with the embeddings' mean and
    covariance. STUDENT: t-distributed with `level` degrees of freedom and that covariance.
    """

    GAUSSIAN = "gaussian"
    UNIFORM = "uniform"
    MULTIVARIATE = "multivariate"
    STUDENT = "student"


@dataclass(frozen=True, slots=True)
class Noise:
    """A kind of noise.

    Attributes:
        level: Standard deviation, half width, or degrees of freedom; unused for MULTIVARIATE.
        relative: The level counts in standard deviations of the token embeddings.
        replace: The noise takes the embeddings' place instead of being added to them.
    """

    kind: NoiseKind = NoiseKind.GAUSSIAN
    level: float = 3.0
    relative: bool = True
    replace: bool = False

    @property
    def spelled(self) -> str:
        """The published spelling, "s3"."""
        if self.kind is NoiseKind.MULTIVARIATE:
            return "m"
        letter = {NoiseKind.UNIFORM: "u", NoiseKind.STUDENT: "t"}.get(self.kind, "")
        return f"{'s' if self.relative else letter}{self.level:g}"


DEFAULT_NOISE = Noise()
"""Three standard deviations of the embeddings (Meng et al. 2022, §2.1)."""


def parse_noise(text: str, *, replace: bool = False) -> Noise:
    """Read the published spelling.

    Raises:
        UsageError: It is none of them.
    """
    kinds = {"s": NoiseKind.GAUSSIAN, "u": NoiseKind.UNIFORM, "t": NoiseKind.STUDENT}
    if text == "m":
        return Noise(NoiseKind.MULTIVARIATE, 1.0, False, replace)
    letter = text[:1] if text[:1] in kinds else ""
    try:
        level = float(text[len(letter) :] or (3.0 if letter == "t" else 1.0 if letter else ""))
    except ValueError:
        level = -1.0
    kind = kinds.get(letter, NoiseKind.GAUSSIAN)
    if not 0 < level < float("inf") or (kind is NoiseKind.STUDENT and level <= 2):
        raise UsageError(
            f"{text!r} is no noise",
            "s3: 3 times the embeddings' spread; 0.1: Gaussian; u0.5: uniform; "
            "m: multivariate; t3: Student's t (above 2)",
        )
    return Noise(kind, level, letter == "s", replace)


def embeddings(model: LoadedModel, subjects: Sequence[str] = ()) -> Tensor:
    """Token embeddings [n, d] of the subjects as the model gives them; the vocabulary's for none.

    Special tokens in front are included, as published.
    """
    module = named_module(model.model, model.adapter.embedding)
    if subjects:
        ids = [i for text in subjects for i in encode(model.tokenizer, text).ids]
    else:
        table = model.model.get_input_embeddings().weight
        assert isinstance(table, Tensor)
        ids = list(range(min(len(model.tokenizer), table.shape[0])))
    with torch.no_grad():
        out: Tensor = module(torch.tensor([ids], device=model.input_device))[0]
    return out


@dataclass(frozen=True, slots=True)
class NoiseSource:
    """Noise that is ready to be drawn for one model.

    Attributes:
        noise: What was asked for.
        scale: The level in the embeddings' own units; 1 for the kinds with a covariance.
        spread: Standard deviation of the embeddings; None where it was not needed.
        over: What the embeddings' statistics are of: "subjects" or "vocabulary".
        shape: Turns standard normal draws [..., d] into the kind's.
    """

    noise: Noise
    scale: float
    spread: float | None
    over: str
    shape: Callable[[Tensor], Tensor]

    def draw(self, samples: int, tokens: int, width: int) -> Tensor:
        """Noise [samples, tokens, width] in fp64: the same at every call."""
        state = np.random.RandomState(SEED)
        size = (samples, tokens, width)
        if self.noise.kind is NoiseKind.UNIFORM:
            return self.scale * torch.from_numpy(state.uniform(-1, 1, size))
        return self.shape(torch.from_numpy(state.randn(*size)))

    def disturb(
        self, first: int, end: int, *, replace: bool | None = None
    ) -> Callable[[Tensor], Tensor]:
        """A change of embeddings [rows, T, d] at tokens `first` to `end`, a draw for each row.

        Args:
            replace: Overrules the noise's own.
        """
        instead = self.noise.replace if replace is None else replace

        def change(embedded: Tensor) -> Tensor:
            drawn = self.draw(embedded.shape[0], end - first, embedded.shape[2])
            drawn = drawn.to(embedded.device)
            out = embedded.clone()
            kept = 0.0 if instead else out[:, first:end].double()
            out[:, first:end] = (kept + drawn).to(out.dtype)
            return out

        return change

    def to_json(self) -> dict[str, Any]:
        """What a trace records of its noise."""
        return {
            "noise": self.noise.spelled, "kind": self.noise.kind.value, "level": self.noise.level,
            "replace": self.noise.replace, "scale": self.scale, "spread": self.spread,
            "over": self.over, "seed": SEED,
        }  # fmt: skip


def noise_source(
    model: LoadedModel, noise: Noise = DEFAULT_NOISE, subjects: Sequence[str] = ()
) -> NoiseSource:
    """Make a kind of noise ready for a model.

    Args:
        subjects: Whose token embeddings give spread, mean and covariance (published: those of all
            facts); without any, those of the whole vocabulary.
    """
    over = "subjects" if subjects else "vocabulary"
    if noise.kind in (NoiseKind.MULTIVARIATE, NoiseKind.STUDENT):
        normal = _multivariate(embeddings(model, subjects))
        shape = normal if noise.kind is NoiseKind.MULTIVARIATE else _student(normal, noise.level)
        return NoiseSource(noise, 1.0, None, over, shape)
    spread = float(embeddings(model, subjects).std()) if noise.relative else None
    scale = noise.level * (spread if spread is not None else 1.0)
    return NoiseSource(noise, scale, spread, over, lambda drawn: scale * drawn)


def _multivariate(embedded: Tensor) -> Callable[[Tensor], Tensor]:
    """Standard normal draws to the mean and covariance of embeddings [n, d]."""
    data = embedded.detach().double().cpu()
    mean = data.mean(0)
    _, values, vectors = torch.linalg.svd(torch.cov(data.T))
    root = values.sqrt()[None, :] * vectors.T
    return lambda drawn: drawn @ root.T + mean


def _student(normal: Callable[[Tensor], Tensor], degrees: float) -> Callable[[Tensor], Tensor]:
    """Student's t with the covariance kept: each token's draw times √((degrees - 2)/χ²)."""
    draws = np.random.RandomState(_STUDENT_SEED).chisquare(df=degrees, size=_STUDENT_DRAWS)
    factors = ((degrees - 2) / torch.from_numpy(draws)).sqrt()

    def shape(drawn: Tensor) -> Tensor:
        out = normal(drawn)
        places = torch.arange(out.shape[:-1].numel()) % _STUDENT_DRAWS
        return factors[places].reshape(*out.shape[:-1], 1) * out

    return shape
