"""What is new since the last look, and what a probe found anywhere."""

from __future__ import annotations

from collections.abc import Callable

from romebench.store import Repository
from romebench.store.records import MeasurementRecord, SessionRecord, StepDraft


def test_only_new_steps_and_measurements_are_read(
    repository: Repository,
    new_session: Callable[..., SessionRecord],
    new_draft: Callable[..., StepDraft],
) -> None:
    study, other = (repository.create_session(new_session(n, uid=n)).id for n in ("a", "b"))
    for parent in range(3):
        draft = new_draft(parent, vitals={"perplexity": float(parent)})
        repository.commit_step(study, draft, command="edit", params={})
    found = repository.vitals_since(study, 1)
    assert [(each.step, each.parent, each.vitals) for each in found] == [
        (2, 1, {"perplexity": 1.0}),
        (3, 2, {"perplexity": 2.0}),
    ]
    assert repository.vitals_since(study, 3) == []

    for number in range(2):
        record = MeasurementRecord(0, "eval.case", float(number), {"case_id": number})
        repository.add_measurement(study, record, command="eval", params={})
    row, first = repository.measurements_since(study, 0)
    assert [each.detail["case_id"] for each in first] == [0, 1]
    assert repository.measurements_since(study, row) == (row, [])
    repository.add_measurement(
        other, MeasurementRecord(0, "eval.plan", 5.0, {"a": 1}), command="eval", params={}
    )
    assert repository.measurements_since(other, 0)[1][0].step == 0
    assert [(name, each.value) for name, each in repository.measured("eval.plan")] == [("b", 5.0)]
    assert repository.measured_means("eval.case") == {"a": (2, 0.5)}
