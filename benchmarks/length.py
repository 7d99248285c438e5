"""Sessions at length on pocket: what each act costs as the history grows.

Real edits through a real store, with two gradient steps, the bare context and cheap vitals each, so
that thousands fit into minutes; everything else about a step (tokens, keys, solve, hash, commit) is
as always. What the full vitals add does not depend on the length (docs/watch.md).
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from romebench.engine.pocket import evaluation_set
from romebench.engine.request import EditRequest
from romebench.sessions.export import export_session
from romebench.sessions.live import LiveSession
from romebench.sessions.options import SessionOptions
from romebench.sessions.session import Session
from romebench.sessions.setup import attach_live, open_or_create
from romebench.store import Database, Repository


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _requests() -> list[EditRequest]:
    out = []
    for record in evaluation_set("test"):
        rewrite = record["requested_rewrite"]
        out.append(EditRequest(rewrite["prompt"], rewrite["subject"], rewrite["target_new"]["str"]))
    return out


def run(*, quick: bool) -> None:
    """Print the table: a row for each length."""
    marks = (10, 100, 300) if quick else (10, 100, 1000, 10_000)
    print("| steps | edit, ms | undo, ms | redo, ms | goto start and back, ms | log lines, ms "
          "| export, s | resume, s | store, KB a step | peak memory, MB |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite3"
        with Database.open(path) as database:
            repository = Repository(database)
            contexts = Path(folder) / "contexts.json"
            contexts.write_text('["{}"]', encoding="utf-8")
            options = SessionOptions(contexts=str(contexts), vitals="cheap")
            live = open_or_create(repository, "length", options)
            for mark in marks:
                live = _measure(repository, live, mark, path)
            live.close()


def _measure(repository: Repository, live: LiveSession, mark: int, path: Path) -> LiveSession:
    """Grow the session to `mark` steps and time each act there."""
    requests = _requests()
    hparams = replace(live.hparams, v_num_grad_steps=2)
    held = len(live.session.lines())
    edits = [
        _ms(lambda i=i: live.edit(requests[i % len(requests)], hparams=hparams))
        for i in range(held, mark)
    ]
    last = sorted(edits[-min(50, len(edits)) :])
    undo, redo = _ms(live.undo), _ms(live.redo)
    there = _ms(lambda: live.goto(1)) + _ms(lambda: live.goto(mark))
    log = _ms(lambda: repository.step_lines(live.session.record.id))
    export = _ms(lambda: export_session(repository, "length", path.parent / f"{mark}.jsonl"))
    model = live.model
    live.close()
    began = time.perf_counter()
    live = attach_live(Session.open(repository, "length"), model=model)
    resume = time.perf_counter() - began
    size = sum(f.stat().st_size for f in path.parent.glob("store.sqlite3*")) / 1024 / mark
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"| {mark:,} | {last[len(last) // 2]:.0f} | {undo:.0f} | {redo:.0f} | {there:.0f} "
        f"| {log:.1f} | {export / 1000:.2f} | {resume:.2f} | {size:.1f} | {peak:.0f} |",
        flush=True,
    )
    return live
