"""The line editor: the commands of the registry without a prefix. Importing this costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..cli.start import Start


def run_repl(start: Start) -> int:
    """Read lines from a terminal until the user leaves, or a script to its end.

    Returns:
        The exit code: 0, or that of the first command of a script that failed.
    """
    from .main import run

    return run(start)
