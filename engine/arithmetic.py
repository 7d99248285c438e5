"""Adding a vector to the residual stream, and whether the vector mattered: scores and p-values.

The boundary is the layer from which on the lens says the answer. A push should turn the layers
before it into the answer, and, taken away, the layers from it on back into the copied input. The
layer score is the share of layers that did so. The same score is taken of random vectors, and
the p-value says how often they do as well. A layer that says what is expected of it already counts
for nothing, so that a push of zero scores zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import torch
from torch import Tensor

from ..errors import UsageError
from .lens import Lens, LensRow, first_token, lens, position_of, prompt_ids, read_rows, settles
from .model import LoadedModel
from .passes import Part, Run, Suffix, read_head, record
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from .tokens import pieces
from .vectors import Control, control_vectors

_ROWS = 256
"""Vectors that are run together."""


class Act(StrEnum):
    """How the vector is used.

    READ: each layer's output is moved by itself and read, and nothing is passed on: plus the
    vector before the boundary, minus (layer - boundary + offset) times the vector from it on.
    RESIDUAL: added to the output of a layer, and passed on. FFN: takes the place of what the MLP
    adds, and is passed on.
    """

    READ = "read"
    RESIDUAL = "residual"
    FFN = "ffn"


@dataclass(frozen=True, slots=True)
class Push:
    """What is done with a vector.

    Attributes:
        layer: First layer acted on; not used by READ.
        scale: Times the vector; negative takes it away.
        position: The token acted on. The lens reads the prompt's last token.
        layers: How many layers in a row are acted on.
        span: Layers counted on each side of the boundary.
        offsets: READ: added to the distance from the boundary in the scale of the layers behind
            it. RESIDUAL and FFN: how far behind `layer` a single layer is looked at.
    """

    act: Act = Act.READ
    layer: int = 0
    scale: float = 1.0
    position: int = -1
    layers: int = 1
    span: int = 4
    offsets: tuple[int, ...] = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class LayerScore:
    """Layers that became what they should: the answer before the boundary, the copy behind it."""

    before: int
    of_before: int
    after: int
    of_after: int

    @property
    def value(self) -> float:
        """The share of all; NaN where there were none to change."""
        total = self.of_before + self.of_after
        return (self.before + self.after) / total if total else math.nan


@dataclass(frozen=True, slots=True)
class ControlScore:
    """The same score for vectors that mean nothing.

    Attributes:
        scores: One for each.
        mean: Of the scores, with its 95 % confidence interval `mean_low` … `mean_high`.
        low: 2.5 % quantile of the scores.
        high: 97.5 % quantile.
        p_value: (1 + controls at least as good as the vector) / (1 + controls).
    """

    kind: Control
    scores: tuple[float, ...]
    mean: float
    mean_low: float
    mean_high: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class OffsetScore:
    """The score at one offset: see `Push.offsets`; offset 0 is the push as a whole."""

    offset: int
    score: LayerScore
    controls: tuple[ControlScore, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A vector's effect on a prompt, and that of its controls.

    Attributes:
        vector: Where the vector came from, in words.
        norm: ‖vector‖.
        boundary: First layer from which on the lens says the answer; n_layers where it never does.
        before: The lens without the push.
        after: Its rows with it (READ: at the first offset).
        changed: Which of them have another likeliest token.
        scores: The whole, then by offset.
    """

    prompt: str
    vector: str
    norm: float
    push: Push
    answer: str
    copied: str
    boundary: int
    before: Lens
    after: tuple[LensRow, ...]
    changed: tuple[bool, ...]
    scores: tuple[OffsetScore, ...]
    seed: int

    @property
    def score(self) -> OffsetScore:
        """The push as a whole."""
        return self.scores[0]


def arithmetic(
    model: LoadedModel,
    prompt: str,
    vector: Tensor,
    push: Push,
    *,
    named: str = "",
    answer: str | None = None,
    copied: str | None = None,
    controls: Sequence[Control] = tuple(Control),
    count: int = 100,
    seed: int = 0,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Arithmetic:
    """Push a prompt with a vector [d] and with `count` controls of each kind.

    Args:
        answer: The right answer; the model's own where it isn't given.
        copied: The input that is copied before the answer is found; the likeliest token of the
            layer below the boundary where it isn't given.

    Raises:
        UsageError: The push doesn't fit the model; the vector is zero and there are controls.
        RequestError: The prompt is empty or too long, or has no such position.
        CancelledError: `stop` was set.
    """
    bench = _Pushed(model, prompt, push, answer, copied)
    kinds = tuple(controls) if count else ()
    real = bench.tops(vector[None])
    scores: dict[Control, list[list[LayerScore]]] = {}
    for done, kind in enumerate(kinds):
        check(stop, "the controls")
        progress(Progress("pushing controls", done, len(kinds), str(kind)))
        drawn = control_vectors(vector, kind, count, seed)
        scores[kind] = bench.scores(bench.tops(drawn))
    found = []
    for i, (offset, score) in enumerate(zip(bench.offsets, bench.scores(real)[0], strict=True)):
        against = tuple(
            _against(kind, score, [one[i] for one in rows]) for kind, rows in scores.items()
        )
        found.append(OffsetScore(offset, score, against))
    after = bench.rows(vector)
    changed = tuple(a.ids[0] != b.ids[0] for a, b in zip(bench.lens.rows, after, strict=True))
    names = pieces(model.tokenizer, (bench.answer, bench.copied))
    return Arithmetic(
        prompt, named, float(vector.norm()), push, names[0], names[1], bench.boundary, bench.lens,
        after, changed, tuple(found), seed,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sweep:
    """A push at every start layer and scale.

    Attributes:
        answer: The token whose final probability is in `probs`.
        scores: Layer score, [layers][scales].
        probs: Probability of the answer at the end, [layers][scales]; with READ, which passes
            nothing on, that of the last layer.
    """

    prompt: str
    vector: str
    act: Act
    answer: str
    layers: tuple[int, ...]
    scales: tuple[float, ...]
    scores: tuple[tuple[float, ...], ...]
    probs: tuple[tuple[float, ...], ...]


def sweep(
    model: LoadedModel,
    prompt: str,
    vector: Tensor,
    push: Push,
    scales: Sequence[float],
    *,
    named: str = "",
    answer: str | None = None,
    copied: str | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Sweep:
    """Push at every start layer with every scale.

    Raises:
        UsageError: No scales are given; READ, which has no start layer.
        CancelledError: `stop` was set.
    """
    if push.act is Act.READ or not scales:
        raise UsageError(
            "a sweep needs scales and a push that starts at a layer",
            "use --act residual or --act ffn",
        )
    layers = tuple(range(model.n_layers))
    scores, probs, name = [], [], ""
    for layer in layers:
        check(stop, "the sweep")
        progress(Progress("sweeping", layer, len(layers), f"layer {layer}"))
        row_scores, row_probs = [], []
        for scale in scales:
            bench = _Pushed(
                model, prompt, replace(push, layer=layer, scale=scale, offsets=()), answer, copied
            )
            states = bench.states(vector[None])
            logits = read_head(model, states)[0]
            row_scores.append(bench.scores(logits.argmax(-1).cpu()[None, None])[0][0].value)
            row_probs.append(float(logits[-1].softmax(-1)[bench.answer]))
            name = pieces(model.tokenizer, (bench.answer,))[0]
        scores.append(tuple(row_scores))
        probs.append(tuple(row_probs))
    return Sweep(prompt, named, push.act, name, layers, tuple(scales), tuple(scores), tuple(probs))


class _Pushed:
    """A prompt, ready to be pushed by any number of vectors."""

    def __init__(
        self, model: LoadedModel, prompt: str, push: Push, answer: str | None, copied: str | None
    ) -> None:
        self._model, self._push = model, push
        self.lens = lens(model, prompt)
        self._run: Run = record(model, prompt_ids(model, prompt))
        self._last = len(self._run.ids) - 1
        self._position = position_of(push.position, len(self._run.ids))
        self._check()
        tops = [row.ids[0] for row in self.lens.rows]
        self._clean = torch.tensor(tops)
        self.answer = tops[-1] if answer is None else first_token(model, answer)
        self.boundary = settles(tops, self.answer)
        below = tops[max(self.boundary - 1, 0)]
        self.copied = below if copied is None else first_token(model, copied)
        self.offsets = (0, *push.offsets)

    def _check(self) -> None:
        push = self._push
        self._model.check_layer(push.layer)
        if push.layers < 1 or push.span < 1 or not math.isfinite(push.scale):
            raise UsageError(
                f"layers {push.layers}, span {push.span} or scale {push.scale} is out of range",
                "layers and span are at least 1, and the scale is finite",
            )
        if push.act is Act.READ and self._position != self._last:
            raise UsageError(
                f"reading alone passes nothing on from position {self._position} to the last token",
                "use --act residual or --act ffn",
            )

    def rows(self, vector: Tensor) -> tuple[LensRow, ...]:
        """The lens with the vector."""
        k = len(self.lens.rows[0].ids)
        return read_rows(self._model, self.states(vector[None])[0], top_k=k)

    def tops(self, vectors: Tensor) -> Tensor:
        """The likeliest token of every layer, [n, ramps, layers]; one ramp but with READ."""
        size = max(1, _ROWS // self._model.n_layers)
        found = [
            torch.stack([self._tops(part, ramp) for ramp in self._ramps()], dim=1)
            for part in vectors.split(size)
        ]
        return torch.cat(found)

    def _tops(self, vectors: Tensor, ramp: int) -> Tensor:
        return read_head(self._model, self.states(vectors, ramp)).argmax(-1).cpu()

    def _ramps(self) -> tuple[int, ...]:
        """READ: the offsets, the first of them standing for the push as a whole too."""
        offsets = self._push.offsets if self._push.act is Act.READ else ()
        return offsets or (1,)

    def states(self, vectors: Tensor, ramp: int | None = None) -> Tensor:
        """What the lens reads, [n, layers, d], for vectors [n, d]."""
        if self._push.act is Act.READ:
            return self._read(vectors, self._ramps()[0] if ramp is None else ramp)
        return self._passed_on(vectors)

    def _read(self, vectors: Tensor, offset: int) -> Tensor:
        clean = self._clean_states()
        layers = torch.arange(self._model.n_layers)
        behind = -(layers - self.boundary + offset).to(vectors.dtype)
        scales = self._push.scale * torch.where(layers < self.boundary, 1.0, behind)
        return clean[None] + scales.to(vectors.dtype)[None, :, None] * vectors[:, None, :]

    @torch.no_grad()
    def _passed_on(self, vectors: Tensor) -> Tensor:
        push, here = self._push, self._position
        suffix = Suffix(self._model, self._run, here)
        acted = range(push.layer, min(push.layer + push.layers, self._model.n_layers))
        state = self._run.states[push.layer][:, here:]
        hidden = state.expand(len(vectors), -1, -1).clone()
        moved = (push.scale * vectors).to(hidden.device, hidden.dtype)
        out = list(self._clean_states()[: push.layer, None].expand(-1, len(vectors), -1))
        for block in range(push.layer, self._model.n_layers):
            instead = push.act is Act.FFN and block in acted
            changes = {Part.MLP: lambda added: _first(added, moved)} if instead else {}
            hidden = suffix.block(block, hidden, changes)
            if push.act is Act.RESIDUAL and block in acted:
                hidden = _first(hidden, hidden[:, 0] + moved)
            out.append(hidden[:, self._last - here].to("cpu", self._model.compute_dtype))
        return torch.stack(out, dim=1)

    def _clean_states(self) -> Tensor:
        kept = [state[0, self._last].cpu() for state in self._run.states[1:]]
        return torch.stack(kept).to(self._model.compute_dtype)

    def scores(self, tops: Tensor) -> list[list[LayerScore]]:
        """For each vector its score as a whole and by offset, from `tops`."""
        push = self._push
        if push.act is Act.READ:
            by_ramp = [[self._score(ramp, (True, True)) for ramp in row] for row in tops]
            return [[scores[0], *(scores if push.offsets else [])] for scores in by_ramp]
        side = (True, False) if push.scale >= 0 else (False, True)
        looked_at = [None, *(push.layer + k for k in push.offsets)]
        return [[self._score(row[0], side, only) for only in looked_at] for row in tops]

    def _score(self, tops: Tensor, sides: tuple[bool, bool], only: int | None = None) -> LayerScore:
        """Count the layers that became what they should."""
        b, span = self.boundary, self._push.span
        before = range(max(0, b - span), b) if sides[0] else range(0)
        after = range(b, min(len(tops), b + span)) if sides[1] else range(0)
        counts = []
        for layers, wanted in ((before, self.answer), (after, self.copied)):
            open_ = [
                i for i in layers
                if int(self._clean[i]) != wanted and (only is None or i == only)
            ]  # fmt: skip
            counts += [sum(int(tops[i]) == wanted for i in open_), len(open_)]
        return LayerScore(*counts)


def _first(out: Tensor, values: Tensor) -> Tensor:
    altered = out.clone()
    altered[:, 0] = values
    return altered


def _against(kind: Control, real: LayerScore, others: list[LayerScore]) -> ControlScore:
    """Hold a score against its controls."""
    scores = torch.tensor([score.value for score in others], dtype=torch.float64)
    n = len(scores)
    mean = float(scores.mean())
    error = 1.96 * float(scores.std()) / math.sqrt(n) if n > 1 else math.nan
    at_least = int((scores >= real.value).sum())
    p = math.nan if math.isnan(real.value) else (1 + at_least) / (1 + n)
    low, high = (float(scores.quantile(q)) for q in (0.025, 0.975))
    return ControlScore(
        kind, tuple(scores.tolist()), mean, mean - error, mean + error, low, high, p
    )
