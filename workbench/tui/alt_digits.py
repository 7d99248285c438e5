"""Makes alt with a digit a key of its own in every terminal.

Textual reads what a terminal sends for it (escape, then the digit) as the sign that the option key
of a Mac types, unless the terminal speaks the Kitty protocol. The sign itself, typed, stays text.
"""

from __future__ import annotations

from typing import Any, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS


def free_alt_digits() -> None:
    """Take those readings away; what is left of the table is as it was."""
    table = cast("dict[str, Any]", ANSI_SEQUENCES_KEYS)
    for digit in "0123456789":
        table.pop(f"\x1b{digit}", None)
