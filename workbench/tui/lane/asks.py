"""What a tab wants read, and what comes back. Knows no widget.

An ask is a value: a tab that asks the same at the same state of the session is up to date.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from textual.message import Message

if TYPE_CHECKING:
    from .desk import Desk, Ears


class Ask(Hashable, Protocol):
    """What a tab wants to see."""

    @property
    def label(self) -> str:
        """What is done, in the user's words."""
        ...

    @property
    def looks_inside(self) -> bool:
        """It needs the model, and so the engine lane; else it reads the store beside it."""
        ...

    @property
    def quiet(self) -> bool:
        """Too small to be shown while it runs."""
        ...

    def read(self, desk: Desk, ears: Ears) -> Any:
        """Read it; None where it can't be read now.

        Raises:
            RomebenchError: It can't be read, and why.
        """
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """What a tab asked for.

    Attributes:
        tab: The tab's name.
        asked: What it asked for.
        found: What was read; None where nothing could be, or where it was stopped.
        error: Why there is nothing to see; empty where there is.
    """

    tab: str
    asked: Ask
    found: Any = None
    error: str = ""


class PageRead(Message):
    """A page came back."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page


@dataclass(frozen=True, slots=True)
class OperationsAsked:
    """The newest operations of a session, oldest first."""

    session: str
    limit: int
    label = "reading the log"
    looks_inside = False
    quiet = True

    def read(self, desk: Desk, ears: Ears) -> Any:
        """A list of `OperationRecord`."""
        return desk.operations(self.session, self.limit)


@dataclass(frozen=True, slots=True)
class RetentionAsked:
    """What was measured of the earlier edits of a session."""

    session: str
    label = "reading the retention"
    looks_inside = False
    quiet = True

    def read(self, desk: Desk, ears: Ears) -> Any:
        """A `Retention`."""
        return desk.retention(self.session)


@dataclass(frozen=True, slots=True)
class TrailsAsked:
    """The vitals of some sessions; the first is the one that is worked on."""

    sessions: tuple[str, ...]
    label = "reading the vitals"
    looks_inside = False
    quiet = True

    def read(self, desk: Desk, ears: Ears) -> Any:
        """A tuple of `Trail`."""
        return desk.trails(self.sessions)


@dataclass(frozen=True, slots=True)
class RunsAsked:
    """The evaluation runs of the store."""

    label = "reading the evaluations"
    looks_inside = False
    quiet = True

    def read(self, desk: Desk, ears: Ears) -> Any:
        """A tuple of `RunLine`."""
        return desk.runs()


@dataclass(frozen=True, slots=True)
class RunAsked:
    """A run with its cases."""

    session: str
    label = "reading the evaluation"
    looks_inside = False
    quiet = True

    def read(self, desk: Desk, ears: Ears) -> Any:
        """A `Run`; None where it isn't there yet."""
        return desk.run(self.session)


@dataclass(frozen=True, slots=True)
class CaseAsked:
    """A case with its prompts and texts."""

    session: str
    case_id: int
    label = "reading the case"
    looks_inside = False
    quiet = True

    def read(self, desk: Desk, ears: Ears) -> Any:
        """A `CasePage`."""
        return desk.case(self.session, self.case_id)


@dataclass(frozen=True, slots=True)
class ResumeAsked:
    """The command that goes on with a run."""

    session: str
    label = "reading the plan of the evaluation"
    looks_inside = False
    quiet = True

    def read(self, desk: Desk, ears: Ears) -> Any:
        """An `Invocation`."""
        return desk.going_on(self.session)
