"""Downstream probes along a session: GLUE and ME-PPL at the base, every so many edits, and the tip.

What was measured at a step stays with the step, so going on means measuring the other steps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ...engine.metrics.distance import distance_per_number
from ...engine.metrics.glue import (
    FORMS,
    NEW_TOKENS,
    Task,
    examples,
    me_ppl_sentences,
    score,
)
from ...engine.metrics.greedy import greedy_texts
from ...engine.metrics.perplexity import sentence_perplexity
from ...engine.model import LoadedModel
from ...engine.progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ...engine.tokens import encode
from ...errors import ModelError
from ...store.records import BASE, Json, MeasurementRecord
from ..memory import named_memory

if TYPE_CHECKING:
    from ..live import LiveSession

ME_PPL = "me-ppl"
"""The probe that is no task: perplexity of 50 sentences."""

PROBES = (*(str(task) for task in Task), ME_PPL)

DEFAULT_PROBES = (str(Task.SST2), str(Task.MRPC), str(Task.COLA), str(Task.RTE))
"""What rebuilding-rome runs, with RTE asked the right way round."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One probe at one step.

    Attributes:
        step: The step; 0 is the base.
        depth: Edits between the base and it.
        probe: A task, or "me-ppl".
        value: F1 of a task, or the perplexity.
        detail: The counts, MCC, |Δ| and every text.
        known: It was measured before.
    """

    step: int
    depth: int
    probe: str
    value: float
    detail: Json
    known: bool


def measure_downstream(
    live: LiveSession,
    probes: Sequence[str] = DEFAULT_PROBES,
    *,
    every: int | None = None,
    limit: int | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> list[Reading]:
    """Take probes on the path to the cursor; the model is back at the cursor afterwards.

    Args:
        probes: Of `PROBES`.
        every: At the base, after every so many edits, and at the cursor; None: at the cursor.
        limit: Only the first so many examples of each task.

    Raises:
        ModelError: The prompts of a task are longer than the model's context.
        CancelledError: `stop` was set; what was measured stays.
    """
    session = live.session
    session.require_writable()
    live.settle()
    for probe in probes:
        _check_fits(live.model, probe, limit)
    points = _points(session.history.path(), every)
    known = {(record.step, record.probe): record for record in session.measurements()}
    readings: list[Reading] = []
    try:
        for depth, step in points:
            for probe in probes:
                check(stop, "the measurement")
                done = Progress("probing", len(readings), len(points) * len(probes), probe)
                progress(done)
                held = known.get((step, _name(probe)))
                found = held is not None and held.detail.get("limit") == limit
                record = held if found else _measure(live, step, probe, limit, stop)
                assert record is not None
                assert record.value is not None
                readings.append(Reading(step, depth, probe, record.value, record.detail, found))
    finally:
        live.goto_weights(session.cursor.step)
    return readings


def _points(path: Sequence[int], every: int | None) -> list[tuple[int, int]]:
    """The (depth, step) at which probes are taken."""
    steps = dict(enumerate((BASE, *path)))
    last = len(path)
    wanted = {last} if every is None else {*range(0, last, every), last}
    return [(depth, steps[depth]) for depth in sorted(wanted)]


def _measure(
    live: LiveSession, step: int, probe: str, limit: int | None, stop: StopFlag
) -> MeasurementRecord:
    """Take a probe at a step, and keep it."""
    session, began = live.session, time.perf_counter()
    live.goto_weights(step, stop=stop)
    with named_memory("the measurement"):
        if probe == ME_PPL:
            sentences = me_ppl_sentences()[:limit]
            value = sentence_perplexity(live.model, sentences, stop=stop)
            detail: Json = {"sentences": len(sentences)}
        else:
            value, detail = _task(live.model, Task(probe), limit, stop)
    detail |= {
        "limit": limit,
        "distance": distance_per_number(live.model, live.weights, session.record.weight_name),
    }
    return session.repository.add_measurement(
        session.record.id,
        MeasurementRecord(step, _name(probe), value, detail),
        command="eval glue",
        params={"probe": probe, "step": step},
        result={"value": value},
        elapsed_s=time.perf_counter() - began,
    )


def _task(model: LoadedModel, task: Task, limit: int | None, stop: StopFlag) -> tuple[float, Json]:
    """F1 of a task, and everything behind it."""
    form, rows = FORMS[task], examples(task, limit)
    prompts = [form.prompt(row) for row in rows]
    texts = greedy_texts(model, prompts, NEW_TOKENS, stop=stop)
    answers = [form.answer(prompt + text) for prompt, text in zip(prompts, texts, strict=True)]
    found = score([row["label"] for row in rows], answers)
    generations = [
        {"idx": row["idx"], "label": row["label"], "answer": answer, "text": text}
        for row, answer, text in zip(rows, answers, texts, strict=True)
    ]
    return found.f1, {**asdict(found), "total": found.total, "generations": generations}


def _check_fits(model: LoadedModel, probe: str, limit: int | None) -> None:
    """Raise where a task's prompts are too long for a model.

    Raises:
        ModelError: Names both lengths.
    """
    room = model.max_positions
    if probe == ME_PPL or room is None:
        return
    task = Task(probe)
    lengths = (
        len(encode(model.tokenizer, FORMS[task].prompt(row)).ids) for row in examples(task, limit)
    )
    longest = max(lengths) + NEW_TOKENS
    if longest > room:
        raise ModelError(
            f"{model.name} takes {room} tokens, and {probe} needs {longest}",
            f"take a model with a longer context; --tasks {ME_PPL} needs few",
        )


def _name(probe: str) -> str:
    """What a probe is called in the store."""
    return probe if probe == ME_PPL else f"glue.{probe}"
