"""SIGKILL at random moments: a committed step is there, and nothing else is half done."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from romebench.engine.moments import SecondMoment
from romebench.sessions.live import LiveSession
from romebench.sessions.replay import replay, verify
from romebench.sessions.session import Session

if TYPE_CHECKING:
    from romebench.engine.model import LoadedModel
    from romebench.store.repository import Repository

KILLS = 24
LONGEST_LIFE_S = 1.5

pytestmark = [
    pytest.mark.serial,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
]


class Zygote:
    """The process that forks the workers to be killed."""

    def __init__(self, store: Path, model: Path) -> None:
        script = Path(__file__).with_name("kill_zygote.py")
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(store), str(model)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert self._line() == ["loaded"]

    def life(self, seed: int, seconds: float) -> list[list[str]]:
        """Start a worker, kill it after some time, and give all that it said."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seed}\n")
        self._process.stdin.flush()
        said = [self._line()]
        while said[-1][0] != "pid":
            said.append(self._line())
        time.sleep(seconds)
        os.kill(int(said.pop()[1]), signal.SIGKILL)
        while (words := self._line())[0] != "dead":
            said.append(words)
        assert int(words[1]) == signal.SIGKILL, "the worker ended by itself"
        return said

    def close(self) -> None:
        self._process.communicate(timeout=20)

    def _line(self) -> list[str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the zygote died"
        return line.split()


@pytest.fixture
def zygote(repository: Repository, goldens: Path) -> Iterator[Zygote]:
    process = Zygote(repository.database.path, goldens / "models" / "gpt2")
    yield process
    process.close()


@pytest.mark.timeout(240)
def test_committed_steps_survive_kill_9(
    zygote: Zygote,
    repository: Repository,
    load_small: Callable[..., LoadedModel],
    record_property: Callable[[str, object], None],
) -> None:
    rng = random.Random(20261120)
    announced: dict[int, str] = {}
    interrupted = 0
    for seed in range(KILLS):
        said = zygote.life(seed, rng.uniform(0.0, LONGEST_LIFE_S))
        if repository.find_session("study") is None:
            continue
        begun = [" ".join(words[1:]) for words in said if words[0] == "begin"]
        steps = {int(words[1]): words[2] for words in said if words[0] == "step"}
        announced |= steps
        with Session.open(repository, "study") as session:
            lines = {line.step: line.weight_sha256 for line in session.lines()}
            assert announced.items() <= lines.items()
            # A step that was committed in the instant before the kill was not announced any more.
            assert len(lines) - len(announced) <= 1
            announced |= lines
            if session.recovered is not None:
                interrupted += 1
                assert session.recovered.status == "interrupted"
                assert session.recovered.params["request"]["subject"] == begun[-1]
            resumed = [words for words in said if words[0] == "ready"]
            if resumed:
                at = int(resumed[0][1])
                assert resumed[0][2] == (lines[at] if at else session.record.base_weight_sha256)
            assert verify(repository, session.record.id).problems == ()
    assert interrupted >= KILLS // 4, "the kills did not fall into edits"
    moment = SecondMoment.identity(256)
    session = Session.open(repository, "study")
    with LiveSession.attach(session, load_small("gpt2"), moment) as live:
        report = replay(live)
    assert report.mismatch is None
    assert report.checked == len(announced) > KILLS
    record_property("kills", KILLS)
    record_property("interrupted", interrupted)
    record_property("steps", len(announced))
