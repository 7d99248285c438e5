"""The TUI over the real store, engine and pocket model: the first minute, and every command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.dialogs.error import ErrorDialog
from romebench.workbench.tui.lane.desk import Desk
from romebench.workbench.tui.tabs.cards import EditCard


@pytest.fixture
def bench(own_home: Path) -> Iterator[Bench]:
    """A bench on the test's own home."""
    with Bench(Paths.discover()) as made:
        yield made


async def test_the_first_minute(
    bench, make_app, settle, send, text, tmp_path, monkeypatch, requests_file
):
    """Edit, see the answer change, undo, redo, export; then come back to it."""
    monkeypatch.chdir(tmp_path)
    app: Workbench = make_app(Desk(bench))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot, 240)
        assert app.workspace.view.status.loaded
        await pilot.press("tab")
        await pilot.pause(0.4)
        await settle(pilot)
        assert "P(football)" in text(app)
        await pilot.press("enter")
        await settle(pilot, 240)
        card = app.screen.query_one(EditCard)
        vitals = card.result.step.vitals
        assert vitals["efficacy"]
        assert vitals["prob_new_before"] < 0.5 < vitals["prob_new"]
        seen = text(app)
        assert "basketball" in seen
        assert "✔ the model says it" in seen
        edited = card.result.step.weight_sha256
        await pilot.press("alt+u")
        await settle(pilot)
        assert app.workspace.view.cursor == 0
        await pilot.press("alt+r")
        await settle(pilot)
        assert app.workspace.view.cursor == 1
        await send(pilot, "LeBron James plays the sport of")
        assert "football" in text(app)
        await send(pilot, f"[{'very ' * 300}long] plays => football")
        assert "tokens" in text(app)
        assert app.workspace.view.status.total == 1
        app.workspace.console.clear()
        for line in ("/log", "/show 1", "/queue add " + str(requests_file), "/sessions verify"):
            await send(pilot, line)
        assert not list(app.workspace.console.query("Note.-error"))
        assert len(app.workspace.view.queue) == 2
        await pilot.press("alt+x")
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
    lines = [json.loads(line) for line in (tmp_path / "pocket.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["type"] == "step"]
    assert [step["weight_sha256"] for step in steps] == [edited]
    app.finish()
    again: Workbench = make_app(Desk(bench))
    async with again.run_test(size=(120, 40)) as pilot:
        await settle(pilot, 240)
        assert "session 'pocket' with 1 step" in text(again)
        assert again.workspace.view.cursor == 1


async def test_a_store_that_is_none_leaves_the_app_usable(bench, make_app, settle, text):
    bench.paths.store.parent.mkdir(parents=True, exist_ok=True)
    bench.paths.store.write_text("this is no database, but long enough to be taken for one" * 40)
    app: Workbench = make_app(Desk(bench))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, ErrorDialog)
        await pilot.press("escape")
        app.workspace.line.value = "/where"
        await pilot.press("enter")
        await settle(pilot)
        assert "romebench.sqlite3" in text(app).replace("\n", "")
