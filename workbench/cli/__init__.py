"""The command line (click). Importing this package costs nothing until `main` is called."""

from __future__ import annotations


def main() -> None:
    """Run romebench with this process's arguments and exit with its exit code."""
    import signal
    import sys

    from .main import run

    code = run(sys.argv[1:])
    # All is done and said: Ctrl-C while the interpreter cleans up must not change the exit code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)
