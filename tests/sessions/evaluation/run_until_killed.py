"""A sequential evaluation in a process of its own, to be killed; run by test_kill.

Usage: run_until_killed.py STORE MODEL RECORDS RESULTS. Tells each case on a line after its commit.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from romebench.engine.loading import load_model
from romebench.engine.moments import SecondMoment
from romebench.engine.rules import Rule
from romebench.hparams import Hparams
from romebench.sessions.evaluation.cases import Dataset
from romebench.sessions.evaluation.evaluate import EvalOptions, evaluate, gather
from romebench.sessions.evaluation.outcomes import Outcomes
from romebench.sessions.evaluation.plan import Mode
from romebench.sessions.evaluation.runner import CaseDone
from romebench.sessions.live import LiveSession
from romebench.sessions.session import Session
from romebench.store import Database, Repository

SEED = 5
HPARAMS = Hparams(
    layers=(1,),
    v_num_grad_steps=3,
    v_loss_layer=3,
    mom2_adjustment=False,
    rewrite_module_tmp="transformer.h.{}.mlp.c_proj",
)


def say(done: CaseDone) -> None:
    os.write(1, f"case {done.case.case_id}\n".encode())


def run(store: Path, model_path: str, records: str, results: Path) -> Outcomes:
    """Begin the run in session "killed", or go on with it."""
    with Database.open(store) as database:
        repository = Repository(database)
        model = load_model(model_path, dtype="float32", device="cpu")
        moment = SecondMoment.identity(256)
        if repository.find_session("killed") is None:
            live = LiveSession.create(
                repository, name="killed", model=model, hparams=HPARAMS, rule=Rule.ROME,
                contexts=("{}", "In the beginning there. {}"), moment=moment, seed=SEED,
            )  # fmt: skip
        else:
            live = LiveSession.attach(Session.open(repository, "killed"), model, moment)
        options = EvalOptions(Dataset.COUNTERFACT, records, mode=Mode.SEQUENTIAL, generate=False)
        with live:
            return evaluate(live, gather(options, SEED), results=results, on_case=say)


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))
