"""Taking a session up again: the same model gives the same weights, any other is refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch

from romebench.engine.delta import RankOneDelta
from romebench.engine.model import LoadedModel, wrap_model
from romebench.engine.sampling import Sampling
from romebench.errors import ModelError, SessionBusyError, StoreError
from romebench.sessions.live import LiveSession
from romebench.sessions.session import Session
from romebench.store.records import CursorRecord, Intent
from romebench.store.repository import Repository

from .conftest import at_layer, request_for, snapshot, tamper

Loader = Callable[..., LoadedModel]


@pytest.fixture
def stored(live: LiveSession) -> LiveSession:
    """A closed session of three steps on two branches, the cursor on the second."""
    for number in range(2):
        live.edit(request_for(number))
    live.undo()
    live.edit(request_for(2), hparams=at_layer(2))
    return live


def test_a_new_model_gets_the_weights_of_the_cursor(
    stored: LiveSession, repository: Repository, load_small: Loader
) -> None:
    edited, digest = snapshot(stored), stored.session.weight_sha256
    stored.close()
    model = load_small("gpt2")
    with LiveSession.attach(Session.open(repository, "study"), model) as again:
        assert again.session.cursor == CursorRecord("main-2", 3)
        assert again.weights.sha256("x") == digest
        for name, parameter in model.model.named_parameters():
            assert torch.equal(parameter, edited[name])
        again.goto("main")
        again.edit(request_for(3))
        assert again.session.step(4).parent == 2


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_every_step_is_reached_from_every_other(
    stored: LiveSession, repository: Repository, load_small: Loader, step: int
) -> None:
    stored.goto(step)
    digest = stored.session.weight_sha256
    stored.close()
    with LiveSession.attach(Session.open(repository, "study"), load_small("gpt2")) as again:
        assert again.weights.sha256(again.session.record.weight_name) == digest
        for target in (3, 0, 2, 1):
            again.goto(target)


@pytest.fixture
def closed(stored: LiveSession, repository: Repository) -> Session:
    stored.close()
    return Session.open(repository, "study", write=False)


@pytest.mark.parametrize(
    ("model", "dtype", "what"),
    [
        ("gpt2t", "float32", "the model's fingerprint"),
        ("gpt2", "float16", "the dtype was float32 and is float16"),
        ("gptj", "float32", "the model type was gpt2 and is gptj"),
    ],
)
def test_another_model_is_refused(
    closed: Session, load_small: Loader, model: str, dtype: str, what: str
) -> None:
    with pytest.raises(ModelError, match=what) as caught:
        LiveSession.attach(closed, load_small(model, dtype))
    assert "'study'" in caught.value.message
    assert caught.value.hint


def test_another_tokenizer_is_refused(closed: Session, load_small: Loader) -> None:
    model = load_small("gpt2")
    model.tokenizer.add_tokens(["<new>"])
    with pytest.raises(ModelError, match="the tokenizer's fingerprint was"):
        LiveSession.attach(closed, wrap_model(model.model, model.tokenizer, "gpt2"))


def test_a_model_that_is_edited_already_is_refused(closed: Session, load_small: Loader) -> None:
    model = load_small("gpt2")
    assert model.model_sha256
    with torch.no_grad():
        model.linear_view(closed.record.weight_name)[0, 0] += 1
    with pytest.raises(ModelError, match=r"the base weight .* was .* and is") as caught:
        LiveSession.attach(closed, model)
    assert "load it again" in caught.value.hint


def test_a_damaged_delta_is_refused(closed: Session, load_small: Loader) -> None:
    store = closed.repository.database.path
    tamper(store, "update deltas set data = zeroblob(length(data)) where step = 1")
    model = load_small("gpt2")
    before = {name: p.detach().clone() for name, p in model.model.named_parameters()}
    with pytest.raises(StoreError, match="the delta of step 1 is damaged"):
        LiveSession.attach(closed, model)
    assert all(torch.equal(p, before[name]) for name, p in model.model.named_parameters())


def test_a_delta_that_is_another_is_refused(closed: Session, load_small: Loader) -> None:
    delta = RankOneDelta(closed.record.weight_name, torch.ones(256), torch.ones(64)).to_bytes()
    tamper(
        closed.repository.database.path,
        "update deltas set data = ?, digest = ? where step = 1",
        delta,
        hashlib.sha256(delta).hexdigest(),
    )
    with pytest.raises(ModelError, match="the weights do not match the recorded hash of step 3"):
        LiveSession.attach(closed, load_small("gpt2"))


HOLD = """
import sys
from pathlib import Path
from romebench.sessions.session import Session
from romebench.store import Database, Repository
session = Session.open(Repository(Database.open(Path(sys.argv[1]))), "study")
assert "torch" not in sys.modules
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_second_process_reads_and_does_not_write(
    stored: LiveSession, repository: Repository, load_small: Loader
) -> None:
    stored.close()
    store = str(repository.database.path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, store],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SessionBusyError, match=rf"'study' .*process {holder.pid} on "):
            Session.open(repository, "study")
        reader = Session.open(repository, "study", write=False)
        assert (len(reader.lines()), reader.cursor.step, reader.writable) == (3, 3, False)
        for refused in (reader.undo, lambda: reader.goto(1), reader.clear_queue):
            with pytest.raises(SessionBusyError, match="reading only"):
                refused()
        with LiveSession.attach(reader, load_small("gpt2")) as asked:
            text = asked.generate("France is", Sampling(max_new_tokens=3, greedy=True))
            assert text.step == 3
            with pytest.raises(SessionBusyError, match="reading only"):
                asked.edit(request_for(7))
        assert reader.generations() == []
    finally:
        holder.communicate("\n", timeout=20)
    with Session.open(repository, "study") as writer:
        assert writer.undo().after.step == 1


STORE_ONLY = """
import json, sys
from pathlib import Path
from romebench.sessions.export import export_lines
from romebench.sessions.replay import verify
from romebench.sessions.session import Session
from romebench.store import Database, Repository
repository = Repository(Database.open(Path(sys.argv[1])))
with Session.open(repository, "study") as session:
    session.undo()
    lines = list(export_lines(repository, "study"))
    report = verify(repository, session.record.id)
    print(json.dumps([session.cursor.step, len(lines), list(report.problems),
                      "torch" in sys.modules, "transformers" in sys.modules]))
"""


def test_undo_log_export_and_verify_need_no_torch(
    stored: LiveSession, repository: Repository
) -> None:
    stored.close()
    done = subprocess.run(
        [sys.executable, "-c", STORE_ONLY, str(repository.database.path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    step, lines, problems, torch_there, transformers_there = json.loads(done.stdout)
    assert (step, problems, torch_there, transformers_there) == (1, [], False, False)
    assert lines > 3


def test_what_a_dead_process_left_is_named(stored: LiveSession, repository: Repository) -> None:
    record = stored.session.record
    stored.close()
    repository.begin(record.id, Intent("edit", {"request": request_for(9).to_json()}))
    with Session.open(repository, "study") as session:
        assert session.recovered is not None
        assert (session.recovered.command, session.recovered.status) == ("edit", "interrupted")
        assert session.recovered.params["request"]["subject"] == "Danielle Darrieux 9"
        assert session.operations(1) == [session.recovered]
    with Session.open(repository, "study") as session:
        assert session.recovered is None


def test_a_history_that_is_no_tree_is_refused(closed: Session) -> None:
    tamper(closed.repository.database.path, "update steps set depth = 7 where step = 2")
    with pytest.raises(StoreError, match="history of session 'study' is damaged: step 2"):
        Session.open(closed.repository, "study")
