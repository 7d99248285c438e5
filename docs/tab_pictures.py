"""Draw the pictures of the Watch, Retention and Eval tabs: `python docs/tab_pictures.py`.

The sessions are the two examples that ship with the package, and a short evaluation of pocket.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from textual.pilot import Pilot
from textual.screen import ModalScreen
from workbench_picture import idle

from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.lane.desk import Desk

PICTURES = Path(__file__).parent / "pictures"
LINES = (
    "/import contrast-r-rome",
    "/import contrast-rome",
    "/eval counterfact pocket -n 8 --skip-generation --name pocket-counterfact",
    "/sessions open contrast-rome",
    "/retention --every 2",
)
KEYS = {
    "watch": ("o", "down", "space", "enter", "home", "n"),
    "retention": ("up", "left"),
    "eval": ("enter",),
}


async def draw() -> None:
    """Type the lines as a user would, and take each tab."""
    with tempfile.TemporaryDirectory() as home, Bench(Paths.under(Path(home))) as bench:
        app = Workbench(Desk(bench))
        async with app.run_test(size=(120, 36)) as pilot:
            await idle(app, pilot)
            for line in LINES:
                await close(app, pilot)
                app.workspace.line.focus()
                app.workspace.line.value = line
                await pilot.press("enter")
                await idle(app, pilot)
            for tab, keys in KEYS.items():
                app.workspace.console.focus()
                await pilot.pause()
                app.workspace.open_tab(tab)
                await idle(app, pilot)
                for key in keys:
                    await pilot.press(key)
                    await idle(app, pilot)
                picture = app.export_screenshot(title="romebench")
                (PICTURES / f"{tab}.svg").write_text(picture, encoding="utf-8")


async def close(app: Workbench, pilot: Pilot[None]) -> None:
    """Close whatever dialog is open."""
    while isinstance(app.screen, ModalScreen):
        await pilot.press("escape")
        await pilot.pause(0.2)


if __name__ == "__main__":
    asyncio.run(draw())
