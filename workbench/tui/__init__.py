"""The workbench in the terminal (Textual). Importing this package costs nothing until it runs.

The UI thread owns the widgets and nothing else. Everything that touches the store or the model
runs in the engine lane and comes back as a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bench import Bench


SWITCH_S = 0.001
"""How long the engine's Python may keep the interpreter when the screen waits for it.

A key wakes the screen several times until it is painted, and each time it may wait so long: with
Python's own 5 ms one key in a hundred took 59 ms to paint while edits ran, with this 45.
"""


def run_tui(bench: Bench) -> int:
    """Run the workbench until the user quits; gives the exit code.

    Args:
        bench: The store and the session to open. It is used from the engine lane only, and is
            idle again when this returns.

    Raises:
        SettingsError: A key of the settings is off.
    """
    import sys

    from .collector import rest, settle

    rest()
    sys.setswitchinterval(SWITCH_S)
    from .app import Workbench
    from .lane.desk import Desk

    app = Workbench(Desk(bench), bench.settings)
    try:
        app.run()
        return app.finish()
    finally:
        settle()
