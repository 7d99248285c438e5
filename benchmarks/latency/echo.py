"""Typing by the clock, and recognising each key on the screen."""

from __future__ import annotations

import math
import random
import re
import time
from collections import deque
from dataclasses import dataclass, field

LETTERS = "zqxjkvw"
"""Rare ones, so that nothing else on the screen reads like what is typed."""

TAIL = 5
"""A key is on the screen when the last so many letters stand there in a row."""

LINE = 40
"""Letters after which the line is cleared."""

EVERY_S = 0.06
"""A quick typist: between keys, with as much again by chance."""

_CONTROL = re.compile(r"\x1b\[[0-9;?<>=$ ]*[a-zA-Z~]|\x1b[()][A-Z0-9]|\x1b[=>78]|[\r\n\x00-\x1f]")


def plain(sequence: str) -> str:
    """What a terminal would show of a sequence, in the order it is written."""
    return _CONTROL.sub("", sequence)


@dataclass(frozen=True, slots=True)
class Latencies:
    """Times from key to paint, in milliseconds."""

    ms: list[float]

    @property
    def median(self) -> float:
        return self._at(0.5)

    @property
    def p99(self) -> float:
        return self._at(0.99)

    @property
    def worst(self) -> float:
        return max(self.ms, default=math.nan)

    def _at(self, share: float) -> float:
        """The smallest value that so large a share does not exceed."""
        ordered = sorted(self.ms)
        return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else math.nan


@dataclass
class Echo:
    """What was typed and is not on the screen yet.

    Attributes:
        ms: What was measured, by phase.
        phase: The phase that keys typed from now on belong to.
    """

    phase: str
    ms: dict[str, list[float]] = field(default_factory=dict)
    _waiting: deque[tuple[str, float, str]] = field(default_factory=deque)

    def typed(self, line: str, due: float) -> None:
        """A letter was added to the line; `due` is when its turn was by the clock."""
        if len(line) >= TAIL:
            self._waiting.append((line[-TAIL:], due, self.phase))

    def painted(self, shown: str) -> None:
        """Something was painted now."""
        now = time.perf_counter()
        # A later letter on the screen shows the earlier ones too.
        waiting = list(self._waiting)
        seen = max((at for at, (tail, _, _) in enumerate(waiting) if tail in shown), default=-1)
        for _, due, phase in waiting[: seen + 1]:
            self.ms.setdefault(phase, []).append((now - due) * 1000)
            self._waiting.popleft()

    @property
    def waiting(self) -> int:
        """How many keys are not on the screen."""
        return len(self._waiting)

    def count(self, phase: str) -> int:
        """How many keys of a phase were measured."""
        return len(self.ms.get(phase, ()))


class Clock:
    """When the next key is due, whatever the screen does."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self.due = time.perf_counter()

    def next(self) -> str:
        """Set the next time; gives the letter to type then."""
        now = time.perf_counter()
        # After a pause in typing the clock starts anew.
        start = self.due if now - self.due < 5 else now
        self.due = start + EVERY_S * (1 + self._random.random())
        return self._random.choice(LETTERS)
