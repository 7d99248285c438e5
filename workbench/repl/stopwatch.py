"""How long commands take, said after each."""

from __future__ import annotations

import time
from collections.abc import Callable

BLINK_S = 0.2
"""What is done sooner took no time."""


class Stopwatch:
    """Times what is done; says it where it is switched on.

    Args:
        on: Speak from the start.
        tell: Takes what is said.
        waited: Seconds so far that somebody read in the pager, which count for nothing.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        *,
        on: bool,
        waited: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.on = on
        self._tell = tell
        self._waited = waited

    def time(self, act: Callable[[], int]) -> int:
        """Do something, and say how long it took."""
        began, waited = time.perf_counter(), self._waited()
        code = act()
        took = time.perf_counter() - began - (self._waited() - waited)
        if self.on and took >= BLINK_S:
            self._tell(f"took {spoken(took)}")
        return code


def spoken(seconds: float) -> str:
    """A time span.

    >>> spoken(1.24), spoken(83.4), spoken(3671)
    ('1.2 s', '1:23', '1:01:11')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
