"""The lane bridge: order, progress, streams, failures and cancelling, without a screen."""

from __future__ import annotations

import threading
import time

import pytest

from romebench.engine.lane import EngineLane
from romebench.engine.progress import Progress, check
from romebench.errors import CancelledError
from romebench.workbench.commands.context import Chunk
from romebench.workbench.tui.lane.jobs import (
    Job,
    JobEnded,
    JobFailed,
    JobProgressed,
    JobStarted,
    JobStreamed,
    LaneBridge,
)
from romebench.workbench.tui.messages import Noted, ViewChanged


class Box:
    """Takes messages and waits for them."""

    def __init__(self):
        self.messages = []
        self.bridge = LaneBridge(EngineLane(), self.post)

    def post(self, message):
        self.messages.append(message)
        return True

    def wait(self, job):
        until = time.monotonic() + 5
        while not any(isinstance(m, JobEnded) and m.job is job for m in self.messages):
            assert time.monotonic() < until
            time.sleep(0.002)
        self.bridge.ended(job)

    def kinds(self):
        return [type(message) for message in self.messages]


@pytest.fixture
def box():
    made = Box()
    yield made
    made.bridge.stop_all()


def test_a_job_starts_gives_its_message_and_ends(box):
    job = Job("work")
    box.bridge.submit(job, lambda _: Noted("done"))
    box.wait(job)
    assert box.kinds() == [JobStarted, Noted, JobEnded]
    assert box.bridge.running is None


def test_jobs_run_one_after_the_other_outside_the_ui_thread(box):
    order = []

    def call(job):
        time.sleep(0.01)
        order.append((job.label, threading.current_thread() is threading.main_thread()))

    jobs = [Job(str(n)) for n in range(3)]
    for job in jobs:
        box.bridge.submit(job, call)
    assert box.bridge.running is jobs[0]
    assert box.bridge.waiting == 2
    for job in jobs:
        box.wait(job)
    assert order == [("0", False), ("1", False), ("2", False)]


@pytest.mark.parametrize("error", [ValueError("x"), CancelledError("stopped")])
def test_a_failure_is_a_message(box, error):
    def call(job):
        raise error

    job = Job("work")
    box.bridge.submit(job, call)
    box.wait(job)
    failed = box.messages[1]
    assert isinstance(failed, JobFailed)
    assert failed.error is error
    assert failed.cancelled is isinstance(error, CancelledError)
    after = Job("after")
    box.bridge.submit(after, lambda _: None)
    box.wait(after)


def test_cancelling_stops_what_runs_and_what_waits_but_not_what_is_quiet(box):
    began = threading.Event()

    def slow(job):
        began.set()
        while True:
            check(job.stop, job.label)
            time.sleep(0.001)

    running, quiet, waiting = Job("running"), Job("quiet", quiet=True), Job("waiting")
    box.bridge.submit(running, slow)
    box.bridge.submit(quiet, lambda _: Noted("read"))
    box.bridge.submit(waiting, lambda _: Noted("never"))
    assert began.wait(5)
    assert box.bridge.cancel() is running
    for job in (running, quiet, waiting):
        box.wait(job)
    failed = [m.job.label for m in box.messages if isinstance(m, JobFailed) and m.cancelled]
    assert failed == ["running", "waiting"]
    assert [m.text for m in box.messages if isinstance(m, Noted)] == ["read"]
    assert box.bridge.cancel() is None


def test_streams_are_taken_whole_and_in_order(box):
    job = Job("write")

    def call(job):
        emit = box.bridge.emit(job)
        for n in range(100):
            emit(Chunk("cursor", str(n)))

    box.bridge.submit(job, call)
    box.wait(job)
    assert box.kinds().count(JobStreamed) == 100
    assert [event.text for event in job.take()] == [str(n) for n in range(100)]
    assert job.take() == []


def test_floods_collapse_to_the_newest():
    one, two = Job("one"), Job("two")
    first, later = JobProgressed(one, Progress("a", 1)), JobProgressed(one, Progress("a", 2))
    assert later.can_replace(first)
    assert not JobProgressed(two, Progress("a", 1)).can_replace(first)
    assert JobStreamed(one).can_replace(JobStreamed(one))
    assert not JobStreamed(one).can_replace(JobStreamed(two))
    assert ViewChanged(None).can_replace(ViewChanged(None))
    assert not ViewChanged(None).can_replace(JobEnded(one))
