"""The dialogs for sessions, sampling and files, jump mode, copying, and the editor."""

from __future__ import annotations

from textual.widgets import DirectoryTree, Input

from romebench.store.records import SessionSummary
from romebench.workbench.tui.dialogs.command_form import CommandForm
from romebench.workbench.tui.dialogs.confirm import ConfirmDialog
from romebench.workbench.tui.dialogs.paths import PathDialog
from romebench.workbench.tui.dialogs.sampling import SamplingDialog
from romebench.workbench.tui.dialogs.sessions import SessionsDialog
from romebench.workbench.tui.jump import JumpOverlay
from romebench.workbench.tui.side.history import HistoryList

EDIT = "[LeBron James] plays the sport of => football"
STAMP = "2026-03-01T12:30:00.000000+00:00"
OTHER = SessionSummary("older", "gpt2-xl", "rome", 1204, 1204, "main", STAMP, STAMP, "collapsed")


def seen_by(desk):
    """What the desk is asked to run, with its parameters."""
    seen = []
    original = desk.execute
    desk.execute = lambda asked, ears: (seen.append(asked), original(asked, ears))[1]
    return seen


async def test_several_sessions_are_listed_at_the_start(desk, make_app, settle, text):
    desk.others = (OTHER,)
    asked = seen_by(desk)
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, SessionsDialog)
        assert "older" in text(app)
        assert "1,204" in text(app)
        assert "✖ collapsed" in text(app)
        await pilot.press("j", "d")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("n", "r")
        form = app.screen
        assert isinstance(form, CommandForm)
        assert form.query_one("#field-name", Input).value == "older"
        await pilot.press("escape")
        await pilot.press("enter")
        await settle(pilot)
        assert app.screen is app.workspace
        assert [(each.command.name, each.params.name) for each in asked] == [
            ("sessions open", "older")
        ]
        await pilot.press("escape", "o", "n")
        assert isinstance(app.screen, CommandForm)


async def test_one_session_or_a_named_one_begins_in_the_console(desk, make_app, settle):
    desk.others, desk.named = (OTHER,), True
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert app.screen is app.workspace
        assert app.workspace.focused is app.workspace.line


async def test_sampling_is_shown_while_typing_and_changed(desk, make_app, settle, text):
    asked = seen_by(desk)
    app = make_app(desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("h", "e")
        assert "40 tokens · temperature 1 · top-k 5" in text(app)
        await pilot.press("alt+t")
        assert isinstance(app.screen, SamplingDialog)
        app.screen.query_one("#field-temperature", Input).value = "-1"
        await pilot.pause()
        assert "above 0, or use greedy" in text(app)
        assert app.screen.query_one("#use").disabled
        app.screen.query_one("#field-temperature", Input).value = "0.5"
        app.screen.query_one("#field-seed", Input).value = "11"
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert "temperature 0.5 · top-k 5 · seed 11" in text(app)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("alt+T", "h", "o", "enter")
        await settle(pilot)
        first, second = (each.params for each in asked)
        assert (first.temperature, first.seed, first.greedy) == (0.5, 11, False)
        assert second.greedy


async def test_a_file_is_chosen_by_typing_and_in_the_tree(
    desk, make_app, settle, text, tmp_path, monkeypatch
):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "facts.jsonl").write_text("")
    (tmp_path / "notes.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    asked = seen_by(desk)
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("escape", "a")
        dialog = app.screen
        assert isinstance(dialog, PathDialog)
        await pilot.press("s", "u")
        await pilot.pause(0.1)
        await pilot.press("right")
        assert dialog.query_one("#field-path", Input).value == "sub/"
        assert dialog.query_one("#take").disabled
        await pilot.press("enter")
        tree = dialog.query_one(DirectoryTree)
        await settle(pilot)
        assert app.focused is tree
        assert "facts.jsonl" in text(app)
        assert "notes.txt" not in text(app)
        await pilot.press("j", "enter")
        await pilot.pause()
        assert dialog.query_one("#field-path", Input).value == "sub/facts.jsonl"
        await pilot.press("enter")
        await settle(pilot)
        assert [(each.command.name, each.params.file) for each in asked] == [
            ("queue add", "sub/facts.jsonl")
        ]


async def test_jumping_and_copying(desk, make_app, settle, send, monkeypatch):
    app = make_app(desk)
    copied = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await send(pilot, "The Eiffel Tower is in")
        await pilot.press("alt+y", "escape", "j")
        await pilot.pause(0.05)
        await settle(pilot)
        await pilot.press("y", "Y")
        assert copied[0] == "The Eiffel Tower is in the city of Paris."
        assert copied[1] == EDIT
        assert copied[2].startswith('{"type": "step", ')
        assert '"weight_sha256": ' in copied[2]
        assert "copied: the export line of step 1" in {each.title for each in app._notifications}
        await pilot.press("ctrl+o")
        overlay = app.screen
        assert isinstance(overlay, JumpOverlay)
        letters = {str(each.widget.id): key for key, each in overlay._targets.items()}
        await pilot.press(letters["--content-tab-log-tab"])
        await settle(pilot)
        assert app.workspace.active_tab == "log"
        await pilot.press("ctrl+o", letters["line"])
        assert app.workspace.focused is app.workspace.line
        await pilot.press("ctrl+o", "escape", "ctrl+o", letters["history"])
        assert app.workspace.focused is app.screen.query_one(HistoryList)
        await pilot.press("l")
        assert app.workspace.focused.id == "log"
        await pilot.press("y", "h")
        assert "edit" in copied[3]
        assert app.workspace.focused.id == "history"


async def test_an_editor_that_cannot_be_had_is_told(desk, make_app, settle, monkeypatch):
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("h", "f4")
        await pilot.pause()
        assert app.workspace.line.value == "h"
        assert "editor" in next(iter(app._notifications)).title
        monkeypatch.setattr(
            "romebench.workbench.tui.editor.edited", lambda app, was: f"{was}ello\nthere"
        )
        await pilot.press("f4")
        await settle(pilot)
        assert desk.calls == ["generate"]
        assert app.workspace.last_prompt == "hello\nthere"
        assert app.workspace.line.value == ""
