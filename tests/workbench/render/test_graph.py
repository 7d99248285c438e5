"""The drawn tree: every step once, children above parents, lanes that lead where they should."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from romebench.workbench.render.graph import Row, graph


@dataclass(frozen=True)
class Step:
    step: int
    parent: int


@st.composite
def trees(draw: st.DrawFn) -> list[Step]:
    count = draw(st.integers(0, 30))
    return [Step(n, draw(st.integers(0, n - 1))) for n in range(1, count + 1)]


def drawn(rows: list[Row]) -> str:
    return "\n".join(f"{row.lanes}{'' if row.step is None else row.step}".rstrip() for row in rows)


def test_a_line_of_steps() -> None:
    steps = [Step(1, 0), Step(2, 1)]
    assert drawn(graph(steps, 2)) == "@ 2\n○ 1\n◆ 0"


def test_a_branch_and_the_cursor_at_the_base() -> None:
    steps = [Step(1, 0), Step(2, 1), Step(3, 1), Step(4, 0)]
    assert drawn(graph(steps, 0)).splitlines() == [
        "○ 4",
        "│ ○ 3",
        "│ │ ○ 2",
        "│ ├─╯",
        "│ ○ 1",
        "├─╯",
        "@ 0",
    ]


def test_older_steps_left_out_are_counted() -> None:
    rows = graph([Step(9, 8), Step(10, 9)], 10, omitted=8)
    assert rows[-1] == Row("~ ", None, 8)


@given(trees())
def test_every_step_stands_once_and_newest_first(steps: list[Step]) -> None:
    numbers = [row.step for row in graph(steps, 0) if row.step is not None]
    assert numbers == [step.step for step in reversed(steps)] + [0]


@given(trees())
def test_each_step_leads_down_to_its_parent(steps: list[Step]) -> None:
    """Follow the lane below a step: straight down, or along a joining line to the left."""
    rows = graph(steps, -1)
    at = {row.step: index for index, row in enumerate(rows) if row.step is not None}
    for step in steps:
        column = next(i for i, c in enumerate(rows[at[step.step]].lanes) if c in "○@")
        for row in rows[at[step.step] + 1 :]:
            if row.step == step.parent:
                assert row.lanes[column] in "○◆@"
                break
            mark = row.lanes[column]
            if mark == "╯":
                column = row.lanes.index("├")
            else:
                assert mark in "│├┼", (drawn(rows), step)
