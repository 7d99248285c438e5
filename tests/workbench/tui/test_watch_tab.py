"""The Watch tab over a real store: what it draws, how it follows a session, where its keys go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TabbedContent

from romebench.sessions.watch.trail import Trail, Trails
from romebench.store.records import Intent, StepDraft
from romebench.workbench.bench import Bench
from romebench.workbench.commands.parsing import Invocation
from romebench.workbench.commands.results import Result, SessionList
from romebench.workbench.render.curves import Scale, Window, draw
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.conductor import invocation
from romebench.workbench.tui.lane.desk import Desk, Ears
from romebench.workbench.tui.messages import ViewChanged
from romebench.workbench.tui.tabs.watch import WatchTab

from .fake_desk import step_record
from .stores import StoreDesk, bench_at, calibrate, calm, look_at, ruin, tell, vitals

Make = Callable[[Desk], Workbench]


class WatchDesk(StoreDesk):
    """Remembers what was run, and can land a step as a run would."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.ran: list[Invocation] = []
        self.read: list[int] = []

    def execute(self, invocation: Invocation, ears: Ears) -> Result:
        self.ran.append(invocation)
        return SessionList((), "study")

    def trails(self, sessions: tuple[str, ...]) -> tuple[Trail, ...]:
        found = super().trails(sessions)
        self.read.append(len(found[0]))
        return found

    def land(self, rule: str = "r-rome", verdict: str = "warn") -> None:
        """Commit one more step to "study"."""
        repository = self._bench.repository
        record = repository.session("study")
        at = repository.cursor(record.id)
        step = step_record(at.step + 1, at.step, at.step + 1)
        draft = StepDraft(
            parent=at.step, branch=at.branch, request=step.request, rule=rule,
            hparams=step.hparams, weight_name=step.weight_name, weight_sha256="d" * 64,
            tokens={}, losses=(), diagnostics={}, vitals=vitals(at.step + 1, 1.2),
            verdict=verdict, verdict_reason="it is a little much", timings={}, delta=b"delta",
        )  # fmt: skip
        repository.begin(record.id, Intent("edit"))
        repository.commit_step(record.id, draft, command="edit", params={})


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_at(tmp_path / "home") as bench:
        tell(bench.repository, "other", 20, ruin, rule="rome")
        tell(bench.repository, "study", 30, ruin, cursor=12)
        calibrate(bench.paths.store)
        yield bench


@pytest.fixture
def desk(bench: Bench) -> WatchDesk:
    return WatchDesk(bench)


async def test_the_cursor_tells_each_step_and_enter_goes_there(
    desk: WatchDesk, make_app: Make, settle: Any, text: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await look_at(app, pilot, "watch")
        tab = app.screen.query_one(WatchTab)
        assert tab.drawn == ("perplexity_ratio", "weight_ratio", "key_ratio")
        assert tab.place == 29, "the whole branch, not the path"
        seen = text(app)
        assert "perplexity, × base" in seen
        assert "warn > 1.16" in seen, "limits come from the calibration"
        assert "edit 30 of 30 · step 30  ✖ collapsed" in seen
        assert "41% of 32 earlier" in seen, "the reason with its number"
        await pilot.press("home", "n")
        await pilot.pause()
        assert "edit 20 of 30 · step 20  ◐ warn" in text(app)
        await pilot.press("left", "left", "enter")
        await settle(pilot)
        asked = desk.ran[-1]
        assert (asked.command.name, asked.params.ref, asked.session) == ("goto", "18", None)
        await pilot.press("plus")
        await pilot.pause()
        axis = next(line for line in text(app).splitlines() if " edit 1" in line)
        assert "30" not in axis.split("edit")[1], "fewer steps are in sight"
        await pilot.press("0", "f")
        await pilot.pause()
        assert tab.drawn == ("in_force", "delta_ratio", "entropy_ratio")
        await pilot.click(WatchTab, offset=(9, 3))
        await pilot.pause()
        assert tab.place == 0, "a click moves the cursor"


async def test_the_limits_are_those_of_the_step_under_the_cursor(
    tmp_path: Path, make_app: Make, settle: Any, text: Any
) -> None:
    with bench_at(tmp_path / "mixed") as bench:
        tell(bench.repository, "study", 5)
        calibrate(bench.paths.store)
        desk = WatchDesk(bench)
        desk.land(rule="ft", verdict="uncalibrated")
        app = make_app(desk)
        async with app.run_test(size=(120, 36)) as pilot:
            await look_at(app, pilot, "watch")
            assert "edit 6 of 6" in text(app)
            assert "warn >" not in text(app), "no calibration was asked about this step"
            await pilot.press("left")
            await pilot.pause()
            assert "warn > 1.16" in text(app)
            await pilot.press("right")
            await pilot.pause()
            assert "warn >" not in text(app)


async def test_others_are_laid_over_it_with_marks_of_their_own(
    desk: WatchDesk, make_app: Make, settle: Any, text: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await look_at(app, pilot, "watch")
        await pilot.press("o")
        await settle(pilot)
        await pilot.press("space", "enter")
        await settle(pilot)
        seen = text(app)
        assert "▸● study r-rome · 30" in seen
        assert "▲ other rome · 20" in seen
        await pilot.press("home", "down")
        await pilot.pause()
        assert "▲ edit 1 of 20 · step 1" in text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert desk.ran[-1].session == "other", "Enter goes to the step in the session it is of"
        await pilot.press("end")
        await pilot.pause()
        assert "other ends at edit 20" in text(app)
        await pilot.press("v")
        await settle(pilot)
        await pilot.press("space", "down", "space", "enter")
        await pilot.pause()
        tab = app.screen.query_one(WatchTab)
        assert tab.drawn == ("key_ratio", "in_force", "delta_ratio"), "two were ticked off"


async def test_it_grows_with_a_run_and_reads_only_what_is_new(
    desk: WatchDesk, bench: Bench, make_app: Make, settle: Any, text: Any
) -> None:
    session = bench.repository.session("study")
    bench.repository.move_cursor(
        session.id, bench.repository.cursor(session.id).__class__("main", 30),
        command="goto", params={}, result={},
    )  # fmt: skip
    app = make_app(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await look_at(app, pilot, "watch")
        asked: list[int] = []
        read = bench.repository.vitals_since

        def since(session_id: int, step: int) -> Any:
            asked.append(step)
            return read(session_id, step)

        bench.repository.vitals_since = since  # type: ignore[method-assign]
        app.workspace.execute(invocation("run"))
        await settle(pilot)
        tab = app.screen.query_one(WatchTab)
        assert app.screen.query_one(TabbedContent).active == "watch-tab", "a run is seen here"
        asked.clear()
        for step in (31, 32):
            desk.land()
            app.workspace.post_message(ViewChanged(desk.view()))
            await settle(pilot)
            assert tab.place == step - 1, "a cursor at the end stays there"
        assert asked == [30, 31]
        assert "it is a little much" in text(app)
        await pilot.press("left")
        desk.land()
        app.workspace.post_message(ViewChanged(desk.view()))
        await settle(pilot)
        assert tab.place == 30, "elsewhere it stays where it is"


async def test_an_empty_session_says_what_makes_curves(
    tmp_path: Path, make_app: Make, settle: Any, text: Any
) -> None:
    with bench_at(tmp_path / "empty") as bench:
        tell(bench.repository, "study", 0)
        app = make_app(WatchDesk(bench))
        async with app.run_test(size=(80, 24)) as pilot:
            await look_at(app, pilot, "watch")
            assert "no step yet" in text(app)
            await pilot.press("o", "v", "escape", "n", "right", "enter", "plus")
            await settle(pilot)
            assert "no step yet" in text(app), "no key does harm"


def test_ten_thousand_steps_keep_their_spikes(tmp_path: Path) -> None:
    values = [calm(1 + n % 7) for n in range(10_000)]
    values[6_321] = 9.0
    window = Window(0, 9_999)
    drawn = draw([values], window, Scale.of(values), 60, 8)
    column = window.column(6_321, 120) // 2
    assert drawn.chars[0][column] != " ", "the spike reaches the top, in its own column"
    assert sum(char != " " for char in drawn.chars[0]) == 1


def test_a_gap_in_the_figures_is_a_gap_in_the_curve() -> None:
    values = [1.0, 1.0, None, 1.0, 1.0]
    drawn = draw([values], Window(0, 4), Scale(0.0, 2.0), 20, 3)
    row = "".join(drawn.chars[1])
    assert row[0] != " "
    assert row[9:11] == "  "
    assert row[19] != " "


def test_a_trail_follows_its_branch_after_an_undo(bench: Bench) -> None:
    trail = Trails().follow(bench.repository, "study")
    assert [point.step for point in trail.points] == list(range(1, 31)), "steps ahead stay in sight"
    assert trail.figure("perplexity_ratio")[0] == calm(1)
    assert trail.figure("in_force")[0] is None
    assert trail.limits_at(0)["perplexity_ratio"].collapsed == pytest.approx(1.486, abs=1e-3)
