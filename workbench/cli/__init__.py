"""The command line (click). Importing this package costs nothing until `main` is called."""

from __future__ import annotations


def main() -> None:
    """Run romebench with this process's arguments and exit with its exit code."""
    import sys

    from .main import run

    sys.exit(run(sys.argv[1:]))
