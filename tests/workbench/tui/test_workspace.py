"""What the user does and what the screen then shows, over a desk in memory."""

from __future__ import annotations

import asyncio

from textual.widgets import Input, TabbedContent

from romebench.errors import ModelError, StoreError
from romebench.workbench.commands.registry import COMMANDS
from romebench.workbench.commands.results import SessionList
from romebench.workbench.tui.bottom.input_line import InputLine
from romebench.workbench.tui.dialogs.confirm import ConfirmDialog
from romebench.workbench.tui.dialogs.edit_form import EditForm
from romebench.workbench.tui.dialogs.error import ErrorDialog
from romebench.workbench.tui.dialogs.export import ExportDialog
from romebench.workbench.tui.side.history import HistoryList
from romebench.workbench.tui.tabs.cards import EditCard, MoveCard
from romebench.workbench.tui.tabs.edit import EditTab
from romebench.workbench.tui.tabs.welcome import ExampleList, Welcome
from romebench.workbench.tui.tabs.writing import Writing

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


async def test_letters_are_text_in_the_input_line_and_alt_letters_are_not(desk, make_app, settle):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("u", "r", "s", "S", "b", "x", "e", "c")
        await pilot.press("alt+r", "alt+s", "alt+q")
        await settle(pilot)
        assert app.workspace.line.value == "ursSbxec"
        assert desk.calls == []


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


async def test_generated_text_is_shown_literally(desk, make_app, settle, send, text):
    desk.written = [" [bold red]loud[/] ", "\x1b[31mred\x1b[0m", "\x07[link=x]", "\x9b2J"]
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await send(pilot, "Say something [odd]")
        seen = text(app)
        assert "[bold red]loud[/]" in seen
        assert "␛[31mred␛[0m" in seen
        assert "␇[link=x]" in seen
        assert "\x1b" not in seen
        assert "\x9b" not in seen


async def test_facts_with_markup_are_shown_literally(desk, make_app, settle, send, text, tab):
    record = desk.records[2]
    record.request.update(subject="[red]Tower[/]\x1b[2J", target_new="[b]Rome")
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("escape", tab["edit"])
        await settle(pilot)
        seen = text(app)
        assert "[red]Tower[/]␛[2J" in seen
        assert "[b]Rome" in seen


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


async def test_failures_are_dialogs_and_the_app_goes_on(desk, make_app, settle, send, text):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        desk.raises = StoreError("the disk is full", "make room")
        await send(pilot, EDIT)
        assert isinstance(app.screen, ErrorDialog)
        assert "the disk is full" in text(app)
        assert "make room" in text(app)
        await pilot.press("escape")
        desk.raises = ZeroDivisionError("[red]division")
        await send(pilot, EDIT)
        assert isinstance(app.screen, ErrorDialog)
        assert "ZeroDivisionError: [red]division" in text(app)
        assert "romebench.log" in text(app).replace("\n", "")
        await pilot.press("escape")
        await send(pilot, EDIT)
        assert desk.cursor == 3


async def test_usage_errors_are_told_without_a_dialog(make_desk, make_app, settle, send, text):
    desk = make_desk()
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await send(pilot, "/undo")
        assert app.screen is app.workspace
        assert "nothing to undo" in text(app)
        assert "nothing to undo" in next(iter(app._notifications)).message
        await send(pilot, "/undoo")
        assert "there is no command 'undoo'" in text(app)
        assert "did you mean undo?" in text(app)
        assert app.workspace.line.value == "/undoo"
        assert desk.calls == ["undo"]


async def test_a_model_that_cannot_be_loaded_leaves_the_app_usable(desk, make_app, settle, send):
    desk.load_raises = ModelError("no weights in 'x'", "choose another folder")
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, ErrorDialog)
        await pilot.press("escape")
        await send(pilot, "/undo")
        assert desk.cursor == 1


async def test_a_session_that_another_process_writes_to_is_read_only(desk, make_app, settle, text):
    from romebench.errors import SessionBusyError

    desk.busy, desk.writable = SessionBusyError("process 77 writes to 'study'", "close it"), False
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        seen = text(app)
        assert "read-only" in seen
        assert "process 77" in seen
        assert not desk.loaded
        await pilot.press("alt+u")
        await settle(pilot)
        assert desk.calls == []


async def test_destruction_asks_first(desk, make_app, settle, send):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await send(pilot, "/sessions delete study")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("enter")
        await settle(pilot)
        assert desk.calls == []
        await send(pilot, "/sessions delete study")
        await pilot.press("y")
        await settle(pilot)
        assert desk.calls == ["sessions delete"]


async def test_the_edit_form_checks_previews_and_edits(desk, make_app, settle, text):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("escape", "e")
        form = app.screen
        assert isinstance(form, EditForm)
        assert form.query_one("#edit").disabled
        form.query_one("#field-prompt", Input).value = "no hole"
        await pilot.pause()
        assert "exactly one {} is needed" in text(app)
        form.query_one("#field-prompt", Input).value = "{} plays the sport of"
        form.query_one("#field-subject", Input).value = "LeBron James"
        form.query_one("#field-target", Input).value = "football"
        await pilot.pause(0.1)
        await settle(pilot)
        assert "rank 12" in text(app)
        form.query_one("#field-target", Input).focus()
        await pilot.press("enter")
        await settle(pilot)
        assert app.screen is app.workspace
        assert desk.calls == ["edit"]


async def test_the_form_begins_with_what_is_typed(desk, make_app, settle):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.workspace.line.value = EDIT
        await pilot.press("alt+e")
        await pilot.pause()
        assert app.screen.query_one("#field-subject", Input).value == "LeBron James"
        assert app.screen.query_one("#field-prompt", Input).value == "{} plays the sport of"


async def test_export_asks_where_to_and_warns_of_a_file(
    desk, make_app, settle, tmp_path, monkeypatch, text
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.jsonl").write_text("there")
    seen = []
    original = desk.execute
    desk.execute = lambda asked, ears: (seen.append(asked), original(asked, ears))[1]
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("escape", "x")
        assert isinstance(app.screen, ExportDialog)
        await pilot.pause()
        assert "would be overwritten" in text(app)
        app.screen.query_one("#field-path", Input).value = "other.jsonl"
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert seen[0].command.name == "export"
        assert seen[0].params.to == "other.jsonl"
        assert not seen[0].params.force


async def test_a_branch_is_named_in_a_dialog(desk, make_app, settle):
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("escape", "b")
        field = app.screen.query_one("#field-name", Input)
        assert field.value == "main-2"
        field.value = "main"
        await pilot.pause()
        assert app.screen.query_one("#make").disabled
        field.value = "careful"
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert desk.branch == "careful"
        assert app.workspace.view.is_tree


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


async def test_a_result_that_cannot_be_drawn_is_told(desk, make_app, settle, send, monkeypatch):
    def broken(result):
        raise TypeError(f"no rendering for {type(result).__name__}")

    monkeypatch.setattr("romebench.workbench.tui.reporter.render", broken)
    app = make_app(desk)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await send(pilot, "/sessions list")
        assert isinstance(app.screen, ErrorDialog)
        await pilot.press("escape")
        await send(pilot, "/undo")
        assert desk.cursor == 1
