"""Collecting statistics: the published sums, to the token, the same after a kill as without one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from romebench.benchmarks.zoo import ZOO, load_variant
from romebench.engine.checkpoint import Checkpoint, State, save_statistics
from romebench.engine.collect import Plan, batches, collect_moments
from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel
from romebench.engine.moments import load_statistics
from romebench.engine.sums import Convergence, MomentSums
from romebench.engine.texts import open_texts
from romebench.errors import CancelledError, StatisticsError

LoadSmall = Callable[..., LoadedModel]
PLAN = Plan(tokens=3000, window=48, batch_tokens=256)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.jsonl"
    words = [
        "the",
        "old",
        "house",
        "by",
        "the",
        "river",
        "was",
        "sold",
        "to",
        "a",
        "man",
        "from",
        "Oslo",
        "who",
        "spoke",
        "Norse",
    ]
    generator = np.random.default_rng(0)
    with path.open("w") as file:
        for _ in range(150):
            drawn = generator.choice(words, size=int(generator.integers(3, 90)))
            file.write(json.dumps({"text": " ".join(drawn)}) + "\n")
    return path


@pytest.mark.parametrize("case", ["gpt2.f32", "gpt2.f64", "gptj.f32", "gptj.f64"])
def test_the_sums_are_the_published_ones(load_small: LoadSmall, goldens: Path, case: str) -> None:
    recorded = json.loads((goldens / "other" / "other.json").read_text())[case]["second_moment"]
    expected = np.load(goldens / "other" / "other.npz")[f"{case}.second_moment"]
    name, dtype = case.split(".")
    model = load_small(name, {"f32": "float32", "f64": "float64"}[dtype])
    sums = MomentSums(model, [1])
    assert sums.add(recorded["token_lists"]) == recorded["count"]
    found = sums.mean(model.weight_name(1)).numpy()
    distance = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert distance < (1e-9 if case == "gpt2.f64" else 1e-6)
    assert found.trace() == pytest.approx(recorded["trace"], rel=1e-6)


@pytest.mark.parametrize("name", ["mistral-window", "opt", "falcon-alibi-serial", "gemma3-bos"])
def test_padding_and_several_layers_change_nothing(name: str, goldens: Path) -> None:
    model = load_variant(next(v for v in ZOO if v.name == name), goldens / "models")
    rows = [tuple(range(5, 5 + n)) for n in (23, 9, 16)]
    together = MomentSums(model, [2, 0])
    together.add(rows)
    alone = {layer: MomentSums(model, [layer]) for layer in (0, 2)}
    for layer, sums in alone.items():
        for row in rows:
            sums.add([row])
        weight = model.weight_name(layer)
        distance = (sums.mean(weight) - together.mean(weight)).norm() / sums.mean(weight).norm()
        assert distance < 1e-6


def test_tokens_are_counted_to_the_one(tiny_gpt2: LoadedModel, text: Path) -> None:
    found = collect_moments(tiny_gpt2, [1], open_texts(str(text)), PLAN)
    assert found.tokens == 3000
    assert not found.exhausted
    assert found.convergence is not None
    assert 0 < found.convergence < 0.5
    whole = collect_moments(tiny_gpt2, [1], open_texts(str(text)), Plan(10**9, 48, 256))
    assert whole.exhausted
    ids = tiny_gpt2.tokenizer([json.loads(line)["text"] for line in text.open()])["input_ids"]
    assert whole.tokens == sum(map(len, ids))


def test_a_bos_opens_every_window(load_small: LoadSmall, text: Path) -> None:
    model = load_small("llama")
    rows = [row for b in batches(model, open_texts(str(text)), PLAN) for row in b.rows]
    assert all(row[0] == model.tokenizer.bos_token_id for row in rows)
    assert max(map(len, rows)) == 48
    padded = [len(b.rows) * len(b.rows[0]) for b in batches(model, open_texts(str(text)), PLAN)]
    assert max(padded) <= PLAN.batch_tokens


def test_the_file_is_read_back(tiny_gpt2: LoadedModel, text: Path, tmp_path: Path) -> None:
    source = open_texts(str(text))
    found = collect_moments(tiny_gpt2, [1, 3], source, PLAN)
    for layer in (1, 3):
        name = tiny_gpt2.weight_name(layer)
        path = tmp_path / f"{name}.safetensors"
        matrix = found.sums.mean(name)
        save_statistics(path, name, matrix, found.provenance(tiny_gpt2, source, PLAN))
        read = load_statistics(
            path, d_in=256, weight_name=name, ridge=0.01, model_sha256=tiny_gpt2.model_sha256
        )
        assert read.matrix is not None
        assert torch.equal(read.matrix, matrix.float().double())
        assert read.provenance is not None
        assert read.provenance["tokens"] == 3000
        assert read.provenance["dataset"] == "text.jsonl"
        assert read.provenance["convergence"] == pytest.approx(found.convergence)
        assert torch.isfinite(read.solve(torch.ones(256))).all()
    with pytest.raises(StatisticsError, match="model_sha256"):
        load_statistics(path, d_in=256, weight_name=name, model_sha256="another")
    assert not list(tmp_path.glob("*.part"))


def _sums(model: LoadedModel, text: Path, checkpoint: Checkpoint | None) -> torch.Tensor:
    found = collect_moments(model, [1], open_texts(str(text)), PLAN, checkpoint=checkpoint)
    return found.sums.sums[model.weight_name(1)]


def test_a_cancelled_collection_goes_on_to_the_same_bits(
    tiny_gpt2: LoadedModel, text: Path, tmp_path: Path
) -> None:
    expected = _sums(tiny_gpt2, text, None)
    checkpoint = Checkpoint(tmp_path / "c.safetensors", {"what": "this"})
    reports: list[int] = []

    class AfterSome:
        def __init__(self, count: int) -> None:
            self.count = count

        def is_set(self) -> bool:
            return len(reports) >= self.count

    for count in (1, 4, 5, 9):
        with pytest.raises(CancelledError) as caught:
            collect_moments(
                tiny_gpt2, [1], open_texts(str(text)), PLAN, checkpoint=checkpoint,
                progress=lambda report: reports.append(report.step), stop=AfterSome(count),
            )  # fmt: skip
        assert "goes on from here" in caught.value.hint
    assert reports == sorted(set(reports))
    assert torch.equal(_sums(tiny_gpt2, text, checkpoint), expected)


_CHILD = """
import sys
from romebench.engine.checkpoint import Checkpoint
from romebench.engine.collect import Plan, collect_moments
from romebench.engine.loading import load_model
from romebench.engine.texts import open_texts
from pathlib import Path
model = load_model(sys.argv[1], device="cpu")
checkpoint = Checkpoint(Path(sys.argv[3]), {"what": "this"}, every_s=0.0)
def tell(report):
    print(report.step, flush=True)
collect_moments(model, [1], open_texts(sys.argv[2]), Plan(3000, 48, 256),
                checkpoint=checkpoint, progress=tell)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_collection_goes_on_to_the_same_bits(
    goldens: Path, text: Path, tmp_path: Path
) -> None:
    folder, kept = goldens / "models" / "gpt2", tmp_path / "c.safetensors"
    words = [sys.executable, "-c", _CHILD, str(folder), str(text), str(kept)]
    child = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert child.stdout is not None
    for _ in range(4):
        assert child.stdout.readline().strip().isdigit()
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    assert kept.is_file()
    model = load_model(str(folder), device="cpu")
    torch.set_num_threads(1)
    checkpoint = Checkpoint(kept, {"what": "this"})
    sums = MomentSums(model, [1])
    assert checkpoint.restore(sums, Convergence()) != State()
    assert 0 < sums.tokens < 3000
    assert torch.equal(_sums(model, text, checkpoint), _sums(model, text, None))


def test_the_checkpoint_of_another_collection_is_refused(
    tiny_gpt2: LoadedModel, text: Path, tmp_path: Path
) -> None:
    path = tmp_path / "c.safetensors"
    sums = MomentSums(tiny_gpt2, [1])
    Checkpoint(path, {"dataset": "a"}).write(sums, Convergence(), State())
    with pytest.raises(StatisticsError, match="its dataset is 'a', not 'b'"):
        _sums(tiny_gpt2, text, Checkpoint(path, {"dataset": "b"}))
    path.write_bytes(b"broken")
    with pytest.raises(StatisticsError, match="can't be read as a checkpoint"):
        _sums(tiny_gpt2, text, Checkpoint(path, {"dataset": "b"}))


def test_checkpoints_are_not_written_more_often_than_asked(
    tiny_gpt2: LoadedModel, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "c.safetensors", {}, every_s=3600)
    checkpoint.tick(MomentSums(tiny_gpt2, [1]), Convergence(), State())
    assert not checkpoint.path.exists()


def test_the_convergence_figure_is_the_change_of_c(tiny_gpt2: LoadedModel) -> None:
    """The estimate from 64 directions against the change itself."""
    sums, figure = MomentSums(tiny_gpt2, [1]), Convergence()
    name = tiny_gpt2.weight_name(1)
    generator = torch.Generator().manual_seed(3)
    sums.add(torch.randint(0, 879, (4, 32), generator=generator).tolist())
    figure.update(sums)
    before = sums.mean(name)
    sums.add(torch.randint(0, 879, (4, 32), generator=generator).tolist())
    figure.update(sums)
    after = sums.mean(name)
    exact = float((after - before).norm() / after.norm())
    assert figure.change == pytest.approx(exact, rel=0.15)


def test_no_text_is_named(tiny_gpt2: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(StatisticsError, match=r"empty.txt holds no text"):
        collect_moments(tiny_gpt2, [1], open_texts(str(tmp_path / "empty.txt")), PLAN)


def test_keys_that_are_not_finite_are_refused(tiny_gpt2: LoadedModel) -> None:
    with torch.no_grad():
        tiny_gpt2.model.get_submodule("transformer.h.1.mlp.c_fc").weight[0, 0] = float("inf")
    with pytest.raises(StatisticsError, match="is not finite"):
        MomentSums(tiny_gpt2, [1]).add([[5, 6, 7]])


def test_a_batch_takes_no_longer_than_it_must(tiny_gpt2: LoadedModel) -> None:
    """The pass ends at the highest layer: what lies above is never run."""
    above = tiny_gpt2.adapter.block(tiny_gpt2.model, 2)
    ran: list[float] = []
    handle = above.register_forward_hook(lambda *_: ran.append(time.perf_counter()))
    MomentSums(tiny_gpt2, [0, 1]).add([[5, 6, 7]])
    handle.remove()
    assert not ran
