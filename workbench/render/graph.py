"""The tree of steps as a graph in a few columns of text, newest first, as version control draws it.

Pure: knows steps and their parents, no screen. The TUI and the REPL may draw from it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...store.records import BASE


class Placed(Protocol):
    """A step and the step it was made on."""

    @property
    def step(self) -> int:
        """Its number."""
        ...

    @property
    def parent(self) -> int:
        """The step it was made on; 0 is the base."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the graph.

    Attributes:
        lanes: The drawing to the left, "│ ○ ".
        step: The step that stands on this line; None on a line that only joins lanes, and on the
            line that stands for steps left out.
        omitted: How many older steps this line stands for.
    """

    lanes: str
    step: int | None
    omitted: int = 0


def graph(steps: Sequence[Placed], cursor: int, *, omitted: int = 0) -> list[Row]:
    """Draw the tree.

    Args:
        steps: The steps of the session by number; the newest, where some are left out.
        cursor: The step drawn as @.
        omitted: How many older steps are left out.

    >>> from types import SimpleNamespace as Step
    >>> steps = [Step(step=n, parent=parent) for n, parent in ((1, 0), (2, 1), (3, 1))]
    >>> for row in graph(steps, 3):
    ...     print(row.lanes.rstrip(), row.step)
    @ 3
    │ ○ 2
    ├─╯ None
    ○ 1
    ◆ 0
    """
    rows: list[Row] = []
    lanes: list[int | None] = []
    for step in reversed(steps):
        rows += _joined(lanes, step.step)
        at = _lane_of(lanes, step.step)
        rows.append(Row(_drawing(lanes, at, "@" if step.step == cursor else "○"), step.step))
        lanes[at] = step.parent
    if omitted:
        return [*rows, Row("~ ", None, omitted)]
    rows += _joined(lanes, BASE)
    return [*rows, Row(_drawing([BASE], 0, "@" if cursor == BASE else "◆"), BASE)]


def _lane_of(lanes: list[int | None], step: int) -> int:
    """The lane that waits for `step`, or the first free one for a tip."""
    if step in lanes:
        return lanes.index(step)
    if None in lanes:
        at = lanes.index(None)
        lanes[at] = step
        return at
    lanes.append(step)
    return len(lanes) - 1


def _drawing(lanes: Sequence[int | None], at: int, mark: str) -> str:
    return "".join(
        (mark if lane == at else "│" if waits is not None else " ") + " "
        for lane, waits in enumerate(lanes)
    )


def _joined(lanes: list[int | None], step: int) -> list[Row]:
    """Lead every lane that waits for `step` into the first of them, one line each."""
    rows = []
    while lanes.count(step) > 1:
        first = lanes.index(step)
        last = len(lanes) - 1 - lanes[::-1].index(step)
        rows.append(Row(_join(lanes, first, last), None))
        lanes[last] = None
        while lanes and lanes[-1] is None:
            lanes.pop()
    return rows


def _join(lanes: list[int | None], first: int, last: int) -> str:
    text = ""
    for lane, waits in enumerate(lanes):
        inside = first < lane < last
        if lane == first:
            text += "├─"
        elif lane == last:
            text += "╯ "
        elif inside:
            text += ("┼" if waits is not None else "─") + "─"
        else:
            text += "│ " if waits is not None else "  "
    return text
