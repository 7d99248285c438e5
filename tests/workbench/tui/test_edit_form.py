"""The forms: an edit, an export, a branch."""

from __future__ import annotations

from textual.widgets import Input

from romebench.workbench.tui.dialogs.edit_form import EditForm
from romebench.workbench.tui.dialogs.export import ExportDialog

EDIT = "[LeBron James] plays the sport of => football"
WIDE = (120, 36)


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
