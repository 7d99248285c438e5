"""Writes into the console what became of a job: streams, results, failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...errors import CancelledError, RomebenchError, UsageError
from ..commands.common import Format
from ..render import render
from .lane.jobs import Job, JobFailed, JobStreamed
from .messages import Answered, Executed
from .tabs.console import Console

if TYPE_CHECKING:
    from ..commands.parsing import Invocation


class Reporter:
    """Knows which block of the console belongs to which job.

    Args:
        console: Where to write.
        tell: Shows a failure that wants to be read, in a dialog.
        toast: Shows a failure that a glance is enough for: what failed, and why.
    """

    def __init__(
        self,
        console: Console,
        tell: Callable[[str, BaseException], None],
        toast: Callable[[str, str], None],
    ) -> None:
        self._console = console
        self._tell = tell
        self._toast = toast

    def begun(self, job: Job, asked: Invocation, cursor: int) -> None:
        """A command was submitted: make room for what it will stream."""
        params = asked.params
        if asked.command.name == "generate":
            self._console.write(
                job.number,
                " ".join(params.prompt),
                compare=params.compare,
                at=params.at,
                step=cursor,
            )
        elif asked.command.name == "run":
            self._console.run(job.number)

    def streamed(self, message: JobStreamed) -> None:
        """Text or steps came."""
        from ..commands.context import Chunk

        number = message.job.number
        writing, run = self._console.writing(number), self._console.running(number)
        for event in message.job.take():
            if isinstance(event, Chunk):
                if writing is not None and not event.prompt:
                    writing.add(event.side, event.text)
            elif run is not None:
                run.add(event)

    def executed(self, message: Executed) -> None:
        """A command gave its result."""
        from ..commands.results import Edited, Moved, RunDone, Written, csv_text
        from .lane.bounded import bounded

        result, number, console = message.result, message.job.number, self._console
        writing, run = console.writing(number), console.running(number)
        if message.invocation.json:
            console.report(json.dumps(result.to_json(), indent=2, ensure_ascii=False))
        elif message.invocation.format is Format.CSV:
            console.report(csv_text(result))
        elif isinstance(result, Edited):
            console.edited(number, result)
        elif isinstance(result, Moved):
            console.moved(number, result)
        elif isinstance(result, Written) and writing is not None:
            writing.finish(result)
        elif isinstance(result, RunDone) and run is not None:
            run.finish(result)
        else:
            shown, remark = bounded(result)
            console.report(render(shown))
            if remark:
                console.note(remark)

    def answered(self, message: Answered) -> None:
        """Both models answered."""
        card = self._console.card(message.job.number)
        if card is not None:
            card.answer(message.answers)

    def failed(self, message: JobFailed) -> None:
        """A job raised. What is known is told in the console; what is not, in a dialog too."""
        error, job = message.error, message.job
        for block in (self._console.writing(job.number), self._console.running(job.number)):
            if block is not None:
                block.stop("cancelled" if message.cancelled else "failed")
        if isinstance(error, CancelledError):
            self._console.note(error.message, error.hint, "warning")
        elif job.quiet and isinstance(error, RomebenchError):
            self._toast(job.label, error.message)
        elif isinstance(error, UsageError):
            self._console.note(error.message, error.hint, "error")
            self._toast(job.label, error.message)
        else:
            self._tell(job.label, error)
