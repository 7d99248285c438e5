"""What the screen shows of a session: one frozen picture, taken in the engine lane.

The UI thread only ever reads such a picture; it never asks the store.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...store.records import QueueRecord, SessionSummary, StepLine
    from ..bench import Bench, Status
    from ..render.graph import Row


@dataclass(frozen=True, slots=True)
class View:
    """A session at one moment.

    Attributes:
        status: Where things stand, for the header.
        lines: Every step in short, by number.
        rows: The tree as it is drawn, newest first.
        tips: Step to the names of the branches that end there.
        path: The steps that are in force at the cursor.
        branches: Branch names, oldest first.
        queue: The requests that wait.
        sessions: All sessions of the store, the last used first.
        number: Tells pictures apart: another may show another state.
    """

    status: Status
    lines: dict[int, StepLine]
    rows: tuple[Row, ...]
    tips: dict[int, tuple[str, ...]]
    path: frozenset[int]
    branches: tuple[str, ...]
    queue: tuple[QueueRecord, ...] = ()
    sessions: tuple[SessionSummary, ...] = ()
    number: int = field(default_factory=itertools.count(1).__next__, compare=False)

    @property
    def cursor(self) -> int:
        """The step the session stands at; 0 is the base."""
        return self.status.step

    @property
    def is_tree(self) -> bool:
        """Whether there is more than one branch to draw."""
        return len(self.branches) > 1


def read_view(bench: Bench, status: Status) -> View:
    """Take the picture. Runs in the engine lane."""
    from ..render.graph import graph

    session = bench.session(write=False)
    history = session.history
    lines = session.lines()
    tips: dict[int, tuple[str, ...]] = {}
    for name, tip in history.branches.items():
        tips[tip] = (*tips.get(tip, ()), name)
    return View(
        status=status,
        lines={line.step: line for line in lines},
        rows=tuple(graph(lines, status.step)),
        tips=tips,
        path=frozenset(history.path()),
        branches=tuple(history.branches),
        queue=tuple(session.queue("pending")),
        sessions=tuple(bench.repository.sessions()),
    )
