"""Key to paint with Textual's Pilot, in this process: `python -m benchmarks.latency.pilot KEYS`.

Keys come from a thread, as from a terminal's driver; a paint counts when its bytes are made.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.events import Key
from textual.screen import Screen

from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.threads import wait_politely
from romebench.workbench.tui import SWITCH_S
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.collector import rest
from romebench.workbench.tui.lane.desk import Desk

from .echo import LINE, Clock, Echo, plain
from .requests import write_requests

SIZE = (120, 36)
PATIENCE_S = 120.0


class Watched(Workbench):
    """A workbench that tells what it paints. The headless driver would not make the bytes."""

    CSS_PATH = Path(inspect.getfile(Workbench)).with_name(str(Workbench.CSS_PATH))
    echo: Echo

    def _display(self, screen: Screen, renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.echo.painted(plain(renderable.render_segments(self.console)))
        super()._display(screen, renderable)


class Typist(threading.Thread):
    """Types by the clock until told to stop."""

    def __init__(self, app: Watched) -> None:
        super().__init__(daemon=True)
        self._app = app
        self.typing = threading.Event()
        self.resting = threading.Event()
        self.done = threading.Event()

    def run(self) -> None:
        """Type."""
        clock, line = Clock(), ""
        while not self.done.is_set():
            letter = clock.next()
            time.sleep(max(clock.due - time.perf_counter(), 0.0))
            if not self.typing.is_set():
                line = ""
                self.resting.set()
                continue
            self.resting.clear()
            if len(line) >= LINE:
                # Not by a key: one that is bound acts a moment later than a letter sent with it.
                self._app.call_from_thread(self._clear)
                line, clock.due = "", time.perf_counter()
            line += letter
            self._app.echo.typed(line, clock.due)
            self._send(letter, letter)

    def _clear(self) -> None:
        self._app.workspace.line.value = ""

    def _send(self, key: str, character: str | None) -> None:
        driver = self._app._driver
        if driver is not None:
            driver.process_message(Key(key, character))


async def measure(keys: int, home: Path) -> dict[str, list[float]]:
    """Type while the model loads, while nothing runs, and while edits follow one another."""
    requests = write_requests(home / "requests.txt")
    with Bench(Paths.under(home / "home")) as bench:
        app = Watched(Desk(bench))
        app.echo = Echo("the model loads")
        typist = Typist(app)
        async with app.run_test(size=SIZE) as pilot:
            typist.start()
            typist.typing.set()
            await until(lambda: _loaded(app))
            await _rested(app, typist)
            await _typed(app, typist, "nothing runs", keys)
            app.workspace.line.value = f"/run {requests}"
            await pilot.press("enter")
            await until(lambda: app.workspace.view is not None and app.workspace.view.lines)
            await _typed(app, typist, "edits run", keys)
            app.bridge.cancel()
            typist.done.set()
        app.finish()
    return app.echo.ms


async def until(done: Callable[[], object]) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: It never does.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        await asyncio.sleep(0.02)
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE_S:.0f} s")


def _loaded(app: Watched) -> bool:
    view = app.workspace.view
    return view is not None and view.status.loaded and app.bridge.running is None


async def _rested(app: Watched, typist: Typist) -> None:
    """Let the screen catch up with an empty line."""
    typist.typing.clear()
    # Until the typist has seen it, a letter may be on its way, and would go with the old line.
    await until(lambda: typist.resting.is_set() and not app.echo.waiting)
    app.workspace.line.value = ""


async def _typed(app: Watched, typist: Typist, phase: str, keys: int) -> None:
    app.echo.phase = phase
    app.workspace.line.focus()
    typist.typing.set()
    await until(lambda: app.echo.count(phase) >= keys)
    await _rested(app, typist)


def main() -> None:
    wait_politely()
    rest()
    sys.setswitchinterval(SWITCH_S)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        found = asyncio.run(measure(int(sys.argv[1]), Path(folder)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
