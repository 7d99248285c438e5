"""Heat maps in a terminal: every row labelled, colours that say the number, shades without them."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from romebench.workbench.render.heat import HUES, HeatMap

NAN = float("nan")


def shown(found: HeatMap, width: int, *, colour: bool) -> list[str]:
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="truecolor" if colour else None,
        no_color=not colour, legacy_windows=False,
    )  # fmt: skip
    console.print(found)
    return out.getvalue().splitlines()


def test_shades_stand_for_numbers_where_there_is_no_colour() -> None:
    found = HeatMap(["a", "bc"], [[0.0, 0.5, 1.0], [1.0, NAN, 0.25]], 0.0, 1.0)
    first, second, axis = shown(found, 23, colour=False)
    assert first == " a      ▒▒▒▒████"
    assert second == "bc  ████    ░░░░"
    assert axis == "    0   1   2  layer"


def test_two_cells_share_a_character_in_colour() -> None:
    found = HeatMap(["a"], [[0.0, 1.0]], 0.0, 1.0, HUES["mlp"])
    line = next(iter(found.lines(5)))
    assert line.plain == "a  ▌▌"
    styles = [span.style for span in line.spans if span.start >= 3]
    colours = [(s.color.triplet, s.bgcolor.triplet) for s in styles]  # type: ignore[union-attr]
    assert colours[0][0] == colours[0][1] == (32, 32, 40)
    assert colours[1][0] == colours[1][1] == HUES["mlp"]
    narrow = next(iter(found.lines(4)))
    assert narrow.plain == "a  ▌", "both layers in one character"


def test_labels_of_others_are_shown_and_never_obeyed() -> None:
    found = HeatMap(["\x1b[31mred", "漢字漢字漢字漢字漢字漢字漢字漢字"], [[1.0], [0.0]], 0.0, 1.0)
    lines = shown(found, 40, colour=False)
    assert "␛[31mred" in lines[0]
    assert "…" in lines[1]


@given(
    st.lists(st.text(min_size=0, max_size=40), min_size=1, max_size=5),
    st.integers(1, 60),
    st.integers(40, 200),
    st.booleans(),
)
def test_no_line_is_wider_than_the_terminal(
    labels: list[str], columns: int, width: int, plain: bool
) -> None:
    rows = [[i / columns for i in range(columns)] for _ in labels]
    lines = list(HeatMap(labels, rows, 0.0, 1.0).lines(width, plain=plain))
    assert len(lines) - len(labels) in (1, 2)
    if columns * (1 if not plain else 2) <= width - 26:
        for line in lines[: len(labels)]:
            assert cell_len(line.plain) <= width


def test_nothing_to_show_is_nothing() -> None:
    assert list(HeatMap([], [], 0.0, 1.0).lines(80)) == []
    flat = list(HeatMap(["a"], [[0.5]], 0.5, 0.5).lines(80, plain=True))
    assert flat[0].plain.strip() == "a"
