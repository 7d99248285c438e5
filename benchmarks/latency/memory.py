"""Resident memory over many operations in one workbench: `-m benchmarks.latency.memory N`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from textual.pilot import Pilot

from romebench.hparams import load_preset
from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.threads import wait_politely
from romebench.workbench.tui import SWITCH_S
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.collector import rest
from romebench.workbench.tui.lane.desk import Desk

from .pilot import SIZE, until
from .requests import typed_edits

MARKS = 20
"""Points of the curve."""


def operations(hparams: Path) -> Iterator[str]:
    """What is typed, without end: a tenth edits, the rest moves and texts."""
    for line in itertools.cycle(typed_edits()):
        yield f"/edit {line} --hparams {hparams}"
        yield "/undo"
        yield "/redo"
        yield f"/generate {line.partition('=>')[0].replace('[', '').replace(']', '')} -g -n 4"
        yield "/undo"
        yield "/redo"
        yield "/log"
        yield "/goto base"
        yield "/goto main"
        yield "/show"


async def measure(count: int, folder: Path) -> list[tuple[int, float]]:
    """Do the operations one by one; gives the curve."""
    hparams = folder / "few.json"
    few = {**load_preset("pocket").to_json(), "v_num_grad_steps": 2}
    hparams.write_text(json.dumps(few), encoding="utf-8")
    every = max(count // MARKS, 1)
    curve: list[tuple[int, float]] = []
    with Bench(Paths.under(folder / "home")) as bench:
        app = Workbench(Desk(bench))
        async with app.run_test(size=SIZE) as pilot:
            await until(lambda: app.workspace.view and app.workspace.view.status.loaded)
            for done, line in enumerate(itertools.islice(operations(hparams), count)):
                if done % every == 0:
                    curve.append((done, resident_mb()))
                    print(f"{done:6,}  {curve[-1][1]:.0f} MB", file=sys.stderr, flush=True)
                await _send(app, pilot, line)
            curve.append((count, resident_mb()))
        app.finish()
    return curve


async def _send(app: Workbench, pilot: Pilot[None], line: str) -> None:
    """Type a line, send it, and wait until the lane is idle."""
    app.workspace.line.value = line
    before = app.bridge.submitted
    await app.workspace.line.action_submit()
    await until(lambda: app.bridge.submitted != before and app.bridge.running is None)


def resident_mb() -> float:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def main() -> None:
    wait_politely()
    rest()
    sys.setswitchinterval(SWITCH_S)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        curve = asyncio.run(measure(int(sys.argv[1]), Path(folder)))
    print(json.dumps({"curve": curve}))


if __name__ == "__main__":
    main()
