"""What the docs tell a user to run, runs."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from romebench.engine.request import parse_typed
from romebench.sessions.export import export_session
from romebench.sessions.options import SessionOptions
from romebench.sessions.setup import open_or_create
from romebench.store import Database, Repository

ROOT = Path(__file__).parents[2]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_hash_check_of_the_export_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks("docs/export.md", "python")
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


@pytest.mark.parametrize("page", [*sorted(p.name for p in (ROOT / "docs").glob("*.md")), "README"])
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / "README.md" if page == "README" else ROOT / "docs" / page
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{page} links to {target}"
