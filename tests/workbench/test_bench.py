"""What stays open between commands: one store, one session, one model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from romebench.engine.progress import Progress
from romebench.errors import OutOfMemoryError, SessionBusyError, StoreError, UsageError
from romebench.hparams import load_preset
from romebench.workbench.bench import Bench
from romebench.workbench.commands.context import Chunk, Context
from romebench.workbench.commands.editing import EditParams, GenerateParams
from romebench.workbench.commands.execute import execute
from romebench.workbench.commands.options import SessionChoices
from romebench.workbench.commands.registry import find
from romebench.workbench.commands.results import Edited, Moved, StepBrief, Written
from romebench.workbench.commands.spec import Command, Effect, Params, Scope
from romebench.workbench.paths import Paths

EDIT = EditParams(text=("[Steve Jobs] was the founder of => Microsoft",))


@pytest.fixture
def bench(study: Path) -> Iterator[Bench]:
    with Bench(Paths.under(study)) as bench:
        yield bench


def do(bench: Bench, command_name: str, /, **params: Any) -> Any:
    command = find(command_name)
    return execute(command, Context(bench), command.params(**params))


def test_the_model_is_loaded_once_and_follows_the_cursor(bench: Bench) -> None:
    edited = execute(find("edit"), Context(bench), EDIT)
    assert isinstance(edited, Edited)
    live = bench.live(SessionChoices())
    assert live.weights.sha256(edited.step.weight_name) == edited.step.weight_sha256
    moved = do(bench, "undo", n=2)
    assert isinstance(moved, Moved)
    assert moved.steps == (2, 1)
    assert bench.live(SessionChoices()) is live
    assert live.weights.sha256(edited.step.weight_name) == moved.weight_sha256


def test_another_session_of_the_same_model_needs_no_second_load(bench: Bench) -> None:
    model = bench.live(SessionChoices()).model
    do(bench, "sessions new", name="other")
    do(bench, "sessions open", name="study")
    do(bench, "undo", n=1)
    do(bench, "sessions rename", name="study", new="renamed")
    live = bench.live(SessionChoices())
    assert live.session.record.name == "renamed"
    first = bench.live(SessionChoices()).model
    do(bench, "sessions open", name="other")
    assert bench.live(SessionChoices()).model is first
    assert model.name == "pocket"


def test_what_another_process_uses_last_moves_nobody(bench: Bench, study: Path) -> None:
    assert bench.resume() is not None
    with Bench(Paths.under(study)) as other:
        do(other, "sessions new", name="other")
        assert other.repository.last_used() == "other"
    assert bench.name == "study"
    do(bench, "undo", n=1)
    assert bench.session(write=False).record.name == "study"


def test_two_benches_one_writer(bench: Bench, study: Path) -> None:
    bench.resume()
    notes: list[str] = []
    with Bench(Paths.under(study)) as second:
        status = second.resume(notes.append)
        assert status is not None
        assert not status.writable
        assert "opened for reading" in notes[0]
        with pytest.raises(SessionBusyError):
            do(second, "undo", n=1)
        written = execute(
            find("generate"), Context(second), GenerateParams(prompt=("Poland is",), greedy=True)
        )
        assert isinstance(written, Written)
        assert written.generation.step == 1
        do(bench, "undo", n=1)
        assert second.session(write=False).cursor.step == 0
        bench.close()
        do(second, "redo", n=1)


def test_a_reader_follows_the_writer(bench: Bench, study: Path) -> None:
    """A model attached for reading answers with the weights of the cursor as it is now."""
    bench.resume()
    with Bench(Paths.under(study)) as second:
        ask = GenerateParams(prompt=("LeBron James plays the sport of",), greedy=True)
        before = execute(find("generate"), Context(second), ask)
        do(bench, "undo", n=1)
        after = execute(find("generate"), Context(second), ask)
        assert isinstance(before, Written)
        assert isinstance(after, Written)
        assert (before.generation.step, after.generation.step) == (1, 0)
        assert before.generation.text != after.generation.text


def test_status_tells_where_things_stand(bench: Bench) -> None:
    assert bench.status() is None
    status = bench.resume()
    assert status is not None
    assert (status.session, status.step, status.depth, status.length) == ("study", 1, 1, 1)
    layer = load_preset("pocket").layer
    assert (status.second_moment, status.layer, status.loaded) == ("C", layer, False)
    do(bench, "goto", ref="base")
    status = bench.status()
    assert status is not None
    assert (status.step, status.depth, status.length, status.verdict) == (0, 0, 1, "")


def test_options_contradict_an_existing_session_only_where_they_differ(bench: Bench) -> None:
    bench.live(SessionChoices(model="pocket", rule="r-rome", seed=0, device="cpu"))
    with pytest.raises(UsageError, match="r-rome, not rome"):
        bench.live(SessionChoices(rule="rome"))


def test_the_rule_of_one_edit_is_no_contradiction(bench: Bench) -> None:
    edited = do(bench, "edit", text=EDIT.text, rule="rome")
    assert edited.step.rule == "rome"
    assert bench.session(write=False).record.rule == "r-rome"


def test_the_rule_of_a_first_edit_is_the_sessions(own_home: Path) -> None:
    with Bench(Paths.under(own_home)) as bench:
        do(bench, "edit", text=EDIT.text, rule="rome")
        assert bench.session(write=False).record.rule == "rome"
        with pytest.raises(StoreError):
            do(bench, "sessions show", name="pocke")


def test_deleting_the_session_in_hand_lets_go_of_it(bench: Bench) -> None:
    bench.live(SessionChoices())
    do(bench, "sessions delete", name="study")
    assert bench.name is None
    assert bench.status() is None
    with pytest.raises(UsageError, match="no session yet"):
        do(bench, "log")


def test_texts_and_steps_are_told_as_they_come(bench: Bench, requests_file: Path) -> None:
    events: list[Chunk | StepBrief] = []
    reports: list[Progress] = []
    context = Context(bench, emit=events.append, progress=reports.append)
    ask = GenerateParams(prompt=("The capital of",), greedy=True, compare=True)
    written = execute(find("generate"), context, ask)
    assert isinstance(written, Written)
    assert written.base is not None
    for side, record in (("base", written.base), ("cursor", written.generation)):
        chunks = [e for e in events if isinstance(e, Chunk) and e.side == side]
        assert chunks[0].prompt
        assert "".join(chunk.text for chunk in chunks) == record.text
    events.clear()
    run = find("run")
    result = execute(run, context, run.params(file=str(requests_file)))  # type: ignore[call-arg]
    assert [e.step for e in events if isinstance(e, StepBrief)] == [2, 3]
    assert result.to_json()["steps"][0]["subject"] == "LeBron James"
    assert any(report.total for report in reports)


def test_a_full_memory_has_a_name(bench: Bench) -> None:
    def fail(_: Context, __: Params) -> Any:
        raise MemoryError

    command = Command("fail", "fail", Params, Effect.READ, Scope.NONE, fail, "Tests")
    with pytest.raises(OutOfMemoryError):
        execute(command, Context(bench), Params())


def test_a_defect_stays_one(bench: Bench) -> None:
    def fail(_: Context, __: Params) -> Any:
        raise KeyError("oops")

    command = Command("fail", "fail", Params, Effect.READ, Scope.NONE, fail, "Tests")
    with pytest.raises(KeyError):
        execute(command, Context(bench), Params())
