"""Draw the workbench's screens for the documentation: `python docs/workbench_pictures.py [FOLDER]`.

One home with a few edits of pocket, and one with the two examples that ship with the package and a
short evaluation. `tests/docs/test_pictures.py` draws them again and compares.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot
from textual.screen import ModalScreen

from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.lane.desk import Desk

PICTURES = Path(__file__).parent / "pictures"
LOOK_S = 0.6
"""How long nothing happens before a picture is taken: panes wait for the user to come to rest."""

FACT = "[LeBron James] plays the sport of"
PROMPT = "LeBron James plays the sport of"


@dataclass(frozen=True)
class Shot:
    """A picture, and how to come to it from the one before.

    Attributes:
        name: Its file below the pictures, without the ending.
        lines: What is typed into the input line.
        tab: The tab to open; None stays where it is.
        keys: What is pressed then.
    """

    name: str
    lines: tuple[str, ...] = ()
    tab: str | None = None
    keys: tuple[str, ...] = ()


EDITS = (
    Shot(
        "workbench",
        (
            "[Steve Jobs] was the founder of => Microsoft",
            "/undo",
            "The capital of [Poland] is => Paris",
            f"{FACT} => football",
        ),
    ),
    Shot("tabs/console", (f'/generate "{PROMPT}" --compare --greedy -n 24',)),
    Shot("tabs/lens", tab="lens"),
    Shot("tabs/trace", tab="trace"),
    Shot("tabs/edit", tab="edit"),
    Shot("tabs/log", tab="log"),
    Shot("edit-form", (f"{FACT} => tennis",), keys=("alt+e",)),
)
EXAMPLES = (
    Shot(
        "tabs/watch",
        (
            "/import contrast-r-rome",
            "/import contrast-rome",
            "/eval counterfact pocket -n 5 --skip-generation --name pocket-counterfact",
            "/sessions open contrast-rome",
            "/retention --every 2",
        ),
        tab="watch",
        keys=("o", "down", "space", "enter", "home", "n"),
    ),
    Shot("tabs/retention", tab="retention", keys=("up", "left")),
    Shot("tabs/eval", tab="eval", keys=("enter",)),
    Shot("sessions", keys=("alt+o",)),
)


async def draw(shots: Sequence[Shot], folder: Path) -> None:
    """Do in a new home what the shots say, and take a picture after each."""
    with tempfile.TemporaryDirectory() as home, Bench(Paths.under(Path(home))) as bench:
        app = Workbench(Desk(bench))
        async with app.run_test(size=(120, 36)) as pilot:
            await idle(app, pilot)
            for shot in shots:
                await prepare(app, pilot, shot)
                await idle(app, pilot, LOOK_S)
                file = folder / f"{shot.name}.svg"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(app.export_screenshot(title="romebench"), encoding="utf-8")


async def prepare(app: Workbench, pilot: Pilot[None], shot: Shot) -> None:
    """Type the lines as a user would, open the tab, press the keys."""
    await close(app, pilot)
    *sent, last = shot.lines or ("",)
    for line in (*sent, last):
        app.workspace.line.focus()
        app.workspace.line.value = line
        if shot.name != "edit-form" and line:
            await pilot.press("enter")
        await idle(app, pilot)
        await close(app, pilot)
    if shot.tab is not None:
        app.workspace.console.focus()
        await pilot.pause()
        app.workspace.open_tab(shot.tab)
        await idle(app, pilot)
    for key in shot.keys:
        await pilot.press(key)
        await idle(app, pilot)


async def idle(app: Workbench, pilot: Pilot[None], seconds: float = 0.1) -> None:
    """Wait until the lane has had nothing to do for a while, and all is drawn."""
    quiet = 0.0
    while quiet < seconds:
        await pilot.pause(0.05)
        quiet = quiet + 0.05 if app.bridge.submitted and app.bridge.running is None else 0.0


async def close(app: Workbench, pilot: Pilot[None]) -> None:
    """Close whatever dialog is open."""
    while isinstance(app.screen, ModalScreen):
        await pilot.press("escape")
        await pilot.pause(0.2)


async def draw_all(folder: Path) -> None:
    """Every picture of the workbench."""
    for shots in (EDITS, EXAMPLES):
        await draw(shots, folder)


if __name__ == "__main__":
    asyncio.run(draw_all(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES))
