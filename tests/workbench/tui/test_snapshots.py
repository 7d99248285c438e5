"""Pictures of every screen at three sizes, of a made-up session that is always the same."""

from __future__ import annotations

import pytest

from romebench.errors import StoreError
from romebench.store.records import QueueRecord, SessionSummary
from romebench.workbench.tui.tabs.edit import EditTab

SIZES = [(80, 24), (120, 36), (200, 50)]
STAMP = "2026-03-01T12:30:00.000000+00:00"
EDIT = "[LeBron James] plays the sport of => football"

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture
def picture(snap_compare, make_app, settle):
    """Compare the screen, after `keys` were pressed and lines sent, with the picture of it."""

    def compare(desk, size, *steps):
        app = make_app(desk)

        async def before(pilot):
            await settle(pilot)
            for step in steps:
                await step(app, pilot)
                await settle(pilot)

        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


def keys(*pressed):
    """Press keys."""

    async def step(app, pilot):
        await pilot.press(*pressed)
        await pilot.pause(0.1)

    return step


def line(text, *, enter=True):
    """Type a line, and send it."""

    async def step(app, pilot):
        app.workspace.line.focus()
        app.workspace.line.put(text)
        await pilot.pause(0.1)
        if enter:
            await pilot.press("enter")

    return step


@pytest.fixture
def worked(make_desk):
    """A session with a branch, a queue, and every verdict."""
    from dataclasses import replace

    desk = make_desk(steps=5)
    for step, verdict in enumerate(("ok", "ok", "warn", "collapsed"), 1):
        desk.records[step] = replace(desk.records[step], verdict=verdict)
    desk.cursor = 2
    desk._grow()
    desk.queue = tuple(
        QueueRecord(n, {"subject": subject, "target_new": target}, "requests.json")
        for n, subject, target in ((1, "Michael Jordan", "soccer"), (2, "Japan", "peso"))
    )
    return desk


@sizes
def test_welcome(picture, make_desk, size):
    assert picture(make_desk(), size)


@sizes
def test_session(picture, worked, size):
    assert picture(worked, size, line("The Eiffel Tower is located in"), line(EDIT), keys("alt+u"))


@sizes
def test_edit_tab(picture, worked, size):
    async def to_the_tab(app, pilot):
        app.workspace.open_tab("edit")
        await pilot.pause(0.1)
        app.screen.query_one(EditTab).scroll_home(animate=False)

    assert picture(worked, size, keys("escape", "down"), to_the_tab)


@sizes
def test_log_tab(picture, worked, size):
    async def to_the_tab(app, pilot):
        app.workspace.open_tab("log")

    assert picture(worked, size, to_the_tab)


@sizes
def test_typing_an_edit(picture, worked, size):
    assert picture(worked, size, line(EDIT, enter=False))


@sizes
def test_typing_a_command(picture, worked, size):
    assert picture(worked, size, line("/goto ", enter=False))


@sizes
def test_compare(picture, worked, size):
    assert picture(worked, size, line("The Eiffel Tower is located in"), keys("alt+c"))


@sizes
def test_edit_form(picture, worked, size):
    assert picture(worked, size, line(EDIT, enter=False), keys("alt+e"), keys("tab"))


@sizes
def test_help(picture, worked, size):
    assert picture(worked, size, keys("escape", "f1"))


@sizes
def test_palette(picture, worked, size):
    assert picture(worked, size, keys("ctrl+p"), keys(*"queue"), keys())


@sizes
def test_error(picture, worked, size):
    worked.raises = StoreError("the disk is full: /data/romebench.sqlite3", "make room, try again")
    assert picture(worked, size, line(EDIT))


@sizes
def test_light_theme(picture, worked, size):
    async def light(app, pilot):
        app.theme = "romebench-light"

    assert picture(worked, size, light, line(EDIT))


@sizes
def test_no_color(picture, worked, size, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(worked, size, line(EDIT))


@sizes
def test_sessions(picture, worked, size):
    worked.others = (
        SessionSummary("older", "gpt2-xl", "rome", 1204, 1204, "main", STAMP, STAMP, "collapsed"),
    )
    assert picture(worked, size)


@sizes
def test_sampling(picture, worked, size):
    assert picture(worked, size, keys("alt+t"))


@sizes
def test_jump(picture, worked, size):
    assert picture(worked, size, line("The Eiffel Tower", enter=False), keys("ctrl+o"))


@sizes
def test_high_contrast(picture, worked, size):
    async def contrast(app, pilot):
        app.theme = "romebench-contrast"

    assert picture(worked, size, contrast, line(EDIT))


@sizes
def test_export(picture, worked, size, monkeypatch):
    monkeypatch.chdir("/")
    assert picture(worked, size, keys("alt+x"))


@sizes
def test_branch(picture, worked, size):
    assert picture(worked, size, keys("alt+n"))


@sizes
def test_confirm(picture, worked, size):
    assert picture(worked, size, line("/queue clear"))


@sizes
def test_command_form(picture, worked, size):
    assert picture(worked, size, keys("ctrl+p"), keys(*"queueadd"), keys("enter"))


@sizes
def test_commands(picture, worked, size):
    assert picture(worked, size, line("/help"))
