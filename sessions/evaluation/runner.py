"""The loop over the cases of a run: edit, measure, commit, and on to the next.

A case's step and its result are one transaction, so at any moment the store says exactly which
cases are done; going on means taking the others. Sequential runs stand on the stored deltas of
the steps before, never on edits made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.edit import ComputedEdit
from ...engine.metrics.distance import distance_per_number
from ...engine.metrics.scores import TargetPair, success
from ...engine.progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ...errors import CancelledError, EditError, RequestError, UsageError
from ...store.records import (
    BASE,
    THIS_STEP,
    GenerationRecord,
    Json,
    MeasurementRecord,
    StepRecord,
)
from ..editing import make_step
from ..names import BASE_NAME, FIRST_BRANCH
from .cases import EvalCase
from .outcomes import CASE, Outcomes, begin_or_continue, note_failed
from .plan import EvalPlan, Mode
from .scoring import Scorer

if TYPE_CHECKING:
    from ..live import LiveSession
    from ..ways import Way


@dataclass(frozen=True, slots=True)
class CaseDone:
    """One case, as a run reports it.

    Attributes:
        case: The record.
        result: Its published-shape result; None where it failed.
        step: The step it became; None where it failed.
        error: Why it failed.
    """

    case: EvalCase
    result: Json | None
    step: StepRecord | None = None
    error: str = ""


OnCase = Callable[[CaseDone], None]
"""Is told of each case that was taken; called from the thread that works."""


def run_evaluation(
    live: LiveSession,
    plan: EvalPlan,
    cases: Sequence[EvalCase],
    taker: CaseTaker,
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
    on_case: OnCase | None = None,
) -> Outcomes:
    """Take every case of a plan that is not done yet.

    Args:
        cases: The cases of `plan.case_ids`.

    Raises:
        UsageError: The session holds another run.
        CancelledError: `stop` was set; what was committed stays, and the run can go on.
        RomebenchError: A failure that is no fault of a case.
    """
    session = live.session
    session.require_writable()
    found = begin_or_continue(session, plan)
    by_id = {case.case_id: case for case in cases}
    done = len(plan.case_ids) - len(found.waiting)
    for case_id in found.waiting:
        progress(Progress("evaluating", done, len(plan.case_ids), f"case {case_id}"))
        try:
            reached = _take(live, plan, found, by_id[case_id], taker, stop)
        except CancelledError:
            raise CancelledError(
                f"the evaluation was stopped after {done} of {len(plan.case_ids)} cases",
                f"the same command with --name {session.record.name} goes on with it",
            ) from None
        done += 1
        if on_case is not None:
            on_case(reached)
    progress(Progress("evaluating", done, len(plan.case_ids)))
    return found


def _take(
    live: LiveSession,
    plan: EvalPlan,
    found: Outcomes,
    case: EvalCase,
    taker: CaseTaker,
    stop: StopFlag,
) -> CaseDone:
    """One case, and note of it in `found`."""
    try:
        result, step = taker.take(case, stop)
    except (RequestError, EditError) as error:
        note_failed(live.session, plan, case.case_id, error.message)
        found.failed[case.case_id] = error.message
        return CaseDone(case, None, error=error.message)
    found.cases[case.case_id] = result
    found.steps[case.case_id] = step.step
    return CaseDone(case, result, step)


class CaseTaker:
    """Takes cases as steps of the session.

    From base, each case has a branch of its own, "case-17", so any of them can be gone to again.

    Args:
        live: The session with its model.
        scorer: Measures a case.
        way: How edits are made; None as the session says.
    """

    def __init__(self, live: LiveSession, scorer: Scorer, way: Way | None = None) -> None:
        self.live = live
        self.scorer = scorer
        self._way = live.way() if way is None else way
        self._stands = False

    def take(self, case: EvalCase, stop: StopFlag) -> tuple[Json, StepRecord]:
        """Edit, measure, commit: the case's result, stored, and the step it became.

        Raises:
            RequestError: It can't be edited.
            EditError: The edit isn't finite.
            CancelledError: `stop` was set.
        """
        check(stop, "the evaluation")
        self._place(case)
        measured: list[Json] = []

        def probe(
            live: LiveSession, edit: ComputedEdit, elapsed_s: float, stop: StopFlag
        ) -> tuple[tuple[GenerationRecord, ...], tuple[MeasurementRecord, ...]]:
            after = self.scorer.score(live.model, case, stop=stop)
            with live.weights.at_base():
                before = self.scorer.score(live.model, case, stop=stop)
            name = edit.delta.weight_name
            moved = distance_per_number(live.model, live.weights, name)
            result = case_json(case, elapsed_s, before.figures, after.figures)
            result["distance_from_original"] = {str(self._way.layer): moved}
            measured.append(result)
            texts = before.generations(BASE, "before") + after.generations(THIS_STEP, "after")
            return texts, (MeasurementRecord(THIS_STEP, CASE, headline(after.figures), result),)

        step = make_step(
            self.live, case.request, way=self._way, progress=ignore, stop=stop, probe=probe,
        )  # fmt: skip
        return measured[-1], step

    def _place(self, case: EvalCase) -> None:
        """Stand where the case's edit is made."""
        session = self.live.session
        if self.scorer.plan.mode is Mode.SEQUENTIAL:
            if not self._stands:
                _stand_on_run(self.live)
                self._stands = True
            return
        name = f"case-{case.case_id}"
        tip = session.history.branches.get(name)
        if tip is None:
            self.live.branch(name, BASE_NAME)
        elif tip != BASE:
            raise UsageError(
                f"the branch {name!r} has steps that are of no evaluation",
                "give another --name",
            )
        elif session.cursor.branch != name or session.cursor.step != BASE:
            self.live.goto(name)


def _stand_on_run(live: LiveSession) -> None:
    """Go to the last step of a sequential run.

    Raises:
        UsageError: Its branch has steps of something else.
    """
    session = live.session
    tip = session.history.branches[FIRST_BRANCH]
    own = {record.step for record in session.measurements() if record.probe == CASE}
    strange = [n for n in session.history.path(tip) if n not in own]
    if strange:
        raise UsageError(
            f"step {strange[0]} on the run's branch {FIRST_BRANCH!r} is of no case",
            "a sequential run goes on only on its own steps; give another --name",
        )
    if session.cursor.branch != FIRST_BRANCH or session.cursor.step != tip:
        live.goto(FIRST_BRANCH)


def case_json(case: EvalCase, elapsed_s: float, before: Json, after: Json) -> Json:
    """A case's result in the shape of kmeng01/rome's `case_N.json`."""
    return {
        "case_id": case.case_id,
        "requested_rewrite": case.rewrite,
        "time": elapsed_s,
        "post": after,
        "pre": before,
    }


def headline(figures: Json) -> float:
    """The one figure a case is listed with: ES, or zsRE's efficacy."""
    pairs = figures.get("rewrite_prompts_probs")
    if pairs is not None:
        return success([TargetPair(p["target_new"], p["target_true"]) for p in pairs])
    bits: list[bool] = figures["rewrite_prompts_correct"]
    return sum(bits) / len(bits)
