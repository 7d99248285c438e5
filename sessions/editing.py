"""One edit of a live session, from intent to committed step: all of it, or nothing.

The order: the intent is written, the request is read on the model as it is, the delta computed and
applied, its vitals and hash taken, and everything committed in one transaction. Whatever fails or
is cancelled before that puts the weights back and is recorded as such.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..engine.edit import ComputedEdit
from ..engine.generation import Sampling, generate
from ..engine.progress import NEVER, Progress, ProgressSink, StopFlag, check
from ..engine.request import EditRequest
from ..engine.vitals import UNCALIBRATED, edit_vitals, read_request
from ..errors import EditError, RequestError
from ..store.records import (
    THIS_STEP,
    CursorRecord,
    GenerationRecord,
    Intent,
    Json,
    MeasurementRecord,
    StepDraft,
    StepRecord,
)
from .memory import named_memory
from .session import failure_json
from .ways import Way

if TYPE_CHECKING:
    from .live import LiveSession

logger = logging.getLogger(__name__)

GENERATION_TOKENS = 40
"""Tokens written from each generation prompt, before and after the edit, greedily."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One edit, decided.

    Attributes:
        request: What is asked.
        way: With which rule or method, and its hyperparameters.
        position: Its place in the queue, if it came from there.
    """

    request: EditRequest
    way: Way
    position: int | None

    @property
    def command(self) -> str:
        """What the operation is called."""
        return "edit" if self.position is None else "step"

    def params(self) -> Json:
        """What the operation keeps of the command."""
        params: Json = {
            "request": self.request.to_json(),
            "rule": self.way.name,
            "layer": self.way.layer,
        }
        return params if self.position is None else {"position": self.position, **params}


class StepProbe(Protocol):
    """Measures around an edit; what it finds is committed in the same transaction as the step."""

    def __call__(
        self, live: LiveSession, edit: ComputedEdit, elapsed_s: float, stop: StopFlag
    ) -> tuple[tuple[GenerationRecord, ...], tuple[MeasurementRecord, ...]]:
        """What was written and found; the weights carry the edit.

        Args:
            elapsed_s: How long the edit itself took, seconds.
        """
        ...


def make_step(
    live: LiveSession,
    request: EditRequest,
    *,
    way: Way | None,
    progress: ProgressSink,
    stop: StopFlag,
    position: int | None = None,
    probe: StepProbe | None = None,
) -> StepRecord:
    """Make an edit and commit it as a step; see `LiveSession.edit`.

    Args:
        way: How it is made; None as the session says.
        position: The entry of the queue that this is.
        probe: Measures the edit before it is committed; where it fails, so does the step.

    Raises:
        RomebenchError: Every named failure; the session is as it was.
    """
    session = live.session
    session.require_writable()
    live.settle()
    plan = Plan(request, live.way() if way is None else way, position)
    began, before = time.perf_counter(), session.cursor
    session.repository.begin(session.record.id, Intent(plan.command, plan.params()))
    try:
        with named_memory("the edit"):
            draft = _draft(live, plan, progress, stop, began, probe)
        record = session.repository.commit_step(
            session.record.id,
            draft,
            command=plan.command,
            params=plan.params(),
            result=_result(draft),
            elapsed_s=time.perf_counter() - began,
        )
    except BaseException as error:
        landed = CursorRecord(session.history.after_edit(), session.history.next_step)
        if session.stored_at(landed):
            session.landed(session.step(landed.step))
            raise
        _roll_back(live, before)
        _note(live, plan, error, time.perf_counter() - began)
        raise
    session.landed(record)
    if live.watch.undoes(record.verdict):
        live.undo(progress=progress, stop=NEVER)
    return record


def _draft(
    live: LiveSession,
    plan: Plan,
    progress: ProgressSink,
    stop: StopFlag,
    began: float,
    probe: StepProbe | None,
) -> StepDraft:
    """Everything that the step will hold; the weights carry the edit afterwards."""
    session, weights = live.session, live.weights
    weight_name = plan.way.weight_name(live.model)
    check(stop, "the edit")
    reading = read_request(live.model, plan.request)
    written = _write(live, plan, "before", session.cursor.step, progress, stop)
    edit = plan.way.compute(live, plan.request, progress, stop)
    check(stop, "the edit")
    progress(Progress("applying the edit", 0, 1))
    weights.apply(session.history.next_step, edit.delta)
    if not weights.is_finite(weight_name):
        raise EditError(
            f"the edited weight {weight_name} would not be finite in {live.model.dtype}",
            "nothing was changed; another rule, or --dtype float32, may do",
        )
    elapsed_s = time.perf_counter() - began
    measured_from = time.perf_counter()
    vitals, verdict, reason = edit_vitals(live.model, weights, edit, reading, stop=stop)
    vitals |= live.vitals.take(plan.request, stop)
    if verdict == UNCALIBRATED:
        verdict, reason = plan.way.judge(live, vitals, weight_name)
    measured_s = time.perf_counter() - measured_from
    probed, measured = ((), ()) if probe is None else probe(live, edit, elapsed_s, stop)
    written += _write(live, plan, "after", THIS_STEP, progress, stop)
    progress(Progress("applying the edit", 1, 1))
    return StepDraft(
        parent=session.cursor.step,
        branch=session.history.after_edit(),
        request=plan.request.to_json(),
        rule=plan.way.name,
        hparams=plan.way.to_json(),
        weight_name=weight_name,
        weight_sha256=weights.sha256(session.record.weight_name),
        tokens=edit.tokens,
        losses=tuple(edit.losses),
        diagnostics=edit.diagnostics,
        vitals=vitals,
        verdict=verdict,
        verdict_reason=reason,
        timings=_timings(edit, began, measured_s),
        delta=edit.delta.to_bytes(),
        generations=written + probed,
        measurements=measured,
        queue_position=plan.position,
    )


def _timings(edit: ComputedEdit, began: float, vitals_s: float) -> Json:
    total_s = round(time.perf_counter() - began, 6)
    return {**edit.timings, "vitals_s": round(vitals_s, 6), "total_s": total_s}


def _write(
    live: LiveSession,
    plan: Plan,
    role: str,
    step: int,
    progress: ProgressSink,
    stop: StopFlag,
) -> tuple[GenerationRecord, ...]:
    """What the model writes from each of the request's generation prompts, each once.

    Greedily, so that what differs between before and after is the edit's doing.
    """
    prompts = list(dict.fromkeys(plan.request.generation_prompts))
    seed = live.session.record.seed
    sampling = Sampling(max_new_tokens=GENERATION_TOKENS, greedy=True, seed=seed)
    records = []
    for done, prompt in enumerate(prompts):
        progress(Progress(f"generating {role} the edit", done, len(prompts)))
        text = generate(live.model, prompt, sampling, stop=stop)
        check(stop, "the edit")
        parameters = {**sampling.to_json(), "finish": text.finish}
        records.append(
            GenerationRecord(
                step, prompt, parameters, sampling.seed, text.token_ids, text.text, role
            )
        )
    return tuple(records)


def _result(draft: StepDraft) -> Json:
    """What the operation shows of the step; the store adds its number."""
    shown = ("efficacy", "prob_new", "delta_ratio", "weight_ratio")
    return {
        "branch": draft.branch,
        "verdict": draft.verdict,
        "weight_sha256": draft.weight_sha256,
        **{key: draft.vitals[key] for key in shown if key in draft.vitals},
    }


def _roll_back(live: LiveSession, before: CursorRecord) -> None:
    """Put the weights where the cursor still is. Should that fail too, the edit's own error is the
    one to be raised, and the weights are brought there before they are next used."""
    try:
        live.goto_weights(before.step)
    except Exception:
        logger.exception("going back to step %d failed; it is tried again before use", before.step)


def _note(live: LiveSession, plan: Plan, error: BaseException, elapsed_s: float) -> None:
    """Record what failed. A request from the queue that can't be edited will not be taken again;
    after a failure that is no fault of the request it waits on."""
    session = live.session
    if plan.position is None or not isinstance(error, (RequestError, EditError)):
        session.note_failure(plan.command, plan.params(), error, elapsed_s)
        return
    try:
        session.repository.set_queue_status(
            session.record.id,
            plan.position,
            "failed",
            message=error.message,
            command=plan.command,
            params=plan.params(),
            operation_status="failed",
            result=failure_json(error),
            elapsed_s=elapsed_s,
        )
    except Exception:
        logger.warning("a failed step of the queue could not be recorded", exc_info=True)
