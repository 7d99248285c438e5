"""Collecting second moments: C = E[k kᵀ] of one or more layers' keys, in one pass over a text.

Every token that the model is run on counts as one key, a BOS included (Meng et al. 2022, §E.5,
counts keys; the published code counts articles). A collection is a fixed sequence of batches, and
what is kept between them is the sums and how far the sequence has come, so that one that was
killed goes on from its last checkpoint and ends with the very same bits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import CancelledError, StatisticsError
from .checkpoint import Checkpoint, State
from .model import LoadedModel
from .progress import NEVER, Progress, ProgressSink, StopFlag, ignore
from .sums import Convergence, MomentSums
from .texts import TextSource
from .tokens import encode


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be collected.

    Attributes:
        tokens: How many keys; fewer where the text ends before.
        window: Longest stretch of tokens the model is given at once.
        batch_tokens: Tokens of one forward pass, padding included.
    """

    tokens: int = 100_000
    window: int = 512
    batch_tokens: int = 4096

    def __post_init__(self) -> None:
        for name in ("tokens", "window", "batch_tokens"):
            if getattr(self, name) < 1:
                raise StatisticsError(f"{name} is {getattr(self, name)}", "give 1 or more")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of token ids, and where the sequence of batches stands behind them.

    Attributes:
        document: The document that the batch's group begins with.
        index: How many batches of the group are done with this one.
    """

    rows: tuple[tuple[int, ...], ...]
    document: int
    index: int


def batches(
    model: LoadedModel, source: TextSource, plan: Plan, *, document: int = 0, index: int = 0
) -> Iterator[Batch]:
    """The sequence of batches, from where an earlier one stopped.

    Documents are cut into windows, each behind the special tokens that the tokenizer opens a text
    with; some batches' worth of windows are sorted by length, so that little is padding.
    """
    window = min(plan.window, model.max_positions or plan.window)
    opening = _opening(model)
    group: list[tuple[int, ...]] = []
    held, first, number = 0, document, document
    for text in source.documents(document):
        number += 1
        rows = _windows(model, text, opening, window)
        group += rows
        held += sum(len(row) for row in rows)
        if held >= 8 * plan.batch_tokens:
            yield from _batched(group, plan, first, index)
            group, held, first, index = [], 0, number, 0
    yield from _batched(group, plan, first, index)


def _batched(group: list[tuple[int, ...]], plan: Plan, document: int, skip: int) -> Iterator[Batch]:
    """A group's windows in batches, longest first."""
    rows: list[tuple[int, ...]] = []
    done = 0
    for row in sorted(group, key=len, reverse=True):
        if rows and (len(rows) + 1) * len(rows[0]) > plan.batch_tokens:
            done += 1
            if done > skip:
                yield Batch(tuple(rows), document, done)
            rows = []
        rows.append(row)
    if rows and done + 1 > skip:
        yield Batch(tuple(rows), document, done + 1)


def _opening(model: LoadedModel) -> tuple[int, ...]:
    """The special tokens a text begins with."""
    encoding = encode(model.tokenizer, "a")
    first = next(i for i, (start, end) in enumerate(encoding.spans) if end > start)
    return encoding.ids[:first]


def _windows(
    model: LoadedModel, text: str, opening: tuple[int, ...], window: int
) -> list[tuple[int, ...]]:
    # verbose: it would warn of a text longer than the context, which is cut here.
    out = model.tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)
    ids = tuple(out["input_ids"])
    room = max(1, window - len(opening))
    return [opening + ids[at : at + room] for at in range(0, len(ids), room)]


@dataclass(frozen=True, slots=True)
class Collected:
    """What a finished collection gives.

    Attributes:
        tokens: Keys that were counted.
        convergence: Relative change of C at the last doubling; None before the first.
        elapsed_s: Seconds of this run.
        resumed_at: Tokens that a checkpoint held already.
        exhausted: The text ended before the wanted number of tokens.
    """

    sums: MomentSums
    tokens: int
    convergence: float | None
    elapsed_s: float
    resumed_at: int
    exhausted: bool

    def provenance(self, model: LoadedModel, source: TextSource, plan: Plan) -> dict[str, Any]:
        """What a statistics file says of itself."""
        return {
            "model": model.name,
            "model_type": model.model_type,
            "model_sha256": model.model_sha256,
            "tokenizer_sha256": model.tokenizer_sha256,
            "dataset": source.name,
            "tokens": self.tokens,
            "window": plan.window,
            "keys_dtype": str(model.compute_dtype).removeprefix("torch."),
            "model_dtype": model.dtype,
            "convergence": self.convergence,
        }


class Reporter:
    """Progress of a collection: tokens a second, and the convergence figure."""

    def __init__(self, plan: Plan, started_at: int, progress: ProgressSink) -> None:
        self._plan = plan
        self._from = started_at
        self._progress = progress
        self._began = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def report(self, tokens: int, convergence: Convergence) -> None:
        """Tell where the collection is."""
        detail = f"{(tokens - self._from) / max(self.elapsed_s, 1e-9):,.0f} tokens/s"
        if convergence.change is not None:
            detail += f", ±{convergence.change:.1%}"
        self._progress(Progress("collecting", tokens, self._plan.tokens, detail))


def collect_moments(
    model: LoadedModel,
    layers: Sequence[int],
    source: TextSource,
    plan: Plan,
    *,
    checkpoint: Checkpoint | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Collected:
    """Collect C at some layers of the unedited model.

    Args:
        checkpoint: Where to go on from, and what to keep; None starts afresh and keeps nothing.

    Raises:
        CancelledError: `stop` was set; takes effect within one batch, and what was collected is in
            the checkpoint.
        StatisticsError: The checkpoint is of another collection; a key isn't finite; no text.
        OutOfMemoryError: The sums or a batch don't fit.
    """
    sums = MomentSums(model, layers)
    convergence = Convergence()
    state = State() if checkpoint is None else checkpoint.restore(sums, convergence)
    resumed_at = sums.tokens
    reporter = Reporter(plan, resumed_at, progress)
    exhausted = True
    for batch in batches(model, source, plan, document=state.document, index=state.index):
        if sums.tokens >= plan.tokens:
            exhausted = False
            break
        if stop.is_set():
            if checkpoint is not None:
                checkpoint.write(sums, convergence, state)
            raise CancelledError(
                "collecting was cancelled",
                "the same command goes on from here" if checkpoint else "nothing was kept",
            )
        sums.add(_cut(batch.rows, plan.tokens - sums.tokens))
        state = State(batch.document, batch.index)
        convergence.update(sums)
        reporter.report(sums.tokens, convergence)
        if checkpoint is not None:
            checkpoint.tick(sums, convergence, state)
    if not sums.tokens:
        raise StatisticsError(f"{source.name} holds no text", "name a text with something in it")
    return Collected(
        sums=sums,
        tokens=sums.tokens,
        convergence=convergence.change,
        elapsed_s=reporter.elapsed_s,
        resumed_at=resumed_at,
        exhausted=exhausted and sums.tokens < plan.tokens,
    )


def _cut(rows: Sequence[tuple[int, ...]], room: int) -> list[tuple[int, ...]]:
    """The rows, without what goes beyond `room` tokens."""
    kept: list[tuple[int, ...]] = []
    for row in rows:
        if room <= 0:
            break
        kept.append(row[:room])
        room -= len(kept[-1])
    return kept
