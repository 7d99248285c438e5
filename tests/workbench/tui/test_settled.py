"""Old entries of the console: their text stays, their widgets go."""

from __future__ import annotations

import pytest
from rich.table import Table
from textual.widgets import Static

from romebench.workbench.commands.typed import Intention
from romebench.workbench.tui.tabs import console as module
from romebench.workbench.tui.tabs.blocks import Block, Note
from romebench.workbench.tui.tabs.cards import EditCard
from romebench.workbench.tui.tabs.console import LIVE_BLOCKS, MOST_BLOCKS
from romebench.workbench.tui.tabs.settled import Settled

EDIT = "[LeBron James] plays the sport of => football"


async def fill(pilot, console, count, start=0):
    for number in range(start, start + count):
        console.note(f"remark {number}", "what to do about it")
        if number % 40 == 0:
            await pilot.pause(0.05)
    await pilot.pause(0.1)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_an_edit_settles_with_all_it_says(make_desk, make_app, settle, send, text, size):
    desk = make_desk()
    app = make_app(desk)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await send(pilot, EDIT)
        console = app.workspace.console
        await fill(pilot, console, LIVE_BLOCKS - 4)
        before = await top(app, pilot, settle, text)
        assert console.query(EditCard)
        height = console.virtual_size.height
        await fill(pilot, console, LIVE_BLOCKS)
        after = await top(app, pilot, settle, text)
        assert not console.query(EditCard)
        assert console.query(Settled)
        assert console.virtual_size.height == height + 3 * LIVE_BLOCKS
        at = next(i for i, line in enumerate(before) if "step 1 on main" in line)
        for line in before[at : at + 12]:
            assert line in after, "nothing of the card has moved sideways or gone"


async def top(app, pilot, settle, text):
    """The first lines of the console."""
    await settle(pilot)
    app.workspace.console.anchor(False)
    app.workspace.console.scroll_home(animate=False)
    await pilot.pause()
    return [line.split("││", 1)[-1][:50].rstrip() for line in text(app).splitlines()]


async def test_widgets_do_not_grow_with_the_day_and_the_oldest_entries_go(
    make_desk, make_app, settle
):
    app = make_app(make_desk())
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        console = app.workspace.console
        await fill(pilot, console, 100)
        await settle(pilot)
        early = len(app.screen.query("*"))
        await fill(pilot, console, 2 * MOST_BLOCKS, start=100)
        await settle(pilot)
        assert len(app.screen.query("*")) < early + 20
        kept = sum(map(len, console.query(Settled))) + len(console.query(Block))
        assert MOST_BLOCKS - 25 < kept <= MOST_BLOCKS
        first = console.query(Settled).first().lines(60)[0].plain
        assert first == f"▌ remark {100 + 2 * MOST_BLOCKS - kept}"
        assert len(console.query(Note)) == LIVE_BLOCKS


async def test_what_goes_on_does_not_settle(make_desk, make_app, settle, text):
    app = make_app(make_desk())
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        console = app.workspace.console
        console.write(7, "LeBron James", compare=False, at="cursor", step=0)
        await fill(pilot, console, LIVE_BLOCKS + 5)
        await settle(pilot)
        writing = console.writing(7)
        assert writing is not None
        writing.stop("stopped")
        await fill(pilot, console, 1)
        await settle(pilot)
        assert console.writing(7) is None
        copied = console.copied()
        assert copied is not None
        assert copied.text == "LeBron James", "what was settled can be copied all the same"


async def test_a_table_settles_as_it_was_drawn(make_desk, make_app, settle, text, monkeypatch):
    monkeypatch.setattr(module, "LIVE_BLOCKS", 2)
    app = make_app(make_desk())
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        table = Table("name", "share")
        table.add_row("[red]markup[/]", "0.5")
        app.workspace.console.echo("/models list", Intention.COMMAND)
        app.workspace.console.report(table)
        await settle(pilot)
        drawn = app.screen.query(".-report Static").first(Static)
        rows = [line.text.rstrip() for line in drawn.render_lines(drawn.size.region)]
        await fill(pilot, app.workspace.console, 4)
        await settle(pilot)
        settled = app.screen.query(Settled).first()
        lines = [line.plain.removeprefix("▌ ").rstrip() for line in settled.lines(80)]
        assert lines[0] == "/ models list"
        assert [line for line in lines[1:] if line][: len(rows)] == [row for row in rows if row]
