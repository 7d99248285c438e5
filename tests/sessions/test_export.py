"""The export: complete, round, and enough for numpy alone to give every recorded hash."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from romebench.engine.model import LoadedModel
from romebench.engine.sampling import Sampling
from romebench.errors import CancelledError, FileFormatError, StoreError, UsageError
from romebench.sessions.deltas import write_deltas
from romebench.sessions.export import export_lines, export_session
from romebench.sessions.importing import import_session
from romebench.sessions.lines import LINE_TYPES
from romebench.sessions.live import LiveSession
from romebench.sessions.session import Session
from romebench.store import Database, Repository
from romebench.store.records import MeasurementRecord

from .conftest import at_layer, request_for

Line = dict[str, Any]


@pytest.fixture
def rich(live: LiveSession) -> LiveSession:
    """A session with something of everything."""
    live.edit(request_for(0, generation_prompts=("France is",)))
    live.edit(request_for(1))
    live.undo()
    live.edit(request_for(2), hparams=at_layer(2))
    live.edit(request_for(3))
    live.generate("The sport ␛ of", Sampling(max_new_tokens=4, seed=2**40))
    session = live.session
    session.repository.add_measurement(
        session.record.id,
        MeasurementRecord(3, "perplexity", float("inf"), {"text": "wörld\u2028"}),
        command="measure",
        params={},
    )
    session.enqueue([request_for(5), request_for(6)], "requests.json")
    live.step_queue()
    live.goto("main")
    return live


def lines_of(repository: Repository, name: str = "study") -> list[Line]:
    return [json.loads(line) for line in export_lines(repository, name)]


def test_every_type_of_line_is_there(rich: LiveSession) -> None:
    lines = lines_of(rich.session.repository)
    assert {line["type"] for line in lines} == set(LINE_TYPES)
    first = lines[0]
    assert (first["type"], first["format"], first["version"]) == ("session", "romebench-session", 1)
    assert first["contexts"][0] == "{}"
    assert first["seed"] == 5
    for key in ("model_sha256", "tokenizer_sha256", "base_weight_sha256", "versions", "hparams"):
        assert first[key]
    steps = [line for line in lines if line["type"] == "step"]
    assert [(s["step"], s["parent"], s["depth"]) for s in steps] == [
        (1, 0, 1), (2, 1, 2), (3, 1, 2), (4, 3, 3), (5, 4, 4),
    ]  # fmt: skip
    for key in ("request", "rule", "weight_name", "weight_sha256", "diagnostics", "vitals"):
        assert steps[0][key]
    assert "id" not in first


def test_numpy_alone_gives_every_recorded_hash(
    rich: LiveSession, load_small: Callable[..., LoadedModel], tmp_path: Path
) -> None:
    """From the model's own file and the export, with nothing of romebench's arithmetic."""
    export_session(rich.session.repository, "study", tmp_path / "study.jsonl")
    lines = [json.loads(x) for x in (tmp_path / "study.jsonl").read_text("utf-8").splitlines()]
    model_file = Path(str(load_small("gpt2").path)) / "model.safetensors"
    base = safetensors.numpy.load_file(model_file)
    # transformers' Conv1D holds [d_in, d_out]; Linear orientation is its transpose.
    wanted = {line["weight_name"] for line in lines if line["type"] == "step"}
    masters = {name: base[name].astype("<f4").T for name in wanted}

    def digest(weights: dict[str, np.ndarray]) -> str:
        hashed = hashlib.sha256()
        for name in sorted(weights):
            d_out, d_in = weights[name].shape
            hashed.update(f"{name} float32 {d_out} {d_in}\n".encode())
            hashed.update(np.ascontiguousarray(weights[name], dtype="<f4").tobytes())
        return hashed.hexdigest()

    session = lines[0]
    assert (
        digest({session["weight_name"]: masters[session["weight_name"]]})
        == (session["base_weight_sha256"])
    )
    deltas = {
        line["step"]: (
            line["weight_name"],
            safetensors.numpy.load(base64.b64decode(line["data"])),
        )
        for line in lines
        if line["type"] == "delta"
    }
    states: dict[int, dict[str, np.ndarray]] = {0: {}}
    checked = 0
    for line in (line for line in lines if line["type"] == "step"):
        name, delta = deltas[line["step"]]
        weights = {key: value.copy() for key, value in states[line["parent"]].items()}
        weights.setdefault(name, np.array(masters[name]))
        weights[name] += delta["right"][:, None] * delta["left"][None, :]
        states[line["step"]] = weights
        assert digest(weights) == line["weight_sha256"]
        checked += 1
    assert checked == 5


def test_export_import_export_is_the_same(rich: LiveSession, tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    report = export_session(rich.session.repository, "study", first)
    assert (report.steps, report.size_bytes) == (5, first.stat().st_size)
    with Database.open(tmp_path / "other" / "store.sqlite") as database:
        other = Repository(database)
        imported = import_session(other, first)
        assert (imported.session, imported.steps, imported.same_session) == ("study", 5, True)
        assert imported.copied_from is None
        export_session(other, "study", tmp_path / "second.jsonl")
    assert (tmp_path / "second.jsonl").read_bytes() == first.read_bytes()


def test_an_imported_session_goes_on_as_the_same(
    rich: LiveSession, tmp_path: Path, load_small: Callable[..., LoadedModel]
) -> None:
    path = tmp_path / "study.jsonl"
    export_session(rich.session.repository, "study", path)
    hashes = {line.step: line.weight_sha256 for line in rich.session.lines()}
    with Database.open(tmp_path / "other" / "store.sqlite") as database:
        other = Repository(database)
        import_session(other, path)
        session = Session.open(other, "study")
        with LiveSession.attach(session, load_small("gpt2")) as live:
            assert live.session.cursor == rich.session.cursor
            for step, digest in hashes.items():
                live.goto(step)
                assert live.weights.sha256("x") == digest
            live.goto("main-2")
            assert live.edit(request_for(8)).step == 6


def test_an_import_beside_the_original_is_a_copy(rich: LiveSession, tmp_path: Path) -> None:
    repository, path = rich.session.repository, tmp_path / "study.jsonl"
    export_session(repository, "study", path)
    report = import_session(repository, path)
    assert (report.session, report.copied_from, report.same_session) == ("study-2", "study", False)
    copy = repository.session("study-2")
    assert copy.uid != rich.session.record.uid
    assert copy.source is not None
    assert copy.source["uid"] == rich.session.record.uid
    assert import_session(repository, path, name="mine").session == "mine"
    with pytest.raises(StoreError, match="'mine' already"):
        import_session(repository, path, name="mine", keep_name=True)
    with pytest.raises(UsageError):
        import_session(repository, path, name="a/b")


def test_an_export_is_whole_or_not_there(rich: LiveSession, tmp_path: Path) -> None:
    repository = rich.session.repository
    path = tmp_path / "study.jsonl"
    path.write_text("mine")
    with pytest.raises(UsageError, match="there is a file"):
        export_session(repository, "study", path)
    assert path.read_text() == "mine"

    class Tripped:
        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked > 4

    with pytest.raises(CancelledError):
        export_session(repository, "study", path, force=True, stop=Tripped())
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir() if "jsonl" in p.name] == ["study.jsonl"]
    export_session(repository, "study", path, force=True)
    assert path.read_text(encoding="utf-8").startswith('{"type": "session"')
    with pytest.raises(UsageError, match="is a folder"):
        export_session(repository, "study", tmp_path)
    with pytest.raises(UsageError, match="no such file or directory"):
        export_session(repository, "study", tmp_path / "absent" / "x.jsonl")
    with pytest.raises(StoreError, match="no session named 'nope'"):
        export_session(repository, "nope", tmp_path / "nope.jsonl")
    assert not (tmp_path / "nope.jsonl").exists()


def test_deltas_of_the_path_and_of_every_step(rich: LiveSession, tmp_path: Path) -> None:
    session = rich.session
    rich.goto("main-2")
    path = tmp_path / "deltas.safetensors"
    report = write_deltas(session.repository, session.record, session.history, path)
    assert report.steps == (1, 3, 4, 5)
    tensors = safetensors.numpy.load_file(path)
    one, two = "transformer.h.1.mlp.c_proj.weight", "transformer.h.2.mlp.c_proj.weight"
    assert sorted(tensors) == sorted(
        f"{depth:05d}.{name}.{side}"
        for depth, name in ((1, one), (2, two), (3, one), (4, one))
        for side in ("left", "right")
    )
    stored = safetensors.numpy.load(session.repository.delta(session.record.id, 4).data)
    assert np.array_equal(tensors[f"00003.{one}.left"], stored["left"])
    assert tensors[f"00003.{one}.right"].dtype == np.float32
    with pytest.raises(UsageError, match="there is a file"):
        write_deltas(session.repository, session.record, session.history, path)
    every = write_deltas(
        session.repository, session.record, session.history, path, every=True, force=True
    )
    assert every.steps == (1, 2, 3, 4, 5)
    assert f"00004.{one}.left" in safetensors.numpy.load_file(path)
    rich.goto("base")
    with pytest.raises(UsageError, match="no step at the cursor"):
        write_deltas(session.repository, session.record, session.history, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def change(index: Callable[[list[Line]], int], **values: Any) -> Callable[[list[Line]], None]:
    """Changes one line: a value, or None to take the key out."""

    def apply(lines: list[Line]) -> None:
        line = lines[index(lines)]
        for key, value in values.items():
            if value is None:
                del line[key]
            else:
                line[key] = value

    return apply


def first(kind: str) -> Callable[[list[Line]], int]:
    return lambda lines: next(i for i, line in enumerate(lines) if line["type"] == kind)


def drop(kind: str) -> Callable[[list[Line]], None]:
    return lambda lines: lines.pop(first(kind)(lines)) and None


def twice(kind: str) -> Callable[[list[Line]], None]:
    return lambda lines: lines.append(lines[first(kind)(lines)])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change(first("session"), version=2), r":1: written in version 2"),
        (change(first("session"), format="other"), r":1: format is 'other'"),
        (change(first("session"), contexts=None), r":1: a session line without 'contexts'"),
        (change(first("session"), seed="5"), r":1: 'seed' is '5', not a whole number"),
        (drop("session"), r":1: the first line is not a session's"),
        (twice("session"), r": a second session line"),
        (drop("cursor"), r": the file ends without a cursor line"),
        (twice("cursor"), r": a second cursor"),
        (twice("branch"), r": a second branch 'main'"),
        (change(first("branch"), tip=77), r":2: branch 'main' names step 77"),
        (change(first("branch"), name="7"), r":2: the branch name '7'"),
        (change(first("cursor"), step=4), r": step 4 is not on branch 'main'"),
        (change(first("queue"), status="lost"), r": a queue status 'lost'"),
        (twice("step"), r": a second step 1; the first is on line"),
        (change(first("step"), parent=3), r": step 1 names 3 as its parent"),
        (change(first("step"), depth=2), r": step 1 has depth 2, not 1"),
        (change(first("step"), losses=[3]), r": 'losses' is \[3\], not a list of objects"),
        (change(first("step"), type="stairs"), r": unknown type 'stairs'"),
        (drop("step"), r": a delta names step 1, which is not in the file"),
        (drop("delta"), r": step 1 has no delta line"),
        (change(first("delta"), data="AAAA"), r": the delta of step 1 is damaged"),
        (change(first("delta"), data="!"), r": 'data' is '!', not base64"),
        (change(first("delta"), weight_name="x"), r": step 1 and its delta name different weights"),
        (change(first("operation"), before=3), r": 'before' is 3, not a branch and a step"),
        (change(first("generation"), step=99), r": a generation names step 99"),
    ],
)
def test_a_damaged_export_is_named_by_line_and_imports_nothing(
    rich: LiveSession, tmp_path: Path, damage: Callable[[list[Line]], None], message: str
) -> None:
    lines = lines_of(rich.session.repository)
    damage(lines)
    path = tmp_path / "bad.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with Database.open(tmp_path / "other" / "store.sqlite") as database:
        other = Repository(database)
        with pytest.raises(FileFormatError, match=message) as caught:
            import_session(other, path)
        assert str(path) in caught.value.message
        assert other.sessions() == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file ends without a session line"),
        (b"{}\n", ":1: unknown type None"),
        (b"not json\n", ":1: broken JSON"),
        (b"[1]\n", ":1: not a JSON object"),
        (b"\xff\xfe\n", "not UTF-8"),
        (b'{"type": "session"', ":1: broken JSON"),
    ],
)
def test_a_file_that_is_no_export(
    repository: Repository, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=message):
        import_session(repository, path)
    with pytest.raises(FileFormatError, match="No such file"):
        import_session(repository, tmp_path / "absent.jsonl")
