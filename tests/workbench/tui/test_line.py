"""The input line: what is typed, completed, remembered and sent."""

from __future__ import annotations

import asyncio

from textual.widgets import TabbedContent

from romebench.workbench.commands.registry import COMMANDS
from romebench.workbench.commands.results import SessionList
from romebench.workbench.tui.bottom.input_line import InputLine
from romebench.workbench.tui.dialogs.confirm import ConfirmDialog

EDIT = "[LeBron James] plays the sport of => football"
WIDE = (120, 36)


async def test_letters_are_text_in_the_input_line_and_alt_letters_are_not(desk, make_app, settle):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("u", "r", "s", "S", "b", "x", "e", "c")
        await pilot.press("alt+r", "alt+s", "alt+q")
        await settle(pilot)
        assert app.workspace.line.value == "ursSbxec"
        assert desk.calls == []


async def test_typing_an_edit_shows_its_tokens(desk, make_app, settle, text):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.workspace.line.value = "[LeBron James] plays"
        await pilot.pause()
        assert "=> what it should say" in text(app)
        app.workspace.line.value = "[LeBron James] plays the sport of =>"
        await pilot.pause()
        assert "now the target" in text(app)
        app.workspace.line.value = "[] plays the sport of => x"
        await pilot.pause()
        assert "the subject is empty" in text(app)
        app.workspace.line.value = EDIT
        await pilot.pause(0.1)
        await settle(pilot)
        assert "▸ James◂" in text(app)
        assert "rank 12" in text(app)
        app.workspace.line.value = ""
        await pilot.pause()
        assert "rank 12" not in text(app)


async def test_commands_complete_from_the_registry_and_from_the_session(
    desk, make_app, settle, text
):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        line = app.workspace.line
        await pilot.press("/", "u", "n")
        await pilot.press("tab")
        assert line.value == "/undo "
        line.value = "/goto "
        line.cursor_position = 6
        await pilot.pause()
        assert "Eiffel Tower → Rome" in text(app)
        await pilot.press("down", "enter")
        assert line.value == "/goto main "
        await pilot.press("escape")
        assert app.workspace.focused is not line


async def test_earlier_lines_come_back(desk, make_app, settle, send):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await send(pilot, "first words")
        await send(pilot, "/undo")
        app.workspace.line.value = "draft"
        await pilot.press("up")
        assert app.workspace.line.value == "/undo"
        await pilot.press("up")
        assert app.workspace.line.value == "first words"
        await pilot.press("down", "down")
        assert app.workspace.line.value == "draft"
    again = make_app(desk)
    async with again.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("up", "up")
        assert again.workspace.line.value == "first words"


async def test_own_words(desk, make_app, settle, send, text):
    app = make_app(desk)
    async with app.run_test(size=(120, 50)) as pilot:
        await settle(pilot)
        await send(pilot, "/help")
        assert "take back the last edit (or the last N)" in text(app)
        await pilot.press("escape")
        await send(pilot, "/help undo")
        assert "take back the last edit" in text(app).lower()
        await pilot.press("escape")
        await send(pilot, "/clear")
        assert not app.workspace.console.children
        await send(pilot, "/quit")
    assert app.return_code == 0


async def test_commands_switch_to_the_console_and_print_json_where_asked(
    desk, make_app, settle, send, text, tab
):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press(f"alt+{tab['log']}")
        assert app.screen.query_one(TabbedContent).active == "log-tab"
        await send(pilot, "/sessions list --json")
        assert app.screen.query_one(TabbedContent).active == "console-tab"
        assert '"result": "sessions"' in text(app)
        await send(pilot, "/sessions list --format csv")
        assert "name,model,rule" in text(app)
        await send(pilot, "/log -o log.txt")
        assert "the Console keeps nothing in files" in text(app)


async def test_every_command_is_reached_from_the_input_line(make_desk, make_app, settle, script):
    desk = make_desk(steps=3)
    seen = []
    desk.execute = lambda asked, ears: (seen.append(asked.command.name), SessionList((), None))[1]
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        # The script leaves out what takes an extra to run; to be understood it takes none.
        for line in (*script, "eval harness --tasks x"):
            app.workspace.post_message(InputLine.Sent("/" + line))
            await asyncio.sleep(0.02)
            if isinstance(app.screen, ConfirmDialog):
                await pilot.press("y")
        await settle(pilot)
    assert set(seen) == {command.name for command in COMMANDS}
