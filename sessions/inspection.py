"""Looking inside a session's model at any step: lens, trace, vectors, and what an edit did.

Owns where the weights stand while something is read (they are back at the cursor afterwards), and
what of it is kept: every reading can be stored as a measurement, so that two runs can be compared
as strings and numbers and travel with the export. Used from the engine lane, like `LiveSession`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..engine import arithmetic as engine_arithmetic
from ..engine.delta import RankOneDelta
from ..engine.explain import (
    Direction,
    PromptReading,
    compare_logits,
    read_direction,
    read_logits,
    read_prompts,
)
from ..engine.lens import Lens, LensComparison, compare, lens
from ..engine.progress import NEVER, ProgressSink, StopFlag, check, ignore
from ..engine.request import EditRequest
from ..engine.stored import read_delta
from ..engine.trace import Trace, TraceSettings, trace
from ..errors import UsageError
from ..store.records import BASE, Json, MeasurementRecord, StepRecord
from .memory import named_memory

if TYPE_CHECKING:
    from torch import Tensor

    from .live import LiveSession

T = TypeVar("T")

CURSOR = "cursor"
"""The weights as they stand now."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """Something that was read at a step.

    Attributes:
        step: Where; 0 is the base.
        elapsed_s: How long it took, in seconds.
    """

    step: int
    found: T
    elapsed_s: float


def step_of(live: LiveSession, at: int | str) -> int:
    """The step that "cursor", "base", a number or a branch stands for.

    Raises:
        UsageError: None of them.
    """
    return live.session.cursor.step if at == CURSOR else live.session.history.resolve(at)


@contextmanager
def weights_at(
    live: LiveSession, at: int | str, progress: ProgressSink = ignore, stop: StopFlag = NEVER
) -> Iterator[int]:
    """The model has the weights of a step inside, and those of the cursor afterwards.

    Yields:
        The step.

    Raises:
        UsageError: There is no such step.
        StoreError: A stored delta can't be read.
        CancelledError: `stop` was set on the way; the weights are at the cursor.
    """
    live.settle()
    step, cursor = step_of(live, at), live.session.cursor.step
    if step == cursor:
        yield step
    elif step == BASE:
        with live.weights.at_base():
            yield step
    else:
        live.goto_weights(step, progress, stop)
        try:
            yield step
        finally:
            live.goto_weights(cursor)


def take_lens(
    live: LiveSession,
    prompt: str,
    *,
    at: int | str = CURSOR,
    position: int = -1,
    top_k: int = 5,
    watch: Sequence[str] = (),
) -> Reading[Lens]:
    """The logit lens at a step.

    Raises:
        RequestError: The prompt is empty or too long, or has no such position.
    """
    began = time.perf_counter()
    with weights_at(live, at) as step, named_memory("the lens"):
        found = lens(live.model, prompt, position=position, top_k=top_k, watch=watch)
    return Reading(step, found, time.perf_counter() - began)


def take_trace(
    live: LiveSession,
    prompt: str,
    subject: str,
    settings: TraceSettings,
    *,
    at: int | str = CURSOR,
    start: int | None = None,
    answer: str | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Reading[Trace]:
    """A causal trace at a step.

    Raises:
        RequestError: The prompt is empty or too long, or doesn't have the subject.
        CancelledError: `stop` was set.
    """
    began = time.perf_counter()
    with weights_at(live, at, progress, stop) as step, named_memory("the trace"):
        found = trace(
            live.model, prompt, subject, settings, start=start, answer=answer,
            progress=progress, stop=stop,
        )  # fmt: skip
    return Reading(step, found, time.perf_counter() - began)


def take_arithmetic(
    live: LiveSession,
    prompt: str,
    vector: Tensor,
    push: engine_arithmetic.Push,
    *,
    at: int | str = CURSOR,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
    **options: Any,
) -> Reading[engine_arithmetic.Arithmetic]:
    """Vector arithmetic at a step; `options` as `engine.arithmetic.arithmetic` takes them."""
    began = time.perf_counter()
    with weights_at(live, at, progress, stop) as step, named_memory("the vectors"):
        found = engine_arithmetic.arithmetic(
            live.model, prompt, vector, push, progress=progress, stop=stop, **options
        )
    return Reading(step, found, time.perf_counter() - began)


def take_sweep(
    live: LiveSession,
    prompt: str,
    vector: Tensor,
    push: engine_arithmetic.Push,
    scales: Sequence[float],
    *,
    at: int | str = CURSOR,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
    **options: Any,
) -> Reading[engine_arithmetic.Sweep]:
    """A sweep at a step; `options` as `engine.arithmetic.sweep` takes them."""
    began = time.perf_counter()
    with weights_at(live, at, progress, stop) as step, named_memory("the sweep"):
        found = engine_arithmetic.sweep(
            live.model, prompt, vector, push, scales, progress=progress, stop=stop, **options
        )
    return Reading(step, found, time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Moved:
    """A prompt before and after an edit."""

    before: PromptReading
    after: PromptReading

    @property
    def shift(self) -> float:
        """By how much the new target's probability rose."""
        return self.after.prob_new - self.before.prob_new


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one edit did.

    Attributes:
        delta_norm: ‖Δ‖_F.
        direction: Which tokens the value side promotes, at the end of the prompt before the edit;
            None of an edit that has none (fine-tuning).
        moved: The tokens whose logits the edit raised and lowered most at the end of the prompt,
            all that the layers above make of it included.
        lens: Before and after, at the end of the prompt.
        traces: Single states before and after; None where they were not asked for.
        neighbours: Prompts that should not have moved: the request's, or else those of the other
            steps on the path.
    """

    step: StepRecord
    delta_norm: float
    direction: Direction | None
    moved: Direction
    lens: LensComparison
    traces: tuple[Trace, Trace] | None
    asked: Moved
    paraphrases: tuple[Moved, ...]
    neighbours: tuple[Moved, ...]


def explain(
    live: LiveSession,
    ref: int | str,
    *,
    settings: TraceSettings | None = None,
    top_k: int = 8,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Reading[Explanation]:
    """What a step's edit did, on the weights just before it and just after.

    Args:
        settings: How to trace; None leaves the traces out.

    Raises:
        UsageError: There is no such step; the base is none.
        CancelledError: `stop` was set.
    """
    began = time.perf_counter()
    step = step_of(live, ref)
    if step == BASE:
        raise UsageError("the base is no edit", "name a step; `log` shows them")
    record = live.session.step(step)
    stored = live.session.repository.delta(live.session.record.id, step)
    delta = read_delta(stored.weight_name, stored.data)
    look = _Look(live, record, settings, top_k, progress, stop)
    with weights_at(live, record.parent, progress, stop), named_memory("the explanation"):
        before = look.take()
        direction = None
        if isinstance(delta, RankOneDelta):
            direction = read_direction(live.model, delta.right, look.request.text, top_k=top_k)
    with weights_at(live, step, progress, stop), named_memory("the explanation"):
        after = look.take()
    pairs = [Moved(b, a) for b, a in zip(before.prompts, after.prompts, strict=True)]
    many = 1 + len(look.paraphrases)
    traces = None if before.trace is None or after.trace is None else (before.trace, after.trace)
    found = Explanation(
        step=record,
        delta_norm=float(record.diagnostics["delta_norm"]),
        direction=direction,
        moved=compare_logits(live.model, before.logits, after.logits, top_k=top_k),
        lens=compare(before.lens, after.lens),
        traces=traces,
        asked=pairs[0],
        paraphrases=tuple(pairs[1:many]),
        neighbours=tuple(pairs[many:]),
    )
    return Reading(step, found, time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class _Side:
    lens: Lens
    trace: Trace | None
    logits: Tensor
    prompts: tuple[PromptReading, ...]


class _Look:
    """What is read on both sides of an edit."""

    def __init__(
        self,
        live: LiveSession,
        record: StepRecord,
        settings: TraceSettings | None,
        top_k: int,
        progress: ProgressSink,
        stop: StopFlag,
    ) -> None:
        self._live, self._settings, self._top_k = live, settings, top_k
        self._progress, self._stop = progress, stop
        self.request = EditRequest.from_json(record.request)
        self.paraphrases = self.request.paraphrase_prompts
        self.neighbours = self.request.neighborhood_prompts or self._others(record)

    def _others(self, record: StepRecord) -> tuple[str, ...]:
        session = self._live.session
        path = session.history.path(record.parent)[-8:]
        return tuple(EditRequest.from_json(session.step(n).request).text for n in path)

    def take(self) -> _Side:
        """Read the model as it is."""
        check(self._stop, "the explanation")
        request, model = self.request, self._live.model
        watch = [request.target_new, *([request.target_true] if request.target_true else [])]
        found = None
        if self._settings is not None:
            found = trace(
                model, request.text, request.subject, self._settings,
                start=request.prompt.index("{}"), answer=request.target_new,
                progress=self._progress, stop=self._stop,
            )  # fmt: skip
        prompts = (request.text, *self.paraphrases, *self.neighbours)
        return _Side(
            lens(model, request.text, top_k=self._top_k, watch=watch),
            found,
            read_logits(model, request.text),
            read_prompts(model, prompts, request.target_new, request.target_true),
        )


def keep(
    live: LiveSession,
    probe: str,
    value: float | None,
    reading: Reading[Any],
    params: Mapping[str, Any],
) -> bool:
    """Store a reading as a measurement of its step.

    Args:
        probe: "lens", "trace", "vectors", "sweep" or "explain".
        value: The one figure of it.

    Returns:
        False where the session is open for reading only, and nothing was stored.

    Raises:
        StoreError: It can't be written.
    """
    if not live.session.writable:
        return False
    finite = value if value is not None and math.isfinite(value) else None
    live.session.repository.add_measurement(
        live.session.record.id,
        MeasurementRecord(reading.step, probe, finite, as_json(reading.found)),
        command=probe,
        params=dict(params),
        result={"step": reading.step, "value": finite},
        elapsed_s=reading.elapsed_s,
    )
    return True


def as_json(value: Any) -> Json:
    """A reading as a JSON object; numbers that aren't finite become null."""
    out: Json = _plain(value)
    return out


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return None if isinstance(value, float) and not math.isfinite(value) else value
