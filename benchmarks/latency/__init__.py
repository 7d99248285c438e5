"""Never blocked: how soon a key is painted while the engine works, and memory over many operations.

Keys are typed by a clock that waits for nothing: one that comes late while the screen is busy
counts with all of its lateness.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from .echo import Latencies
from .terminal import measure as measure_terminal


def run(*, quick: bool) -> None:
    """Print the tables of key to paint, and of memory."""
    keys, operations = (150, 200) if quick else (600, 5000)
    print(f"Load of the machine before: {_load()}.\n")
    print("| driven by | while | keys | median, ms | p99, ms | max, ms |")
    print("|---|---|---|---|---|---|")
    _rows("Pilot", {name: Latencies(found) for name, found in _child("pilot", keys).items()})
    _rows("pseudo-terminal", measure_terminal(keys))
    print(f"\nLoad of the machine after: {_load()}.\n")
    print("| in the history | keys | median CPU, ms | p99, ms |")
    print("|---|---|---|---|")
    for name, ms in _child("scrolling", 50 if quick else 200).items():
        found = Latencies(ms)
        print(f"| {name} | {len(ms)} | {found.median:.1f} | {found.p99:.1f} |", flush=True)
    print()
    print("| operations | resident, MB |")
    print("|---|---|")
    for done, megabytes in _child("memory", operations)["curve"]:
        print(f"| {int(done):,} | {megabytes:.0f} |", flush=True)


def _rows(driver: str, phases: dict[str, Latencies]) -> None:
    for phase, found in phases.items():
        print(
            f"| {driver} | {phase} | {len(found.ms)} | {found.median:.0f} | {found.p99:.0f} "
            f"| {found.worst:.0f} |",
            flush=True,
        )


def _child(name: str, count: int) -> dict[str, list]:
    """Measure in a process of its own, in which nothing is imported yet."""
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.{name}", str(count)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _load() -> str:
    one, five, _ = os.getloadavg()
    return f"{one:.1f} over a minute, {five:.1f} over five, {os.cpu_count()} cores"
