"""The Lens and Trace tabs: read again when prompt or cursor move, never in anybody's way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from romebench.engine.lens import Lens, LensRow, compare
from romebench.engine.progress import Progress, check
from romebench.engine.trace import Severed, Trace, TraceKind
from romebench.errors import RequestError
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.lane.desk import Desk, Ears
from romebench.workbench.tui.lane.looks import Look, LookAsked
from romebench.workbench.tui.tabs.inside import LensTab, PromptInput, TraceTab

from .fake_desk import FakeDesk

TOKENS = ("Le", "Bron", " James", " plays", " the", " sport", " of")


def lens_of(prompt: str, answers: tuple[str, ...]) -> Lens:
    rows = tuple(
        LensRow(i, (len(word), 7), (word, " x"), (0.9, 0.05), 0.4) for i, word in enumerate(answers)
    )
    return Lens(prompt, TOKENS, 6, (), (), rows)


def trace_of(prompt: str, answer: str, kind: str) -> Trace:
    scores = tuple(tuple((t + layer) / 10 for layer in range(4)) for t in range(7))
    return Trace(
        prompt, TOKENS, tuple(range(7)), (0, 3), tuple(range(7)), TraceKind(kind), 2,
        Severed.NONE, {}, 10, 5, answer, 0.9, 0.0, scores,
    )  # fmt: skip


class LookDesk(FakeDesk):
    """Looks that are made up; `looked` tells which were taken. `hold` keeps a look in the lane."""

    def __init__(self, home: Path, **kwargs: Any) -> None:
        super().__init__(home, **kwargs)
        self.looked: list[tuple[str, str, str, int]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.dropped = 0

    def look(self, asked: LookAsked, ears: Ears) -> Look | None:
        if not self.loaded:
            return None
        ears.progress(Progress("tracing", 0, 7))
        while not self.hold.wait(0.01):
            if ears.stop.is_set():
                self.dropped += 1
                check(ears.stop, "the look")
        self.looked.append((asked.tab, asked.line, asked.kind, self.cursor))
        if "wrong" in asked.line:
            raise RequestError("the prompt is wrong", "write another")
        now = " football" if self.cursor else " basketball"
        if asked.tab == "trace":
            base = trace_of(asked.line, " basketball", asked.kind) if self.cursor else None
            return Look(asked, self.cursor, trace=trace_of(asked.line, now, asked.kind), base=base)
        before = lens_of(asked.line, (" C", " basketball"))
        return Look(asked, self.cursor, lens=compare(before, lens_of(asked.line, (" C", now))))


@pytest.fixture
def desk(tmp_path: Path) -> LookDesk:
    return LookDesk(tmp_path / "home", steps=1)


Make = Callable[[Desk], Workbench]


async def test_the_lens_follows_the_edit_and_the_cursor(
    desk: LookDesk, make_app: Make, settle: Any, send: Any, text: Any, tab: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert desk.looked == [], "nothing is read for a tab that nobody sees"
        await pilot.press("escape", tab["lens"])
        await settle(pilot)
        line = "[LeBron James] plays the sport of"
        assert desk.looked == [("lens", line, "states", 1)]
        seen = text(app)
        assert "◆" in seen
        assert "the answer flips at layer 1" in seen
        assert "·basketball" in seen
        assert "·football" in seen
        await pilot.press("u")
        await settle(pilot)
        assert desk.looked[-1] == ("lens", line, "states", 0)
        assert "the answer ·basketball stands from layer 1 on" in text(app)
        await pilot.press(tab["console"], tab["lens"])
        await settle(pilot)
        assert len(desk.looked) == 2, "what is up to date is not read again"


async def test_another_prompt_is_read_when_it_rests(
    desk: LookDesk, make_app: Make, settle: Any, text: Any, tab: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("escape", tab["lens"])
        await settle(pilot)
        await pilot.press("enter")
        app.screen.query_one(LensTab).prompt.value = ""
        await pilot.press(*"u b")
        await pilot.pause(0.6)
        await settle(pilot)
        assert [line for _, line, *_ in desk.looked][-1] == "u b", "letters are typed"
        assert len(desk.looked) <= 3
        await pilot.press(*" wrong", "enter")
        await pilot.pause(0.1)
        await settle(pilot)
        assert "the prompt is wrong: write another" in text(app)
        assert app.focused is app.screen.query_one(LensTab)
        await pilot.press("enter", "escape")
        assert app.focused is app.screen.query_one(LensTab)


async def test_the_trace_shows_base_and_edited(
    desk: LookDesk, make_app: Make, settle: Any, text: Any, tab: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        await pilot.press("escape", tab["trace"])
        await settle(pilot)
        assert desk.looked[-1][0] == "trace"
        seen = text(app)
        assert "Bron*" in seen
        row = next(line for line in seen.splitlines() if "Bron*" in line)
        assert row.count("Bron*") == 2, "side by side"
        assert "base" in seen
        assert "step 1" in seen
        assert "p(·football)" in seen
        await pilot.press("k")
        await settle(pilot)
        assert desk.looked[-1][2] == "mlp"
        assert "restored mlp layers" in text(app)
        await pilot.resize_terminal(80, 40)
        await pilot.pause()
        rows = [line for line in text(app).splitlines() if "Bron*" in line]
        assert all(line.count("Bron*") == 1 for line in rows), "one above the other"


async def test_a_command_takes_the_lane_from_a_trace(
    desk: LookDesk, make_app: Make, settle: Any, tab: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        desk.hold.clear()
        await pilot.press("escape", tab["trace"])
        for _ in range(200):
            if app.bridge.running is not None:
                break
            await asyncio.sleep(0.005)
        assert desk.looked == []
        await pilot.press("u")  # the trace is still in the lane
        for _ in range(400):
            if desk.dropped:
                break
            await asyncio.sleep(0.005)
        desk.hold.set()
        await settle(pilot)
        assert desk.cursor == 0
        assert desk.dropped == 1
        assert desk.looked == [("trace", "[LeBron James] plays the sport of", "states", 0)]


async def test_a_trace_that_is_cancelled_stays_cancelled(
    desk: LookDesk, make_app: Make, settle: Any, tab: Any
) -> None:
    app = make_app(desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        desk.hold.clear()
        await pilot.press("escape", tab["trace"])
        await pilot.pause(0.1)
        await pilot.press("escape")
        for _ in range(400):
            if desk.dropped:
                break
            await asyncio.sleep(0.005)
        await settle(pilot)
        assert desk.dropped == 1
        assert desk.looked == []
        desk.hold.set()
        await pilot.press("k")
        await settle(pilot)
        assert len(desk.looked) == 1, "until something else is asked for"


async def test_without_a_prompt_the_tabs_say_what_to_do(
    make_app: Make, settle: Any, text: Any, tmp_path: Path, tab: Any
) -> None:
    desk = LookDesk(tmp_path / "home")
    app = make_app(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for kind in (LensTab, TraceTab):
            await pilot.press("escape", tab[kind.__name__.removesuffix("Tab").lower()])
            await settle(pilot)
            assert "make an edit, or press Enter and type a prompt" in text(app)
            assert app.screen.query_one(kind).help.title in ("Lens", "Trace")
        assert desk.looked == []


@pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 50)], ids=lambda size: "{}x{}".format(*size)
)
@pytest.mark.parametrize("tab", ["lens", "trace"])
def test_pictures_of_the_tabs(
    snap_compare: Any, desk: LookDesk, make_app: Make, settle: Any, tab: str, size: tuple[int, int]
) -> None:
    app = make_app(desk)

    async def before(pilot: Any) -> None:
        await settle(pilot)
        app.workspace.open_tab(tab)
        app.screen.query_one(
            f"#{tab}-prompt", PromptInput
        ).value = "[LeBron James] plays the sport of"
        for _ in range(100):
            await pilot.pause(0.05)
            if desk.looked and desk.looked[-1][0] == tab:
                break
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=before)
