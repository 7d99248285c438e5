"""Loads a model once, then forks a worker for each `go` it is told; the worker edits until killed.

Run by `test_kill.py` as `python kill_zygote.py STORE MODEL_FOLDER`. Importing torch takes seconds
and a fork of a process that has it takes none, so that many kills fit into a test. The zygote
itself never computes: its one thread is all that a fork needs.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import torch

from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel
from romebench.engine.moments import SecondMoment
from romebench.engine.request import EditRequest
from romebench.engine.rules import Rule
from romebench.hparams import Hparams
from romebench.sessions.live import LiveSession
from romebench.sessions.session import Session
from romebench.store import Database, Repository

NAME = "study"
HPARAMS = Hparams(layers=(1,), v_num_grad_steps=3, v_loss_layer=3, mom2_adjustment=False)


def say(*words: object) -> None:
    """One whole line in one write, so that a kill can't leave half of one."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def work(store: Path, model: LoadedModel, seed: int) -> None:
    rng = random.Random(seed)
    repository = Repository(Database.open(store))
    moment = SecondMoment.identity(256)
    if repository.find_session(NAME) is None:
        live = LiveSession.create(
            repository, name=NAME, model=model, hparams=HPARAMS, rule=Rule.R_ROME,
            contexts=("{}", "The quick brown. {}"), moment=moment, seed=0,
        )  # fmt: skip
    else:
        live = LiveSession.attach(Session.open(repository, NAME), model, moment)
    say("ready", live.session.cursor.step, live.weights.sha256(live.session.record.weight_name))
    for number in range(10_000):
        act(live, rng, f"Subject {seed} {number}")


def act(live: LiveSession, rng: random.Random, subject: str) -> None:
    """An edit mostly, else a move."""
    history = live.session.history
    choice = rng.random()
    if choice < 0.1 and history.cursor.step:
        live.undo()
    elif choice < 0.2 and not history.at_tip:
        live.redo()
    elif choice < 0.3 and history.nodes:
        live.goto(rng.choice(sorted(history.nodes)))
    elif choice < 0.35:
        live.branch(f"b{history.next_step}-{len(history.branches)}")
    else:
        say("begin", subject)
        request = EditRequest("{} plays the sport of", subject, "football")
        record = live.edit(request)
        say("step", record.step, record.weight_sha256, subject)
        return
    say("at", live.session.cursor.step)


def main(store: Path, folder: str) -> None:
    torch.set_num_threads(1)
    model = load_model(folder, device="cpu")
    say("loaded")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                work(store, model, int(line))
            finally:
                os._exit(1)
        say("pid", pid)
        _, status = os.waitpid(pid, 0)
        say("dead", status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
