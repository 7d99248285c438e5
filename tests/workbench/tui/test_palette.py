"""The palette: every command is reachable, by "noun: verb", and only where it makes sense."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from romebench.store.records import QueueRecord
from romebench.workbench.commands.registry import COMMANDS, find
from romebench.workbench.commands.spec import fields_of
from romebench.workbench.tui.dialogs.command_form import CommandForm
from romebench.workbench.tui.palette import applies, asks, title


@pytest.fixture
def full(make_desk):
    """A session in whose middle everything is possible."""
    desk = make_desk(steps=3)
    desk.cursor = 2
    desk.queue = (QueueRecord(1, {"subject": "a", "target_new": "b"}, "file"),)
    return desk.view()


def test_every_command_is_in_the_palette_under_its_own_name(full):
    titles = [title(command) for command in COMMANDS if applies(command, full)]
    assert len(titles) == len(set(titles)) == len(COMMANDS)
    assert all(": " in each for each in titles)
    assert title(find("undo")) == "history: undo"
    assert title(find("sessions rename")) == "session: rename…"
    assert title(find("queue add")) == "queue: add…"


def test_what_makes_no_sense_is_not_offered(make_desk):
    at_tip = make_desk(steps=1).view()
    assert applies(find("undo"), at_tip)
    assert not applies(find("redo"), at_tip)
    assert not applies(find("step"), at_tip)
    assert not applies(find("queue clear"), at_tip)
    empty = make_desk().view()
    assert not applies(find("undo"), empty)
    assert not applies(find("show"), empty)
    assert not applies(find("undo"), None)
    assert applies(find("edit"), None)
    assert applies(find("sessions list"), None)


def test_commands_that_need_something_ask_for_it():
    for command in COMMANDS:
        if any(spec.required for spec in fields_of(command.params)):
            assert asks(command)


async def test_the_palette_finds_and_runs(desk, make_app, settle, text):
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        await pilot.press(*"history: ")
        await pilot.pause(0.3)
        assert "history: undo" in text(app)
        assert "history: redo" not in text(app)
        await pilot.press(*"undo")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await settle(pilot)
        assert desk.calls == ["undo"]


FORMS = [
    command
    for command in COMMANDS
    if asks(command) and command.name not in ("edit", "branch", "export", "generate")
]


@pytest.mark.parametrize("command", FORMS, ids=lambda command: command.name)
def test_a_form_has_a_field_for_every_parameter(command):
    form = CommandForm(command)
    names = {spec.name for spec in form._specs}
    assert {spec.name for spec in fields_of(command.params)} <= names


async def test_a_form_is_checked_by_the_command_lines_parser(desk, make_app, settle, text):
    app = make_app(desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.workspace.choose(find("queue add"))
        await pilot.pause()
        form = app.screen
        assert isinstance(form, CommandForm)
        await pilot.press("enter")
        await pilot.pause()
        assert "missing argument" in text(app).lower()
        form.query_one("#field-file", Input).value = "-odd name.json"
        form.query_one("#field-limit", Input).value = "x"
        await pilot.press("enter")
        await pilot.pause()
        assert "not a valid integer" in text(app)
        form.query_one("#field-limit", Input).value = "3"
        seen = []
        original = desk.execute
        desk.execute = lambda asked, ears: (seen.append(asked.params), original(asked, ears))[1]
        await pilot.press("enter")
        await settle(pilot)
        assert (seen[0].file, seen[0].limit) == ("-odd name.json", 3)


async def test_commands_without_questions_run_at_once(desk, make_app, settle):
    names = ["undo", "replay", "sessions list", "where", "doctor", "log"]
    app = make_app(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for name in names:
            app.workspace.choose(find(name))
        await settle(pilot)
        assert desk.calls == names


async def test_a_form_suggests_what_the_session_has(desk, make_app, settle):
    app = make_app(desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.workspace.choose(find("goto"))
        await pilot.pause()
        await pilot.press("m", "a")
        await pilot.pause(0.1)
        await pilot.press("right", "enter")
        await settle(pilot)
        assert desk.calls == ["goto"]
