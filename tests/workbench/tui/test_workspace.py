"""What the user does and what the screen then shows, over a desk in memory."""

from __future__ import annotations

from textual.color import Color

from romebench.engine.progress import Progress
from romebench.workbench.commands.parsing import Invocation
from romebench.workbench.commands.results import Result
from romebench.workbench.tui.lane.desk import Ears
from romebench.workbench.tui.side.history import HistoryList
from romebench.workbench.tui.tabs.cards import EditCard, MoveCard
from romebench.workbench.tui.tabs.edit import EditTab
from romebench.workbench.tui.tabs.welcome import ExampleList, Welcome
from romebench.workbench.tui.tabs.writing import Writing

from .fake_desk import FakeDesk, step_record

EDIT = "[LeBron James] plays the sport of => football"
WIDE = (120, 36)


async def test_first_paint_comes_before_the_store_is_opened(make_desk, make_app, text):
    desk = make_desk(exists=False)
    opened = []
    original = desk.open
    desk.open = lambda: (opened.append(text(app)), original())[1]
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert "Write a fact" in text(app)


async def test_an_empty_session_offers_edits_to_try(make_desk, make_app, settle):
    app = make_app(make_desk())
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        examples = app.screen.query_one(ExampleList)
        assert examples.count >= 10
        await pilot.click(examples, offset=(30, 0))
        assert app.workspace.line.value == EDIT
        assert app.workspace.focused is app.workspace.line
        await pilot.press("tab")
        second = app.workspace.line.value
        assert "=>" in second
        assert second != EDIT
        app.workspace.line.value = ""
        await pilot.press("tab")
        assert app.workspace.line.value == EDIT


async def test_an_edit_shows_both_answers_and_figures(make_desk, make_app, settle, send, text):
    desk = make_desk()
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await send(pilot, EDIT)
        assert desk.calls == ["edit"]
        assert len(app.screen.query(EditCard)) == 1
        assert not app.screen.query(Welcome)
        seen = text(app)
        assert "basketball" in seen
        assert "football" in seen
        assert "0.018 % → 98.7 %" in seen
        assert "‖Δ‖/‖W₀‖ .081" in seen
        assert "uncalibrated" in seen
        assert "step 1/1 on main" in seen


async def test_the_bar_of_an_edit_has_the_colour_of_its_verdict(make_desk, make_app, settle, send):
    desk = make_desk()
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for verdict in ("ok", "warn", "collapsed"):
            desk.verdict = verdict
            await send(pilot, EDIT)
        colours = app.theme_variables
        bars = [card.styles.border_left[1].hex for card in app.screen.query(EditCard)]
        wanted = [colours[name] for name in ("success", "warning", "error")]
        assert bars == [Color.parse(name).hex for name in wanted]


async def test_undo_and_redo_by_letter_and_by_twin(desk, make_app, settle):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("alt+u")
        await settle(pilot)
        assert desk.cursor == 1
        assert app.workspace.line.value == ""
        await pilot.press("escape", "u")
        await settle(pilot)
        assert desk.cursor == 0
        assert app.workspace.view.cursor == 0
        await pilot.press("r")
        await settle(pilot)
        await pilot.press("ctrl+y")
        await settle(pilot)
        assert desk.cursor == 2
        assert len(app.screen.query(MoveCard)) == 4


async def test_going_to_a_step_by_keys_and_by_mouse(make_desk, make_app, settle):
    desk = make_desk(steps=4)
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("escape", "j", "j", "enter")
        await settle(pilot)
        assert desk.cursor == 2
        history = app.screen.query_one(HistoryList)
        await pilot.click(history, offset=(6, 1))
        await settle(pilot)
        assert history.step == 4
        assert desk.cursor == 2
        await pilot.click(history, offset=(6, 1))
        await settle(pilot)
        assert desk.cursor == 4


async def test_the_edit_tab_follows_the_highlight(make_desk, make_app, settle, text, tab):
    app = make_app(make_desk(steps=3))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("escape", "j")
        await pilot.pause(0.05)
        await settle(pilot)
        await pilot.press(tab["edit"])
        await pilot.pause()
        seen = text(app)
        assert "step 2" in seen
        assert "▸ James◂" in seen
        assert "P(target)" in seen
        app.screen.query_one(EditTab).scroll_end(animate=False)
        await pilot.pause()
        assert "clamped" in text(app)


class FittingDesk(FakeDesk):
    """Tells of four gradient steps of twenty, and waits for the gate to go on."""

    def execute(self, invocation: Invocation, ears: Ears) -> Result:
        if invocation.command.name == "edit":
            for n in range(4):
                figures = {**step_record(1, 0, 1).losses[n], "clamp_norm": 32.0}
                ears.progress(Progress("optimising v*", n + 1, 20, figures=figures))
        return super().execute(invocation, ears)


async def test_the_optimisation_is_seen_while_it_runs(tmp_path, make_app, settle, text, tab):
    desk = FittingDesk(tmp_path / "home", steps=1)
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        desk.gate.clear()
        app.workspace.line.value = EDIT
        await pilot.press("enter")
        for _ in range(200):
            await pilot.pause(0.02)
            if "optimising v*" in text(app):
                break
        await pilot.press(f"alt+{tab['edit']}")
        await pilot.pause(0.1)
        seen = text(app)
        assert "an edit is being computed" in seen
        assert "6.2 → 1.55" in seen, "the loss so far"
        assert "2.4 of 32" in seen, "‖δ‖ against the clamp"
        desk.gate.set()
        await settle(pilot)
        assert "an edit is being computed" not in text(app)
        assert "step 2" in text(app), "and then the step that came of it"


async def test_the_log_lists_operations_and_goes_back(make_desk, make_app, settle, text, tab):
    desk = make_desk(steps=3)
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("escape", tab["log"])
        await settle(pilot)
        assert "Steve Jobs → Microsoft" in text(app)
        await pilot.press("j", "enter")
        await settle(pilot)
        assert desk.cursor == 2


async def test_comparing_streams_both_sides(desk, make_app, settle, send):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await send(pilot, "The Eiffel Tower is located in")
        await pilot.press("alt+c")
        await settle(pilot)
        assert desk.calls == ["generate", "generate"]
        block = list(app.screen.query(Writing))[-1]
        assert [column.text for column in block.query("Column").results()] == [
            " the city of Paris."
        ] * 2


async def test_help_is_of_the_focused_pane_with_its_keys(desk, make_app, settle, text):
    app = make_app(desk)
    async with app.run_test(size=(120, 50)) as pilot:
        await settle(pilot)
        await pilot.press("f1")
        await pilot.pause()
        assert "Input line" in text(app)
        assert "Complete; in the empty line" in text(app)
        await pilot.press("escape", "escape", "f1")
        await pilot.pause()
        assert "steps of the session, newest first" in text(app)
        assert "Take back the last edit" in text(app)


async def test_a_screenshot_lands_in_the_current_folder(
    desk, make_app, settle, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("f8")
        assert "<svg" in next(tmp_path.glob("*.svg")).read_text()


async def test_the_chosen_theme_is_kept(desk, make_app, settle):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert app.theme == "romebench-dark"
        app.theme = "nord"
        await pilot.pause()
    assert make_app(desk).theme == "nord"


async def test_quitting_closes_the_desk(desk, make_app, settle):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+q")
    assert app.finish() == 0
    assert desk.closed
