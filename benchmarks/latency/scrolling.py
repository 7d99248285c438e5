"""Scrolling a history of ten thousand steps: `-m benchmarks.latency.scrolling KEYS`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import replace

from textual.app import App, ComposeResult

from romebench.store.records import StepLine
from romebench.workbench.render.graph import graph
from romebench.workbench.status import Status
from romebench.workbench.tui.side.history import HistoryList
from romebench.workbench.tui.view import View

STEPS = 10_000
KEYS = ("down", "pagedown", "up", "end", "home")


class Shell(App[None]):
    """A history alone on the screen, which paints at once."""

    def __init__(self) -> None:
        super().__init__()
        self.history = HistoryList()

    def compose(self) -> ComposeResult:
        yield self.history


def long_view(steps: int = STEPS) -> View:
    """A line of steps, the cursor on the last."""
    lines = [
        StepLine(n, n - 1, n, f"Subject {n}", " target", "r-rome", "ok", 0.05, 1.01, "w", "", "")
        for n in range(1, steps + 1)
    ]
    status = Status(
        "long", "pocket", "cpu", "float32", "r-rome", "w", 1, "C", "main",
        steps, steps, steps, steps, "ok", True, True,
    )  # fmt: skip
    path = frozenset(range(steps + 1))
    rows = tuple(graph(lines, steps))
    return View(
        status, {line.step: line for line in lines}, rows, {steps: ("main",)}, path, ("main",)
    )


async def measure(keys: int, steps: int = STEPS) -> dict[str, list[float]]:
    """CPU milliseconds of a key with its paint, by key; and of taking over a new picture.

    Wall time would be that of the pilot, which waits some frames after each key.
    """
    found: dict[str, list[float]] = {}
    app = Shell()
    async with app.run_test(size=(60, 40)) as pilot:
        view = long_view(steps)
        for _ in range(10):
            began = time.process_time()
            app.history.show(replace(view))
            await pilot.pause()
            found.setdefault("a new picture", []).append((time.process_time() - began) * 1000)
        app.history.focus()
        for key in KEYS:
            for _ in range(keys):
                began = time.process_time()
                await pilot.press(key)
                found.setdefault(key, []).append((time.process_time() - began) * 1000)
    return found


def main() -> None:
    keys = int(sys.argv[1])
    with contextlib.redirect_stdout(sys.stderr):
        few = {f"{name}, 10 steps": ms for name, ms in asyncio.run(measure(keys, 10)).items()}
        found = {f"{name}, {STEPS:,} steps": ms for name, ms in asyncio.run(measure(keys)).items()}
    print(json.dumps({**few, **found}))


if __name__ == "__main__":
    main()
