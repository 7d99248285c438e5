"""`python -m romebench.benchmarks [SUITE] [--quick]`: measure, and print tables."""

from __future__ import annotations

import argparse
import sys

from . import edits, latency, length, startup

_SUITES = {
    "edits": edits.run,
    "length": length.run,
    "startup": startup.run,
    "latency": latency.run,
}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m romebench.benchmarks")
    parser.add_argument("suite", nargs="?", choices=[*_SUITES, "all"], default="all")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and shorter sessions")
    chosen = parser.parse_args(argv)
    for name, run in _SUITES.items():
        if chosen.suite in (name, "all"):
            print(f"\n## {name}\n")
            run(quick=chosen.quick)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
