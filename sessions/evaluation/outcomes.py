"""Where a run's plan and results lie in the store: measurements of its session.

The plan is a measurement of the base, a case's result one of its step, and so committed with it.
Knows no model.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import UsageError
from ...store.records import BASE, Json, MeasurementRecord
from ..session import Session
from ..view import SessionView
from .plan import EvalPlan

PLAN = "eval.plan"
CASE = "eval.case"
FAILED = "eval.failed"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a run has come to so far.

    Attributes:
        plan: What it set out to do.
        cases: Published-shape results by case id, in the order they were made.
        steps: The step of each case that became one.
        failed: Why a case could not be edited, by case id.
    """

    plan: EvalPlan
    cases: dict[int, Json]
    steps: dict[int, int]
    failed: dict[int, str]

    @property
    def waiting(self) -> tuple[int, ...]:
        """The cases that are still to be taken, in the plan's order."""
        return tuple(i for i in self.plan.case_ids if i not in self.cases and i not in self.failed)


def find_outcomes(session: SessionView) -> Outcomes | None:
    """The evaluation a session holds, or None.

    Raises:
        StoreError: Its plan is damaged.
    """
    plan: EvalPlan | None = None
    cases: dict[int, Json] = {}
    steps: dict[int, int] = {}
    failed: dict[int, str] = {}
    for record in session.measurements():
        if record.probe == PLAN:
            plan = EvalPlan.from_json(record.detail)
        elif record.probe == CASE:
            case_id = int(record.detail["case_id"])
            cases[case_id] = record.detail
            if record.step != BASE:
                steps[case_id] = record.step
        elif record.probe == FAILED:
            failed[int(record.detail["case_id"])] = str(record.detail["error"])
    return None if plan is None else Outcomes(plan, cases, steps, failed)


def outcomes_of(session: SessionView) -> Outcomes:
    """The evaluation a session holds.

    Raises:
        UsageError: It holds none.
    """
    found = find_outcomes(session)
    if found is None:
        raise UsageError(
            f"session {session.record.name!r} holds no evaluation",
            "`eval counterfact` and `eval zsre` make one",
        )
    return found


def begin_or_continue(session: Session, plan: EvalPlan) -> Outcomes:
    """Store the plan of a new run, or check that it is the one that began.

    Raises:
        UsageError: The session has steps of something else, or another run.
    """
    found = find_outcomes(session)
    if found is not None:
        found.plan.check_same(plan, session.record.name)
        return found
    if session.history.nodes:
        raise UsageError(
            f"session {session.record.name!r} has steps that are of no evaluation",
            "give another --name",
        )
    session.repository.add_measurement(
        session.record.id,
        MeasurementRecord(BASE, PLAN, float(len(plan.case_ids)), plan.to_json()),
        command=f"eval {plan.dataset}",
        params={"source": plan.source, "cases": len(plan.case_ids), "mode": str(plan.mode)},
    )
    return Outcomes(plan, {}, {}, {})


def note_failed(session: Session, plan: EvalPlan, case_id: int, error: str) -> None:
    """Keep that a case could not be edited, so that it is not taken again."""
    session.repository.add_measurement(
        session.record.id,
        MeasurementRecord(session.cursor.step, FAILED, None, {"case_id": case_id, "error": error}),
        command=f"eval {plan.dataset}",
        params={"case_id": case_id},
        result={"error": error},
    )
