"""Steps, cursor, branches and records: what one transaction writes, and what it refuses."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from romebench.errors import StoreError
from romebench.store import Repository
from romebench.store.records import (
    THIS_STEP,
    BranchRecord,
    CursorRecord,
    GenerationRecord,
    Intent,
    MeasurementRecord,
    SessionRecord,
    StepDraft,
)

NewDraft = Callable[..., StepDraft]


@pytest.fixture
def session(repository: Repository, new_session: Callable[..., SessionRecord]) -> int:
    """The number of a session at the base."""
    return repository.create_session(new_session()).id


def edit(repository: Repository, session: int, draft: StepDraft) -> int:
    return repository.commit_step(session, draft, command="edit", params={}).step


def test_a_committed_step_comes_back_whole(
    repository: Repository, session: int, new_draft: NewDraft
) -> None:
    draft = new_draft(diagnostics={"denominator": -1e-300, "amplification": math.inf})
    step = repository.commit_step(
        session,
        draft,
        command="edit",
        params={"request": "[Rome] is in => Malta"},
        result={"verdict": "uncalibrated"},
        elapsed_s=1.25,
    )
    assert (step.step, step.parent, step.depth) == (1, 0, 1)
    assert repository.step(session, 1) == step
    for name, value in asdict(step).items():
        if name not in ("step", "depth", "created_at"):
            assert value == asdict(draft)[name], name
    delta = repository.delta(session, 1)
    assert (delta.data, delta.weight_name) == (draft.delta, draft.weight_name)
    assert delta.digest == hashlib.sha256(draft.delta).hexdigest()
    assert repository.cursor(session) == CursorRecord("main", 1)
    assert [each.tip for each in repository.branches(session)] == [1]
    operation = repository.operations(session)[-1]
    assert operation.params == {"request": "[Rome] is in => Malta"}
    assert operation.result == {"verdict": "uncalibrated", "step": 1}
    assert (operation.before.step, operation.after.step) == (0, 1)
    assert (operation.elapsed_s, operation.created_at) == (1.25, step.created_at)


def test_a_line_says_what_the_step_says(
    repository: Repository, session: int, new_draft: NewDraft
) -> None:
    edit(repository, session, new_draft(vitals={"delta_ratio": math.nan}))
    edit(repository, session, new_draft(1, vitals={}))
    edit(repository, session, new_draft(2, vitals={"delta_ratio": 0.03}))
    lines = repository.step_lines(session)
    step = repository.step(session, 3)
    line = lines[2]
    assert (line.subject, line.target_new, line.delta_ratio) == ("Rome", "Malta", 0.03)
    assert (line.weight_sha256, line.created_at) == (step.weight_sha256, step.created_at)
    assert (line.step, line.parent, line.depth) == (3, 2, 3)
    assert lines[1].delta_ratio is None
    assert lines[0].delta_ratio is not None
    assert math.isnan(lines[0].delta_ratio)


def test_records_around_an_edit(repository: Repository, session: int, new_draft: NewDraft) -> None:
    edit(repository, session, new_draft())
    before = GenerationRecord(1, "Rome is", {"greedy": True}, 2**63, (5, 6), "in Italy", "before")
    after = GenerationRecord(THIS_STEP, "Rome is", {}, 0, (7,), "in \x1b]0;Malta\x07", "after")
    probe = MeasurementRecord(THIS_STEP, "perplexity", math.nan, {"tokens": 10})
    edit(repository, session, new_draft(1, generations=(before, after), measurements=(probe,)))
    first, second = repository.generations(session)
    assert (first.step, second.step) == (1, 2)
    assert (first.seed, first.token_ids, second.text) == (2**63, (5, 6), after.text)
    assert first.created_at == repository.step(session, 2).created_at
    assert repository.generations(session, 2) == [second]
    assert repository.generations(session, 0) == []
    (found,) = repository.measurements(session, 2)
    assert found.value is not None
    assert math.isnan(found.value)


def test_the_cursor_decides_where_an_edit_goes(
    repository: Repository, session: int, new_draft: NewDraft
) -> None:
    edit(repository, session, new_draft())
    with pytest.raises(StoreError, match="cursor is at step 1 on 'main', not at step 0"):
        edit(repository, session, new_draft(0))
    repository.move_cursor(session, CursorRecord("main", 0), command="undo", params={})
    with pytest.raises(StoreError, match="'main' goes on from step 0 to step 1"):
        edit(repository, session, new_draft(0))
    assert edit(repository, session, new_draft(0, "main-2")) == 2
    assert repository.step(session, 2).depth == 1
    assert repository.cursor(session) == CursorRecord("main-2", 2)
    assert [(each.name, each.tip) for each in repository.branches(session)] == [
        ("main", 1),
        ("main-2", 2),
    ]
    with pytest.raises(StoreError, match="another process moved it"):
        edit(repository, session, new_draft(2, "main"))
    with pytest.raises(StoreError, match="is no name for a branch"):
        edit(repository, session, new_draft(2, "\x07"))


def test_the_cursor_stays_on_its_branch(
    repository: Repository, session: int, new_draft: NewDraft
) -> None:
    for parent in range(3):
        edit(repository, session, new_draft(parent))
    repository.move_cursor(session, CursorRecord("main", 1), command="undo", params={"n": 2})
    edit(repository, session, new_draft(1, "side"))
    operation = repository.operations(session)[-2]
    assert (operation.command, operation.before.step, operation.after.step) == ("undo", 3, 1)
    for step in (0, 1, 4):
        repository.move_cursor(session, CursorRecord("side", step), command="goto", params={})
        assert repository.cursor(session) == CursorRecord("side", step)
    for step in (2, 3):
        with pytest.raises(StoreError, match="is not on the branch 'side'"):
            repository.move_cursor(session, CursorRecord("side", step), command="goto", params={})
    with pytest.raises(StoreError, match="no step 9") as caught:
        repository.move_cursor(session, CursorRecord("side", 9), command="goto", params={})
    assert "up to 4" in caught.value.hint
    with pytest.raises(StoreError, match="no branch named 'sid'") as caught:
        repository.move_cursor(session, CursorRecord("sid", 1), command="goto", params={})
    assert "'side'" in caught.value.hint
    assert repository.cursor(session) == CursorRecord("side", 4)


def test_branches(repository: Repository, session: int, new_draft: NewDraft) -> None:
    edit(repository, session, new_draft())
    repository.put_branch(
        session,
        BranchRecord("careful", 0),
        CursorRecord("careful", 0),
        command="branch",
        params={"name": "careful"},
    )
    assert repository.cursor(session) == CursorRecord("careful", 0)
    edit(repository, session, new_draft(0, "careful"))
    repository.rename_branch(session, "careful", "slow", command="branch rename", params={})
    assert repository.cursor(session) == CursorRecord("slow", 2)
    for name, tip, cursor, message in (
        ("main", 0, CursorRecord("main", 0), "named 'main' already"),
        ("new", 7, CursorRecord("main", 0), "no step 7"),
        ("new", 2, CursorRecord("new", 1), "is not on the branch"),
        ("", 2, CursorRecord("main", 0), "is no name"),
    ):
        with pytest.raises(StoreError, match=message):
            repository.put_branch(
                session, BranchRecord(name, tip), cursor, command="branch", params={}
            )
    with pytest.raises(StoreError, match="named 'main' already"):
        repository.rename_branch(session, "slow", "main", command="branch rename", params={})
    assert [each.name for each in repository.branches(session)] == ["main", "slow"]


def test_texts_and_probes_at_a_step(
    repository: Repository, session: int, new_draft: NewDraft
) -> None:
    edit(repository, session, new_draft())
    text = GenerationRecord(0, "Rome is", {"top_k": 5}, 7, (1, 2), "Rome is old", "base")
    kept = repository.add_generation(
        session, text, command="generate", params={"prompt": "Rome is"}, elapsed_s=0.5
    )
    assert repository.generations(session, 0) == [kept]
    assert kept.created_at
    probe = MeasurementRecord(1, "entropy", 5.5, {"n": [2, 3]})
    found = repository.add_measurement(session, probe, command="measure", params={})
    assert repository.measurements(session) == [found]
    with pytest.raises(StoreError, match="no step 5"):
        repository.add_generation(
            session, GenerationRecord(5, "", {}, 0, (), ""), command="generate", params={}
        )
    assert [each.command for each in repository.operations(session, limit=2)] == [
        "generate",
        "measure",
    ]


def test_an_intent_ends_with_its_command(
    repository: Repository, session: int, new_draft: NewDraft
) -> None:
    repository.begin(session, Intent("edit", {"request": "x"}))
    edit(repository, session, new_draft())
    assert repository.recover(session) is None
    repository.begin(session, Intent("edit", {"request": "y"}))
    failed = repository.record_operation(
        session,
        command="edit",
        params={"request": "y"},
        status="failed",
        result={"message": "not finite"},
        elapsed_s=2.0,
    )
    assert failed == repository.operations(session)[-1]
    assert (failed.status, failed.number) == ("failed", 3)
    assert repository.recover(session) is None


def test_what_a_dead_process_left_is_named(repository: Repository, session: int) -> None:
    repository.begin(session, Intent("edit", {"request": "first"}))
    recovered = repository.recover(session)
    assert recovered is not None
    assert (recovered.command, recovered.params) == ("edit", {"request": "first"})
    assert recovered.status == "interrupted"
    assert "began_at" in recovered.result
    assert repository.operations(session)[-1] == recovered
    assert repository.recover(session) is None


def test_an_intent_left_over_is_not_lost(repository: Repository, session: int) -> None:
    repository.begin(session, Intent("edit", {"request": "first"}))
    repository.begin(session, Intent("step", {"position": 2}))
    assert repository.operations(session)[-1].params == {"request": "first"}
    recovered = repository.recover(session)
    assert recovered is not None
    assert recovered.params == {"position": 2}


def test_hparams_are_kept_once(
    path: Path, repository: Repository, session: int, new_draft: NewDraft
) -> None:
    for parent in range(4):
        hparams = {"v_lr": 0.5, "layers": [parent % 2]}
        if parent > 1:
            hparams = dict(reversed(hparams.items()))
        edit(repository, session, new_draft(parent, hparams=hparams))
    assert [repository.step(session, n).hparams["layers"] for n in (1, 2, 3, 4)] == [
        [0],
        [1],
        [0],
        [1],
    ]
    with sqlite3.connect(path) as direct:
        assert direct.execute("SELECT count(*) FROM hparams").fetchone() == (3,)
    direct.close()


def test_deltas_come_in_the_order_asked_for(
    repository: Repository, session: int, new_draft: NewDraft
) -> None:
    drafts = [new_draft(parent) for parent in range(5)]
    for draft in drafts:
        edit(repository, session, draft)
    found = list(repository.deltas(session, [4, 1, 5, 1]))
    assert [each.step for each in found] == [4, 1, 5, 1]
    assert [each.data for each in found] == [drafts[n - 1].delta for n in (4, 1, 5, 1)]
    assert list(repository.deltas(session, [])) == []
    with pytest.raises(StoreError, match="no step 6"):
        list(repository.deltas(session, [1, 6]))


def test_a_damaged_delta_is_noticed(
    path: Path, repository: Repository, session: int, new_draft: NewDraft
) -> None:
    edit(repository, session, new_draft())
    with sqlite3.connect(path) as direct:
        direct.execute("UPDATE deltas SET data = x'00'")
    direct.close()
    with pytest.raises(StoreError, match="delta of step 1 is damaged"):
        repository.delta(session, 1)


def test_steps_that_are_not_there(repository: Repository, session: int) -> None:
    with pytest.raises(StoreError, match="no step 1") as caught:
        repository.step(session, 1)
    assert "no steps yet" in caught.value.hint
    with pytest.raises(StoreError, match="no step 0"):
        repository.delta(session, 0)
