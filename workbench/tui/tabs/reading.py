"""What a tab is that shows something read in a lane: what it asks for, and how it shows it.

A tab never reads anything itself: `readings.py` has it read when it is in view and out of date.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

if TYPE_CHECKING:
    from ....engine.progress import Progress
    from ..lane.asks import Ask
    from ..view import View


class ReadingTab:
    """Mixed into the widget of a tab.

    Attributes:
        follows: The long commands that are seen in this tab while they run; others are told of in
            the console.
    """

    follows: ClassVar[frozenset[str]] = frozenset()

    class Changed(Message):
        """The tab wants to see something else."""

    def asked(self, view: View) -> Ask | str:
        """What the tab wants to see; a sentence where there is nothing to be seen, and why."""
        raise NotImplementedError

    def revision(self, view: View) -> Hashable:
        """What has to change for the same ask to be read again: any change of the session."""
        return view.number

    def moves(self, progress: Progress) -> bool:
        """Whether a report of what runs means that there is more to be seen."""
        return False

    def idle(self) -> None:
        """Nothing runs."""

    def show(self, found: Any) -> None:
        """Show what was read."""
        raise NotImplementedError

    def say(self, why: str) -> None:
        """Say why there is nothing to see."""
        raise NotImplementedError

    def working(self) -> None:
        """What is shown is out of date, and is being read again."""
