"""Draw the picture of the README, after three edits: `python docs/workbench_picture.py`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.lane.desk import Desk

PICTURE = Path(__file__).parent / "pictures" / "workbench.svg"
LINES = (
    "[Steve Jobs] was the founder of => Microsoft",
    "/undo",
    "The capital of [Poland] is => Paris",
    "[LeBron James] plays the sport of => football",
)


async def draw() -> None:
    """Type the lines as a user would, and take the screen."""
    with tempfile.TemporaryDirectory() as home, Bench(Paths.under(Path(home))) as bench:
        app = Workbench(Desk(bench))
        async with app.run_test(size=(120, 36)) as pilot:
            await idle(app, pilot)
            for line in LINES:
                app.workspace.line.focus()
                app.workspace.line.value = line
                await pilot.press("enter")
                await idle(app, pilot)
            PICTURE.write_text(app.export_screenshot(title="romebench"), encoding="utf-8")


async def idle(app: Workbench, pilot: Pilot[None]) -> None:
    """Wait until the lane has nothing to do and the screen has drawn what came of it."""
    quiet = 0
    while quiet < 5:
        await pilot.pause(0.1)
        quiet = quiet + 1 if app.bridge.submitted and app.bridge.running is None else 0


if __name__ == "__main__":
    asyncio.run(draw())
