"""Keeps Python's garbage collector from stopping the screen.

A full collection walks every object there is, hundreds of thousands once torch and transformers
are imported, and holds the interpreter all the while. So it rests while the heavy imports run, and
then what they left, which lives as long as the process, is taken out of its sight.
"""

from __future__ import annotations

import gc


def rest() -> None:
    """Collect nothing until `settle` is called."""
    gc.disable()


def settle() -> None:
    """Collect again, but only what comes from now on."""
    gc.freeze()
    gc.enable()
