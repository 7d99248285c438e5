"""The screen goes on while the lane is busy, and a busy lane can be told to stop."""

from __future__ import annotations

from textual.widgets import TabbedContent

from romebench.workbench.tui.side.history import HistoryList

EDIT = "[LeBron James] plays the sport of => football"


async def test_keys_act_while_a_command_runs(desk, make_app, settle, text, tab):
    desk.gate.clear()
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.workspace.line.value = EDIT
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert app.bridge.running.label == "edit"
        assert "esc cancels" in text(app)
        await pilot.press("h", "i", f"alt+{tab['log']}")
        assert app.workspace.line.value == "hi"
        assert app.screen.query_one(TabbedContent).active == "log-tab"
        # All this was seen while the command stood still in the lane.
        assert app.bridge.running.label == "edit"
        assert desk.cursor == 2
        desk.gate.set()
        await settle(pilot)
        assert desk.cursor == 3


async def test_commands_wait_their_turn(desk, make_app, settle):
    desk.gate.clear()
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("alt+u", "alt+u")
        await pilot.pause(0.05)
        assert app.bridge.waiting == 1
        assert desk.calls == ["undo"]
        desk.gate.set()
        await settle(pilot)
        assert desk.calls == ["undo", "undo"]
        assert desk.cursor == 0


async def test_escape_cancels_what_runs(desk, make_app, settle, text):
    desk.gate.clear()
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.workspace.line.value = EDIT
        await pilot.press("enter")
        await pilot.pause(0.05)
        await pilot.press("escape")
        await settle(pilot)
        app.workspace.line.value = EDIT
        await pilot.press("enter")
        await pilot.pause(0.05)
        await pilot.press("ctrl+c")
        await settle(pilot)
        assert desk.cursor == 2
        assert "edit was cancelled" in text(app)
        assert app.workspace.focused is app.workspace.line
        desk.gate.set()
        await pilot.press("escape")
        assert app.workspace.focused is app.screen.query_one(HistoryList)


async def test_a_preview_never_waits_in_front_of_work(desk, make_app, settle, text):
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        desk.gate.clear()
        await pilot.press("alt+u")
        app.workspace.line.value = EDIT
        await pilot.pause(0.4)
        assert app.bridge.running.label == "undo"
        assert app.bridge.waiting == 0
        desk.gate.set()
        await settle(pilot)
        await settle(pilot)
        assert "rank 12" in text(app)


async def test_quitting_while_a_command_runs_stops_it(desk, make_app, settle):
    desk.gate.clear()
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("alt+u")
        await pilot.press("ctrl+q")
    # The command would wait for its gate for ever: that the end comes is that it was stopped.
    assert app.finish() == 0
    assert desk.closed
    assert desk.cursor == 2
