"""`kill -9` at random moments: what was announced is there, and the rest leaves no step."""

from __future__ import annotations

import hashlib
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from romebench.store import Database, Repository, WriterLock
from romebench.store.records import OperationRecord, SessionRecord

KILLS = 25
LONGEST_S = 0.12
"""How long a child lives after its first commit, at most."""


class Nursery:
    """The process that forks the children to be killed."""

    def __init__(self, path: Path) -> None:
        script = Path(__file__).with_name("committer.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        assert self._line() == ["ready"]

    def _line(self) -> list[str]:
        line = self._output.readline()
        assert line, "the nursery died"
        return line.decode().split()

    def kill_one(self, lives_s: float) -> dict[int, str]:
        """Lets a child commit for a while, then kills it; gives the steps it announced."""
        self._input.write(b"\n")
        self._input.flush()
        # A child may speak before its parent has told its number.
        lines = [self._line()]
        while lines[-1][0] != "child":
            lines.append(self._line())
        if len(lines) == 1:
            ready, _, _ = select.select([self._output], [], [], 10)
            assert ready, "the child commits nothing"
        time.sleep(lives_s)
        os.kill(int(lines[-1][1]), signal.SIGKILL)
        while lines[-1][0] != "dead":
            lines.append(self._line())
        assert lines[-1][1] == str(-signal.SIGKILL), "the child failed before it was killed"
        return {int(words[1]): words[2] for words in lines if words[0] == "step"}

    def close(self) -> None:
        self._input.close()
        self._process.wait(timeout=10)
        self._output.close()


@pytest.fixture
def nursery(path: Path, new_session: Callable[..., SessionRecord]) -> Iterator[Nursery]:
    with Database.open(path) as database:
        Repository(database).create_session(new_session("killed"))
    nursery = Nursery(path)
    yield nursery
    nursery.close()


@pytest.mark.serial
@pytest.mark.timeout(120)
def test_announced_steps_survive_kill_9(path: Path, nursery: Nursery) -> None:
    announced: dict[int, str] = {}
    interrupted = 0
    chance = random.Random(0)
    for _ in range(KILLS):
        announced.update(nursery.kill_one(chance.random() * LONGEST_S))
        with Database.open(path) as database:
            repository = Repository(database)
            assert database.check() == ()
            session = repository.session("killed")
            with WriterLock(path, session.uid):
                recovered = repository.recover(session.id)
            last = check_tree(repository, session.id, announced)
            interrupted += check_recovered(recovered, last, announced)
    assert len(announced) >= KILLS
    assert interrupted > 0, "no kill hit a command under way"


def check_tree(repository: Repository, session: int, announced: dict[int, str]) -> int:
    """Every announced step is there with its delta, the tree is whole; gives the last step."""
    lines = repository.step_lines(session)
    depths = {0: 0}
    for number, line in enumerate(lines, start=1):
        assert line.step == number
        assert line.depth == depths[line.parent] + 1
        depths[number] = line.depth
        assert repository.step(session, number).weight_sha256 == line.weight_sha256
    assert set(announced) <= set(depths)
    for delta in repository.deltas(session, range(1, len(lines) + 1)):
        assert hashlib.sha256(delta.data).hexdigest() == delta.digest
        assert delta.digest == announced.get(delta.step, delta.digest)
    tips = {branch.name: branch.tip for branch in repository.branches(session)}
    cursor = repository.cursor(session)
    assert cursor.step in path_to(tips[cursor.branch], {line.step: line.parent for line in lines})
    edits = [each for each in repository.operations(session) if each.command == "edit"]
    done = [each.result["step"] for each in edits if each.status == "ok"]
    assert done == list(range(1, len(lines) + 1)), "one operation for every step"
    assert len(repository.generations(session)) == len(lines)
    return len(lines)


def path_to(step: int, parents: dict[int, int]) -> set[int]:
    path = {0}
    while step:
        path.add(step)
        step = parents[step]
    return path


def check_recovered(recovered: OperationRecord | None, last: int, announced: dict[int, str]) -> int:
    """An intent is left exactly by an edit that did not commit, and is named."""
    if recovered is None:
        return 0
    assert (recovered.command, recovered.status) == ("edit", "interrupted")
    assert recovered.params == {"number": last + 1}
    assert last + 1 not in announced
    return 1
