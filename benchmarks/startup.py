"""Start-up of the program as a whole process: wall and CPU time, and whether torch was imported."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import pexpect

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("--version",),
    ("where",),
    ("sessions", "list"),
    ("hparams", "list"),
)


def run(*, quick: bool) -> None:
    """Print the table."""
    repeats = 5 if quick else 15
    print("| command | median, ms | range, ms | least CPU, ms | imports torch |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "ROMEBENCH_HOME": home}
        for words in COMMANDS:
            taken = [_time(words, env) for _ in range(repeats + 1)][1:]
            times, cpu = zip(*taken, strict=True)
            print(
                f"| `romebench {' '.join(words)}` | {statistics.median(times):.0f} "
                f"| {min(times):.0f}–{max(times):.0f} | {min(cpu):.0f} "
                f"| {_imports_torch(words, env)} |",
                flush=True,
            )
    screen(repeats // 3)


def screen(repeats: int) -> None:
    """The workbench in a pseudo-terminal, new home each: first paint, and model ready."""
    taken = [_screen() for _ in range(repeats + 1)][1:]
    for name, times in zip(
        ("first paint", "ready for an edit"), zip(*taken, strict=True), strict=True
    ):
        print(f"| workbench, {name} | {statistics.median(times):.0f} "
              f"| {min(times):.0f}–{max(times):.0f} | – | – |", flush=True)  # fmt: skip


def _screen() -> tuple[float, float]:
    """Milliseconds until the frame is painted, and until the session stands with its model."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "ROMEBENCH_HOME": home, "TERM": "xterm-256color"}
        began = time.perf_counter()
        child = pexpect.spawn(
            sys.executable, ["-m", "romebench"], env=env, dimensions=(36, 120), timeout=120
        )
        child.expect("History")
        painted = time.perf_counter()
        child.expect("0/0")
        ready = time.perf_counter()
        child.send("\x11")
        child.expect(pexpect.EOF)
    return (painted - began) * 1000, (ready - began) * 1000


def _time(words: tuple[str, ...], env: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU milliseconds of one run."""
    before, began = _cpu(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "romebench", *words], env=env, capture_output=True, check=True
    )
    return (time.perf_counter() - began) * 1000, (_cpu() - before) * 1000


def _cpu() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _imports_torch(words: tuple[str, ...], env: dict[str, str]) -> str:
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "romebench", *words],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return "yes" if "| torch\n" in found.stderr or "|   torch\n" in found.stderr else "no"
