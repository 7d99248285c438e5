"""What goes wrong is told, loses nothing, and leaves a live screen."""

from __future__ import annotations

from romebench.errors import ModelError, StoreError
from romebench.workbench.tui.dialogs.confirm import ConfirmDialog
from romebench.workbench.tui.dialogs.error import ErrorDialog

EDIT = "[LeBron James] plays the sport of => football"
WIDE = (120, 36)


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
