"""What comes back from the engine lane, beyond the life of a job (`jobs.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from .lane.jobs import Job, JobMessage

if TYPE_CHECKING:
    from ...engine.request import EditRequest
    from ...store.records import Json, StepRecord
    from ..commands.parsing import Invocation
    from ..commands.results import Result
    from .lane.answers import Answers
    from .lane.desk import Opened
    from .lane.examples import Example
    from .view import View


class SessionOpened(Message):
    """The store is open; the session too, where there is one."""

    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self.opened = opened


class ModelLoaded(Message):
    """The model is in memory."""

    def __init__(self, view: View | None) -> None:
        super().__init__()
        self.view = view


class ViewChanged(Message):
    """The session is no longer as it was shown; a later picture replaces one not shown yet."""

    def __init__(self, view: View | None) -> None:
        super().__init__()
        self.view = view

    def can_replace(self, message: Message) -> bool:
        """Only the newest picture counts."""
        return isinstance(message, ViewChanged)


class Executed(JobMessage):
    """A command did its work."""

    def __init__(self, job: Job, invocation: Invocation, result: Result) -> None:
        super().__init__(job)
        self.invocation = invocation
        self.result = result


class Answered(JobMessage):
    """Both models answered to the fact that the job's command was about; None: they can't."""

    def __init__(self, job: Job, answers: Answers | None) -> None:
        super().__init__(job)
        self.answers = answers


class Noted(Message):
    """A command has a remark."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class StopWanted(Message):
    """A tab wants what runs to be stopped."""


class PreviewRead(Message):
    """What an edit would start from; `preview` is None while no model is loaded."""

    def __init__(self, request: EditRequest, preview: Json | None, error: str = "") -> None:
        super().__init__()
        self.request = request
        self.preview = preview
        self.error = error


class StepRead(Message):
    """All that is recorded of a step."""

    def __init__(self, record: StepRecord) -> None:
        super().__init__()
        self.record = record


class CommandWanted(Message):
    """A tab wants a command run, and stays in view while it does."""

    def __init__(self, invocation: Invocation) -> None:
        super().__init__()
        self.invocation = invocation


class ExamplesRead(Message):
    """First edits to try."""

    def __init__(self, examples: tuple[Example, ...]) -> None:
        super().__init__()
        self.examples = examples
