"""The Eval tab over a real store: runs, a run that goes on, a case, and how one is begun."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button, Input, Select

from romebench.engine.progress import Progress, check
from romebench.sessions.evaluation.outcomes import CASE
from romebench.sessions.evaluation.runs import Runs
from romebench.store.records import MeasurementRecord
from romebench.workbench.bench import Bench
from romebench.workbench.commands.parsing import Invocation
from romebench.workbench.commands.results import Result, SessionList
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.dialogs.evaluation import EvaluationDialog
from romebench.workbench.tui.lane.desk import Desk, Ears
from romebench.workbench.tui.tabs.evaluations import EvalTab

from .stores import StoreDesk, bench_at, evaluation, look_at, tell

MOST = 5
"""Cases that are taken before it only waits to be stopped."""

Make = Callable[[Desk], Workbench]


class EvalDesk(StoreDesk):
    """Takes case after case of "half", until it is asked to stop."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.bench = bench
        self.ran: list[Invocation] = []
        self.cases = 0

    def execute(self, invocation: Invocation, ears: Ears) -> Result:
        self.ran.append(invocation)
        if not invocation.command.name.startswith("eval") or invocation.params.name != "half":
            return SessionList((), "study")
        record = self.bench.repository.session("half")
        detail = self.bench.repository.measurements(record.id)[1].detail
        while True:
            ears.progress(Progress("evaluating", 6 + self.cases, 120))
            check(ears.stop, "the evaluation")
            if self.cases == MOST:
                time.sleep(0.01)
                continue
            self.cases += 1
            case = {**detail, "case_id": 6 + self.cases}
            self.bench.repository.add_measurement(
                record.id, MeasurementRecord(0, CASE, 1.0, case), command="eval", params={}
            )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[EvalDesk]:
    with bench_at(tmp_path / "home") as bench:
        evaluation(bench.repository, "half", 120, 6)
        evaluation(bench.repository, "whole", 5, 5, rule="ft")
        tell(bench.repository, "study", 2)
        bench.use("study")
        yield EvalDesk(bench)


async def test_a_run_opens_and_a_case_of_it(
    desk: EvalDesk, make_app: Make, settle: Any, text: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(120, 36)) as pilot:
        await look_at(app, pilot, "eval")
        seen = text(app)
        assert "2 evaluations" in seen
        assert "✓ ━━━━━━━━━━     5 of 5" in seen
        assert "‖ ──────────     6 of 120" in seen
        await pilot.press("down", "enter")
        await settle(pilot)
        seen = text(app)
        assert "half  r-rome, base, counterfact, pocket test" in seen
        assert "6 of 120, 1 failed · space goes on" in seen
        assert "ES 80.0" in seen
        assert "4 ✖ the prompt is longer than the model's context" in seen
        await pilot.press("down", "enter")
        await settle(pilot)
        seen = text(app)
        assert "case 5  The [Eiffel Tower] is located in the city of => Rome" in seen
        assert "People say: The Eiffel Tower" in seen
        assert "74.1 %" in seen, "P(true) before: exp(-0.3)"
        assert "Eiffel Tower likes Rome." in seen
        await pilot.press("backspace", "backspace")
        await settle(pilot)
        assert "2 evaluations" in text(app)


async def test_it_goes_on_live_and_stops(
    desk: EvalDesk, make_app: Make, settle: Any, text: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await look_at(app, pilot, "eval")
        await pilot.press("down", "enter")
        await settle(pilot)
        await pilot.press("space")
        seen = ""
        for _ in range(1000):
            await asyncio.sleep(0.01)
            seen = text(app)
            if f"{6 + MOST} of 120" in seen and " left" in seen:
                break
        assert "▶ half" in seen
        await pilot.press("space")
        await settle(pilot)
        asked = desk.ran[-1]
        assert asked.command.name == "eval counterfact"
        assert (asked.params.name, asked.params.data, asked.params.limit) == ("half", "pocket", 120)
        seen = text(app)
        assert f"{6 + desk.cases} of 120" in seen, "what was measured stays in sight"
        assert "space goes on" in seen


async def test_a_new_one_is_filled_in_and_begun(
    desk: EvalDesk, make_app: Make, settle: Any, text: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await look_at(app, pilot, "eval")
        await pilot.press("n")
        await settle(pilot)
        form = app.screen
        assert isinstance(form, EvaluationDialog)
        form.query_one("#field-dataset", Select).value = "zsre"
        await pilot.pause()
        assert form.query_one("#start", Button).disabled
        assert form.query_one("#field-session", Input).value == "pocket-zsre"
        form.query_one("#field-dataset", Select).value = "counterfact"
        form.query_one("#field-method", Select).value = "rome"
        form.query_one("#field-limit", Input).value = "x"
        await pilot.pause()
        assert "'x' is no number of cases" in text(app)
        form.query_one("#field-limit", Input).value = "12"
        form.query_one("#field-limit", Input).focus()
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        asked = desk.ran[-1]
        assert asked.params.limit == 12
        assert asked.params.name == "pocket-counterfact"
        assert (asked.choices.rule, asked.choices.model) == ("rome", "pocket")
        assert "pocket-counterfact   nothing is measured yet" in text(app)
        assert app.screen.query_one(EvalTab).has_focus_within


def test_only_new_cases_are_read(desk: EvalDesk) -> None:
    runs, repository = Runs(), desk.bench.repository
    first = runs.run(repository, "half")
    assert first is not None
    asked: list[int] = []
    read = repository.measurements_since

    def since(session: int, row: int) -> Any:
        asked.append(row)
        return read(session, row)

    repository.measurements_since = since  # type: ignore[method-assign]
    again = runs.run(repository, "half")
    assert again == first
    assert asked[0] > 0
    assert runs.run(repository, "study") is None
