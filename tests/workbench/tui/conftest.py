"""The screen by itself, over a desk in memory: always the same, and as quick as can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.pilot import Pilot
from textual.widgets import Input

from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.lane.desk import Desk
from romebench.workbench.tui.tabs.table import TABS

from .fake_desk import FakeDesk


@pytest.fixture(autouse=True)
def still_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blinking cursor would make two pictures of one screen."""
    begin = Input.__init__

    def steady(self: Input, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self.cursor_blink = False

    monkeypatch.setattr(Input, "__init__", steady)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the user's typing to rest: a test on a busy machine must not race it."""
    monkeypatch.setattr("romebench.workbench.tui.bottom.assist.PAUSE_S", 0.01)
    monkeypatch.setattr("romebench.workbench.tui.dialogs.edit_form.PAUSE_S", 0.01)
    monkeypatch.setattr("romebench.workbench.tui.workspace.SETTLE_S", 0.01)
    monkeypatch.setattr("romebench.workbench.tui.tabs.console.SETTLE_S", 0.01)


@pytest.fixture(autouse=True)
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paint when a test looks, not at every change: nobody sees the frames between."""
    paint = Compositor.render_update

    def when_asked(self: Compositor, full: bool = False, **kwargs: Any) -> Any:
        if full:
            return paint(self, full, **kwargs)
        self._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", when_asked)


@pytest.fixture
def make_desk(tmp_path: Path) -> Callable[..., FakeDesk]:
    """A desk in memory; `steps` edits on one line."""

    def make(**kwargs: Any) -> FakeDesk:
        return FakeDesk(tmp_path / "home", **kwargs)

    return make


@pytest.fixture
def desk(make_desk: Callable[..., FakeDesk]) -> FakeDesk:
    """A session with two edits."""
    return make_desk(steps=2)


@pytest.fixture
def make_app() -> Iterator[Callable[[Desk], Workbench]]:
    """A workbench over a desk; closed when the test is over."""
    made: list[Workbench] = []

    def make(desk: Desk) -> Workbench:
        made.append(Workbench(desk))
        return made[-1]

    yield make
    for app in made:
        app.finish()


def busy(app: Workbench) -> bool:
    """Whether anything is done or read, or nothing was yet."""
    bridge = app.bridge
    return not bridge.submitted or bridge.running is not None or app.workspace.conductor.reading


async def settled(pilot: Pilot[None], seconds: float = 90.0) -> None:
    """Wait until the lane is idle and the screen has drawn what came of it."""
    app = pilot.app
    assert isinstance(app, Workbench)
    until = time.monotonic() + seconds
    # A pause of the pilot asks every widget whether it is done, which is dear: few of them.
    for _ in range(2):
        await pilot.pause()
        while busy(app):
            assert time.monotonic() < until, f"still busy after {seconds} s"
            await asyncio.sleep(0.005)
    await pilot.pause()


@pytest.fixture
def settle() -> Callable[..., Any]:
    """Wait until nothing runs any more."""
    return settled


async def sent(pilot: Pilot[None], line: str) -> None:
    """Type a line and send it."""
    app = pilot.app
    assert isinstance(app, Workbench)
    app.workspace.line.focus()
    app.workspace.line.value = line
    await pilot.press("enter")
    await settled(pilot)


@pytest.fixture
def send() -> Callable[..., Any]:
    """Send a line as if it were typed."""
    return sent


def shown(app: Workbench) -> str:
    """Everything on the screen, as plain text."""
    screen = app.screen
    width, height = screen.size
    lines = screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in lines[:height]) if width else ""


@pytest.fixture
def text() -> Callable[[Workbench], str]:
    """The screen as text."""
    return shown


@pytest.fixture
def tab() -> dict[str, str]:
    """The key of each tab, wherever the table has put it."""
    return {each.name: str(at) for at, each in enumerate(TABS, start=1)}
