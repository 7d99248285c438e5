"""What the docs tell a user to run, runs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from romebench.engine.request import parse_typed
from romebench.sessions.export import export_session
from romebench.sessions.options import SessionOptions
from romebench.sessions.setup import open_or_create
from romebench.sessions.ways import find_method
from romebench.store import Database, Repository

ROOT = Path(__file__).parents[2]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_hash_check_of_the_export_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _ = blocks("docs/export.md", "python")
    with Database.open(tmp_path / "store.sqlite3") as database:
        repository = Repository(database)
        with open_or_create(repository, "snippet", SessionOptions()) as live:
            few = replace(live.hparams, v_num_grad_steps=2)
            live.edit(parse_typed("[LeBron James] plays the sport of => football"), hparams=few)
            live.edit(parse_typed("[Steve Jobs] was the founder of => Microsoft"), hparams=few)
            weights = Path(str(live.model.path)) / "model.safetensors"
        export_session(repository, "snippet", tmp_path / "record.jsonl")
    shutil.copyfile(weights, tmp_path / "model.safetensors")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/export.md", "exec"), {})
    text = (tmp_path / "record.jsonl").read_text()
    hash_of_two = re.findall(r'"weight_sha256": ?"([0-9a-f]{64})"', text)[-1]
    (tmp_path / "record.jsonl").write_text(text.replace(hash_of_two, "0" * 64))
    with pytest.raises(AssertionError):
        exec(compile(code, "docs/export.md", "exec"), {})


def test_the_hash_of_fine_tuned_steps_by_the_export_page(tmp_path: Path) -> None:
    """From the model's own file and the export, with nothing of romebench's or torch's."""
    _, code = blocks("docs/export.md", "python")
    page: dict[str, Any] = {"np": np}
    exec(compile(code, "docs/export.md", "exec"), page)
    with Database.open(tmp_path / "store.sqlite3") as database:
        repository = Repository(database)
        with open_or_create(repository, "snippet", SessionOptions()) as live:
            for text, method in (
                ("[LeBron James] plays the sport of => football", "ft-l"),
                ("[Steve Jobs] was the founder of => Microsoft", "ft-attn"),
            ):
                live.edit(parse_typed(text), way=find_method(method, None, "pocket"))
            base = safetensors.numpy.load_file(Path(str(live.model.path)) / "model.safetensors")
        export_session(repository, "snippet", tmp_path / "record.jsonl")
    lines = [json.loads(x) for x in (tmp_path / "record.jsonl").read_text("utf-8").splitlines()]
    steps = {line["step"]: line for line in lines if line["type"] == "step"}
    held: dict[str, np.ndarray] = {}
    for line in (line for line in lines if line["type"] == "delta"):
        weight = line["weight_name"]
        bias = weight.removesuffix("weight") + "bias"
        held.setdefault(weight, base[weight].T.astype(np.float32))
        held.setdefault(bias, base[bias].astype(np.float32))
        fine_tune(held[weight], held[bias], base64.b64decode(line["data"]), page["adam"])
        assert sha256(held) == steps[line["step"]]["weight_sha256"]
    assert len(held) == 4


def fine_tune(weight: np.ndarray, bias: np.ndarray, data: bytes, adam: Callable[..., None]) -> None:
    """What the page says beside its code, in place."""
    parts = safetensors.numpy.load(data)
    at_outputs, (lr, decay, limit) = parts["gradients"], parts["adam"].tolist()
    outer = [sum_of(g[:, :, None] * parts["inputs"][:, None, :]) for g in at_outputs]
    adam(weight, outer, lr, decay, limit)
    if parts["has_bias"]:
        adam(bias, [sum_of(g) for g in at_outputs], lr, decay, limit)


def sum_of(parts: np.ndarray) -> np.ndarray:
    """In the order of the positions: numpy's own sum adds pairwise."""
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


def sha256(held: dict[str, np.ndarray]) -> str:
    hashed = hashlib.sha256()
    for name in sorted(held):
        shape = " ".join(map(str, held[name].shape))
        hashed.update(f"{name} float32 {shape}\n".encode())
        hashed.update(np.ascontiguousarray(held[name], dtype="<f4").tobytes())
    return hashed.hexdigest()


@pytest.mark.parametrize("page", [*sorted(p.name for p in (ROOT / "docs").glob("*.md")), "README"])
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / "README.md" if page == "README" else ROOT / "docs" / page
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{page} links to {target}"
