"""Commits steps until it is killed; run by test_kill, once for many kills.

Usage: committer.py STORE. Each line on stdin forks a child, whose number is told as "child PID";
the child writes a session's steps and tells each one *after* its commit as "step N DIGEST". When
it is dead: "dead". Forking spares every kill the time that importing takes.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
from pathlib import Path

from romebench.store import Database, Repository, WriterLock
from romebench.store.records import THIS_STEP, CursorRecord, GenerationRecord, Intent, StepDraft


def say(line: str) -> None:
    """One write to the pipe: it is there whole, or not at all."""
    os.write(1, (line + "\n").encode())


def commit_forever(path: Path) -> None:
    with Database.open(path) as database:
        repository = Repository(database)
        session = repository.session("killed")
        WriterLock(path, session.uid).acquire()
        repository.recover(session.id)
        while True:
            number = (repository.step_lines(session.id) or [None])[-1]
            commit(repository, session.id, number.step if number else 0)


def commit(repository: Repository, session: int, last: int) -> None:
    cursor = repository.cursor(session)
    if last and last % 7 == 0 and cursor.step == last:
        back = CursorRecord(cursor.branch, random.randrange(last // 2))
        if back.step in path_to(repository, session, last):
            repository.move_cursor(session, back, command="goto", params={"step": back.step})
            cursor = back
    at_tip = {each.name: each.tip for each in repository.branches(session)}[cursor.branch]
    branch = cursor.branch if at_tip == cursor.step else f"branch-{last + 1}"
    delta = os.urandom(random.choice([200, 20_000, 200_000]))
    repository.begin(session, Intent("edit", {"number": last + 1}))
    step = repository.commit_step(
        session,
        draft(cursor.step, branch, delta),
        command="edit",
        params={"number": last + 1},
    )
    say(f"step {step.step} {hashlib.sha256(delta).hexdigest()}")


def path_to(repository: Repository, session: int, step: int) -> set[int]:
    parents = {line.step: line.parent for line in repository.step_lines(session)}
    path = {0}
    while step:
        path.add(step)
        step = parents[step]
    return path


def draft(parent: int, branch: str, delta: bytes) -> StepDraft:
    return StepDraft(
        parent=parent,
        branch=branch,
        request={"prompt": "{} is in", "subject": "Rome", "target_new": "Malta"},
        rule="r-rome",
        hparams={"layers": [1]},
        weight_name="transformer.h.1.mlp.c_proj.weight",
        weight_sha256=hashlib.sha256(delta).hexdigest(),
        tokens={},
        losses=tuple({"step": n, "loss": random.random()} for n in range(20)),
        diagnostics={},
        vitals={},
        verdict="uncalibrated",
        verdict_reason="",
        timings={},
        delta=delta,
        generations=(GenerationRecord(THIS_STEP, "Rome is", {}, 0, (1,), "Rome is", "after"),),
    )


def main() -> None:
    path = Path(sys.argv[1])
    say("ready")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                commit_forever(path)
            finally:
                os._exit(1)
        say(f"child {child}")
        _, status = os.waitpid(child, 0)
        say(f"dead {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
