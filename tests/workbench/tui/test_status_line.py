"""What the status line says of a running job, by a clock of the test's own."""

from __future__ import annotations

import pytest
from textual.app import App

from romebench.engine.progress import Progress
from romebench.workbench.tui.bottom.status_line import StatusLine, standing
from romebench.workbench.tui.lane.jobs import Job


class Clock:
    """Seconds that go on when told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Shell(App[None]):
    """A status line alone on the screen."""

    def __init__(self, clock):
        super().__init__()
        self.line = StatusLine(clock)

    def compose(self):
        yield self.line


@pytest.fixture
def clock():
    return Clock()


def text(line):
    line.tick()
    return line.content.plain


async def test_a_short_job_is_not_shown(clock):
    async with Shell(clock).run_test(size=(120, 5)) as pilot:
        line = pilot.app.line
        line.started(Job("undo"))
        clock.now += 0.1
        assert text(line) == ""
        clock.now += 0.2
        assert "undo" in text(line)
        assert "esc cancels" in text(line)


async def test_progress_has_a_bar_and_the_time_that_is_left(clock):
    async with Shell(clock).run_test(size=(120, 5)) as pilot:
        line, job = pilot.app.line, Job("edit")
        line.started(job)
        line.progressed(job, Progress("optimising v*", 0, 20))
        clock.now += 5
        line.progressed(job, Progress("optimising v*", 5, 20, "loss 3.21"))
        shown = text(line)
        assert "edit · optimising v*" in shown
        assert " 5/20" in shown
        assert "loss 3.21" in shown
        assert "ETA 15 s" in shown
        assert "5 s" in shown


async def test_a_new_stage_begins_its_own_estimate(clock):
    async with Shell(clock).run_test(size=(120, 5)) as pilot:
        line, job = pilot.app.line, Job("run")
        line.started(job)
        line.progressed(job, Progress("one", 1, 2))
        clock.now += 60
        line.progressed(job, Progress("two", 10, 20))
        assert "ETA" not in text(line)
        clock.now += 1
        line.progressed(job, Progress("two", 15, 20))
        assert "ETA 1 s" in text(line)


async def test_stopping_waiting_and_the_end_are_told(clock):
    async with Shell(clock).run_test(size=(120, 5)) as pilot:
        line, job = pilot.app.line, Job("run")
        line.started(job)
        line.waiting(2)
        clock.now += 1
        assert "2 waiting" in text(line)
        job.stop.set()
        assert "stopping…" in text(line)
        line.ended(job, 0)
        assert text(line) == ""


async def test_quiet_jobs_and_other_jobs_say_nothing(clock):
    async with Shell(clock).run_test(size=(120, 5)) as pilot:
        line = pilot.app.line
        line.started(Job("preview", quiet=True))
        line.progressed(Job("else"), Progress("x", 1, 2))
        clock.now += 1
        assert text(line) == ""


async def test_idle_tells_where_the_model_stands(clock, make_desk):
    desk = make_desk(steps=2)
    assert "at step 2  Eiffel Tower → Rome" in standing(desk.view()).plain
    desk.cursor = 0
    assert "unedited" in standing(desk.view()).plain
    assert "alt+r" in standing(desk.view()).plain
