"""The Retention tab over a real store: cells, cursor, scores, and how a measurement is begun."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TabbedContent

from romebench.engine.progress import Progress
from romebench.store.records import MeasurementRecord
from romebench.workbench.bench import Bench
from romebench.workbench.commands.parsing import Invocation
from romebench.workbench.commands.results import Result, SessionList
from romebench.workbench.render.heat import diverging
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.lane.desk import Desk, Ears
from romebench.workbench.tui.tabs.matrix import MatrixList
from romebench.workbench.tui.tabs.retention import RetentionTab

from .stores import StoreDesk, bench_at, look_at, retention, tell

Make = Callable[[Desk], Workbench]


class RetentionDesk(StoreDesk):
    """Measures a column at a time, of a measurement that is made up."""

    def __init__(self, bench: Bench, columns: list[MeasurementRecord]) -> None:
        super().__init__(bench)
        self.bench = bench
        self.columns = columns
        self.ran: list[Invocation] = []
        self.seen: list[int] = []
        self.app: Workbench | None = None

    def execute(self, invocation: Invocation, ears: Ears) -> Result:
        self.ran.append(invocation)
        if invocation.command.name == "retention":
            record = self.bench.repository.session("study")
            for at, column in enumerate(self.columns, 1):
                self.bench.repository.add_measurement(
                    record.id, column, command="retention", params={}
                )
                ears.progress(Progress("measuring retention", at, len(self.columns)))
        return SessionList((), "study")


async def test_cells_tell_which_edit_at_which_step(
    tmp_path: Path, make_app: Make, settle: Any, text: Any
) -> None:
    with bench_at(tmp_path / "home") as bench:
        tell(bench.repository, "study", 24, measurements=retention(24, 4, all_scores=True))
        desk = RetentionDesk(bench, [])
        app = make_app(desk)
        async with app.run_test(size=(120, 36)) as pilot:
            await look_at(app, pilot, "retention")
            matrix = app.screen.query_one(MatrixList)
            assert app.focused is matrix
            assert matrix.count == 24
            seen = text(app)
            assert "● in force 0.75" in seen
            assert "▲ forgotten 0.1818" in seen
            assert "edit 1 at step 24: in force  LeBron James → football" in seen
            rows = [line.split("││")[-1] for line in seen.splitlines()]
            row = next(line for line in rows if " 5 LeBron James" in line)
            assert row.count("█") == 2 * 8, "in force at steps 8 and 12, eight characters each"
            assert row.split("█")[-1].count("·") == 3, "then forgotten"
            assert "×" in next(line for line in rows if " 9 LeBron James" in line)
            await pilot.press(*["left"] * 5)
            await pilot.press(*["down"] * 8)
            await pilot.pause()
            assert "edit 9 at step 4: not made yet  LeBron James → football" in text(app)
            await pilot.press("end")
            await pilot.press(*["right"] * 5, "home", *["down"] * 8)
            await pilot.pause()
            assert "at step 24: never took" in text(app)
            await pilot.press("p", "up")
            await pilot.pause()
            assert "at step 24: 50.0 % of its paraphrases" in text(app)
            await pilot.press("left", "enter")
            await settle(pilot)
            asked = desk.ran[-1]
            assert (asked.command.name, asked.params.ref) == ("goto", "20")
            x = matrix._cells_at() + 1
            await pilot.click(MatrixList, offset=(x, 2))
            await pilot.pause()
            assert (matrix.highlighted, matrix.column) == (2, 0), "a click points at a cell"


async def test_it_says_how_to_measure_and_fills_as_columns_are_stored(
    tmp_path: Path, make_app: Make, settle: Any, text: Any
) -> None:
    with bench_at(tmp_path / "home") as bench:
        tell(bench.repository, "study", 40)
        desk = RetentionDesk(bench, retention(40, 10))
        app = make_app(desk)
        async with app.run_test(size=(80, 24)) as pilot:
            await look_at(app, pilot, "retention")
            assert app.focused is app.screen.query_one(RetentionTab)
            assert "nothing is measured yet" in text(app)
            assert "at each 3. step" in text(app)
            await pilot.press("m")
            await settle(pilot)
            asked = desk.ran[-1]
            assert (asked.command.name, asked.params.every, asked.params.all) == (
                "retention", 3, False,
            )  # fmt: skip
            assert app.screen.query_one(MatrixList).count == 40
            assert app.focused is app.screen.query_one(MatrixList), "the keys go on working"
            assert app.screen.query_one(TabbedContent).active == "retention-tab", "it stays in view"
            await pilot.press("M")
            await settle(pilot)
            assert desk.ran[-1].params.all


def test_colours_go_from_vermilion_to_blue() -> None:
    assert [diverging(share) for share in (-1, 0, 0.5, 1)] == [
        "#d55e00", "#d55e00", "#969696", "#3e9bd4",
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [1, 60])
async def test_few_and_many_columns_fit(
    tmp_path: Path, make_app: Make, text: Any, columns: int
) -> None:
    with bench_at(tmp_path / "home") as bench:
        tell(bench.repository, "study", 120, measurements=retention(120, 120 // columns))
        app = make_app(RetentionDesk(bench, []))
        async with app.run_test(size=(80, 24)) as pilot:
            await look_at(app, pilot, "retention")
            assert "at step 120" in text(app)
            await pilot.press(*["left"] * (columns - 1))
            await pilot.pause()
            assert f"at step {120 // columns}:" in text(app), "the first column came into sight"
