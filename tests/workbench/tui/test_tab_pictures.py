"""Pictures of the Watch, Retention and Eval tabs at three sizes, of made-up sessions."""

from __future__ import annotations

import pytest

from .stores import (
    StoreDesk,
    bench_at,
    calibrate,
    calm,
    evaluation,
    look_at,
    retention,
    ruin,
    tell,
)

SIZES = [(80, 24), (120, 36), (200, 50)]

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture
def picture(tmp_path, snap_compare, make_app, settle, monkeypatch):
    """Compare a tab, after some keys, with the picture of it."""
    monkeypatch.setattr("romebench.store.sessions.utc_now", lambda: "2026-03-01T12:30:00.000000Z")
    with bench_at(tmp_path / "home") as bench:
        tell(bench.repository, "study-rome", 30, ruin, rule="rome")
        evaluation(bench.repository, "pocket-counterfact", 20, 12)
        columns = retention(40, 4, all_scores=True)
        tell(bench.repository, "study", 40, calm, measurements=columns, cursor=25)
        calibrate(bench.paths.store)
        bench.use("study")
        app = make_app(StoreDesk(bench))

        def compare(size, tab, *keys):
            async def before(pilot):
                await look_at(app, pilot, tab)
                for key in keys:
                    await pilot.press(key)
                    await settle(pilot)

            return snap_compare(app, terminal_size=size, run_before=before)

        yield compare


@sizes
def test_watch(picture, size):
    assert picture(size, "watch", "o", "down", "space", "enter", "down", "home", "n", "right")


@sizes
def test_retention(picture, size):
    assert picture(size, "retention", "up", "down", "down", "left")


@sizes
def test_eval(picture, size):
    deeper = ("down", "enter") if size == SIZES[2] else ()
    assert picture(size, "eval", "enter", *deeper)
