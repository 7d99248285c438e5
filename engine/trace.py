"""Causal tracing: which hidden states carry a fact from a corrupted subject to the answer.

Meng et al. 2022, §2; kmeng01/rome `experiments/causal_trace.py`. Three kinds of run: clean;
corrupted, with noise on the subject's embeddings; and restored, corrupted with one clean state (or
a window of MLP or attention outputs) put back at one token. The score is the mean probability of
the answer over the noise samples.

Published code runs the whole model once for every token and layer. A restored state changes
nothing before its token and nothing below its layer, so here all layers of one token run together,
each joining in at its own block, over the tokens from there on alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor

from ..errors import RequestError, UsageError
from .lens import first_token, prompt_ids
from .model import LoadedModel
from .noise import DEFAULT_NOISE, Noise, NoiseSource, noise_source
from .passes import Change, Part, Run, Suffix, read_head, record
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from .tokens import encode, pieces


class TraceKind(StrEnum):
    """What is restored: one block's output, or a window of MLP or attention outputs."""

    STATES = "states"
    MLP = "mlp"
    ATTENTION = "attn"


class Severed(StrEnum):
    """What is cut off above a restored state: its token's MLP or attention outputs are kept as
    they were in the corrupted run."""

    NONE = "none"
    MLP = "mlp"
    ATTENTION = "attn"


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """How to trace.

    Attributes:
        window: Layers restored together, for MLP and ATTENTION.
        severed: Only with STATES.
        samples: Draws of the noise.
        batch: Most rows that are run at once.

    Raises:
        UsageError: They contradict each other.
    """

    kind: TraceKind = TraceKind.STATES
    window: int = 10
    severed: Severed = Severed.NONE
    noise: Noise = DEFAULT_NOISE
    samples: int = 10
    batch: int = 480

    def __post_init__(self) -> None:
        if self.severed is not Severed.NONE and self.kind is not TraceKind.STATES:
            raise UsageError(
                f"a window of {self.kind} outputs can't be severed", "sever single states"
            )
        if self.window < 1 or self.samples < 1:
            raise UsageError(
                f"window {self.window} and samples {self.samples} must be at least 1",
                "the published figures are 10 and 10",
            )

    def window_of(self, layer: int, n_layers: int) -> range:
        """The layers restored around a layer."""
        low = layer - self.window // 2
        return range(max(0, low), min(n_layers, low + self.window))


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace of one prompt.

    Attributes:
        subject_range: First token of the subject and the one behind it.
        positions: The tokens that were restored, a row of `scores` each.
        noise: What was drawn (`NoiseSource.to_json`).
        answer_id: The token whose probability is followed.
        high: Its probability in the clean run.
        low: In the corrupted run.
        published_low: What the published code calls so where noise replaces embeddings: there it
            adds the noise for this one figure. None elsewhere.
        scores: Mean probability when restored, [positions][layers].
    """

    prompt: str
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    subject_range: tuple[int, int]
    positions: tuple[int, ...]
    kind: TraceKind
    window: int
    severed: Severed
    noise: dict[str, Any]
    samples: int
    answer_id: int
    answer: str
    high: float
    low: float
    scores: tuple[tuple[float, ...], ...]
    published_low: float | None = None
    elapsed_s: float = field(default=0.0, compare=False)

    @property
    def peak(self) -> tuple[int, int]:
        """Position and layer of the highest score."""
        best = max(
            ((score, row, layer) for row, line in enumerate(self.scores)
             for layer, score in enumerate(line) if not math.isnan(score)),
            default=(0.0, 0, 0),
        )  # fmt: skip
        return self.positions[best[1]], best[2]


def token_range(
    model: LoadedModel, text: str, subject: str, start: int | None = None
) -> tuple[int, int]:
    """First token of the subject in a text, and the one behind its last.

    Args:
        start: Character where the subject begins; its first occurrence where that isn't given.

    Raises:
        RequestError: The text doesn't have it.
    """
    begin = text.find(subject) if start is None else start
    if not subject.strip() or begin < 0 or not text.startswith(subject, begin):
        raise RequestError(
            f"the subject {subject!r} is not in {text!r:.60}", "write it as it stands in the prompt"
        )
    begin += len(subject) - len(subject.lstrip())
    end = begin + len(subject.strip())
    spans = encode(model.tokenizer, text).spans
    inside = [i for i, (a, b) in enumerate(spans) if b > begin and a < end and b > a]
    return inside[0], inside[-1] + 1


def trace(
    model: LoadedModel,
    prompt: str,
    subject: str,
    settings: TraceSettings | None = None,
    *,
    start: int | None = None,
    answer: str | None = None,
    source: NoiseSource | None = None,
    positions: Sequence[int] | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Trace:
    """Trace one prompt on the model as it is.

    Args:
        prompt: The text, subject in it.
        start: Character where the subject begins; its first occurrence where that isn't given.
        answer: Followed by its first token; the model's own answer where it isn't given.
        source: The noise, ready to be drawn, so that many prompts share it.
        positions: The tokens to restore; all where they aren't given.

    Raises:
        RequestError: The prompt is empty or too long, or the subject isn't in it.
        CancelledError: `stop` was set.
    """
    began = time.perf_counter()
    settings = settings or TraceSettings()
    ids = prompt_ids(model, prompt)
    first, end = token_range(model, prompt, subject, start)
    source = source or noise_source(model, settings.noise)
    tracer = _Tracer(model, ids, (first, end), settings, source, answer)
    wanted = tuple(range(len(ids))) if positions is None else tuple(positions)
    scores = []
    for done, position in enumerate(wanted):
        check(stop, "the trace")
        progress(Progress("tracing", done, len(wanted), f"token {position}"))
        scores.append(tuple(tracer.row(position)))
    progress(Progress("tracing", len(wanted), len(wanted)))
    return Trace(
        prompt=prompt, tokens=tuple(pieces(model.tokenizer, ids)), ids=ids,
        subject_range=(first, end), positions=wanted, kind=settings.kind, window=settings.window,
        severed=settings.severed, noise=source.to_json(), samples=settings.samples,
        answer_id=tracer.answer, answer=pieces(model.tokenizer, (tracer.answer,))[0],
        high=tracer.high, low=tracer.low, scores=tuple(scores),
        published_low=tracer.published_low(), elapsed_s=time.perf_counter() - began,
    )  # fmt: skip


class _Tracer:
    """One prompt with its clean and its corrupted run."""

    def __init__(
        self,
        model: LoadedModel,
        ids: tuple[int, ...],
        subject: tuple[int, int],
        settings: TraceSettings,
        source: NoiseSource,
        answer: str | None,
    ) -> None:
        self._model, self._ids, self._subject = model, ids, subject
        self._settings, self._source = settings, source
        needed = {str(settings.kind), str(settings.severed)}
        self._parts = tuple(part for part in Part if part.value in needed)
        self._clean = record(model, ids, parts=self._parts)
        self._corrupted = self._corrupt(None)
        clean = _probabilities(model, self._clean.states[-1][:, -1])[0]
        self.answer = int(clean.argmax()) if answer is None else first_token(model, answer)
        self.high = float(clean[self.answer])
        self.low = self._score(self._corrupted.states[-1][:, -1])[0]

    def published_low(self) -> float | None:
        """See `Trace.published_low`."""
        if not self._settings.noise.replace:
            return None
        return self._score(self._corrupt(False).states[-1][:, -1])[0]

    def row(self, position: int) -> list[float]:
        """The score of every layer at one token."""
        n_layers = self._model.n_layers
        if position < self._subject[0]:
            return [self.low] * n_layers  # the noise doesn't reach it: nothing to restore
        suffix = Suffix(self._model, self._corrupted, position)
        size = max(1, self._settings.batch // self._settings.samples)
        chunks = (range(i, min(i + size, n_layers)) for i in range(0, n_layers, size))
        return [score for layers in chunks for score in self._together(suffix, position, layers)]

    @torch.no_grad()
    def _together(self, suffix: Suffix, position: int, layers: range) -> list[float]:
        """Scores of layers of one token, run together: each joins in where it first differs."""
        entries = {layer: self._entry(layer) for layer in layers}
        joined: list[int] = []
        hidden: Tensor | None = None
        for block in range(min(entries.values()), self._model.n_layers + 1):
            new = [layer for layer in layers if entries[layer] == block]
            states = [self._start(block, position) for _ in new]
            joined += new
            if states:
                hidden = torch.cat([*([] if hidden is None else [hidden]), *states])
            if hidden is not None and block < self._model.n_layers:
                hidden = suffix.block(block, hidden, self._changes(block, position, joined))
        assert hidden is not None
        return self._score(hidden[:, -1])

    def _entry(self, layer: int) -> int:
        """The first block whose input or inside differs from the corrupted run."""
        if self._settings.kind is TraceKind.STATES:
            return layer + 1
        return self._settings.window_of(layer, self._model.n_layers).start

    def _start(self, block: int, position: int) -> Tensor:
        """What enters a block from `position` on, [samples, columns, d]."""
        state = self._corrupted.states[block][:, position:].clone()
        if self._settings.kind is TraceKind.STATES:
            state[:, 0] = self._clean.states[block][0, position]
        return state

    def _changes(self, block: int, position: int, joined: list[int]) -> dict[Part, Change]:
        """What to put back, or to cut off, inside a block."""
        settings = self._settings
        if settings.severed is not Severed.NONE:
            part = Part(settings.severed.value)
            cut = self._corrupted.parts[part][block][:, position].repeat(len(joined), 1)
            return {part: lambda out: _first_column(out, cut)}
        if settings.kind is TraceKind.STATES:
            return {}
        part = Part(settings.kind.value)
        clean = self._clean.parts[part][block][0, position]
        inside = torch.tensor(
            [block in settings.window_of(layer, self._model.n_layers) for layer in joined]
        ).repeat_interleave(settings.samples)

        def restore(out: Tensor) -> Tensor:
            here = inside.to(out.device)[:, None]
            return _first_column(out, torch.where(here, clean.to(out.device), out[:, 0]))

        return {part: restore} if bool(inside.any()) else {}

    def _corrupt(self, replace: bool | None) -> Run:
        change = self._source.disturb(*self._subject, replace=replace)
        samples = self._settings.samples
        return record(self._model, self._ids, rows=samples, disturb=change, parts=self._parts)

    def _score(self, hidden: Tensor) -> list[float]:
        """Mean probability of the answer, for each group of samples among states [n, d]."""
        found = [
            _probabilities(self._model, part)[:, self.answer]
            for part in hidden.split(self._settings.batch)
        ]
        means = torch.cat(found).reshape(-1, self._settings.samples).mean(1)
        return [float(mean) for mean in means]


def _first_column(out: Tensor, values: Tensor) -> Tensor:
    """`out` [rows, columns, d] with `values` [rows, d] in the first column."""
    altered = out.clone()
    altered[:, 0] = values
    return altered


def _probabilities(model: LoadedModel, states: Tensor) -> Tensor:
    return read_head(model, states).cpu().softmax(-1)


def trace_from_json(data: dict[str, Any]) -> Trace:
    """Read back a trace that was stored as a JSON object."""
    values = dict(data)
    for key in ("tokens", "ids", "subject_range", "positions"):
        values[key] = tuple(values[key])
    values["scores"] = tuple(
        tuple(math.nan if score is None else score for score in row) for row in values["scores"]
    )
    values["kind"], values["severed"] = TraceKind(values["kind"]), Severed(values["severed"])
    return Trace(**values)
