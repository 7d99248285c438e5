"""What a command is given when it runs: the bench, and the front end's ears for one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from ...engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ...errors import UsageError
from .options import SessionChoices

if TYPE_CHECKING:
    from ...sessions.live import LiveSession
    from ...sessions.session import Session
    from ..bench import Bench
    from .results import StepBrief

Side = Literal["base", "cursor"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of text as it comes.

    Attributes:
        side: Which weights write.
        text: What was just written; or the prompt it goes on from, which comes first.
        prompt: This is the prompt.
    """

    side: Side
    text: str
    prompt: bool = False


def _drop(_: object) -> None:
    """Drop an event."""


def _no_input() -> str:
    raise UsageError(
        "'-' reads standard input, and there is none here",
        "name a file instead",
    )


@dataclass(frozen=True, slots=True)
class Context:
    """One call of a command.

    Attributes:
        bench: What stays open between calls.
        progress: Takes reports of a long call; called from the thread that runs the command.
        stop: Asks the call to stop.
        emit: Takes Chunks and StepBriefs as they come, from the thread that runs the command.
        note: Takes one-line remarks that are not data ("created session 'pocket'").
        choices: Session options typed with this call.
        read_input: Gives all of standard input where "-" was typed.
    """

    bench: Bench
    progress: ProgressSink = ignore
    stop: StopFlag = NEVER
    emit: Callable[[Chunk | StepBrief], None] = _drop
    note: Callable[[str], None] = _drop
    choices: SessionChoices = field(default_factory=SessionChoices)
    read_input: Callable[[], str] = _no_input

    def reading(self, read_input: Callable[[], str]) -> Context:
        """The same call with a standard input."""
        return replace(self, read_input=read_input)

    def session(self, *, write: bool) -> Session:
        """The current session, without its model."""
        return self.bench.session(write=write, note=self.note)

    def live(self, *, new: SessionChoices | None = None, write: bool = True) -> LiveSession:
        """The current session with its model loaded; created where it does not exist yet.

        Args:
            new: Options that count, before this call's own, only where the session is created.
            write: Take the writer lock.
        """
        live = self.bench.live(
            self.choices,
            new=new,
            write=write,
            progress=self.progress,
            stop=self.stop,
            note=self.note,
        )
        live.watch_as(self.choices.vitals, self.choices.guard)
        return live
