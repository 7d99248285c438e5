"""The queue pane: the requests that wait. It is there only while some do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from ..copying import Copy
from ..helpable import Help
from ..text import FAINT, MUTED, said
from .lines import LineList

if TYPE_CHECKING:
    from ....store.records import QueueRecord


class QueueList(LineList):
    """The requests that wait, next first."""

    BORDER_TITLE = "Queue"

    help = Help(
        "Queue",
        "Requests that were loaded from a file with /queue add FILE, in their order. s takes the "
        "next one and makes its edit; S runs the queue to its end, and esc stops it. What is done "
        "or failed leaves the list; /queue list --all shows it.",
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._entries: tuple[QueueRecord, ...] = ()

    @property
    def count(self) -> int:
        """One line for each request."""
        return len(self._entries)

    def show(self, entries: tuple[QueueRecord, ...]) -> None:
        """Draw a queue; an empty one is not shown."""
        self._entries = entries
        self.display = bool(entries)
        self.border_subtitle = f"{len(entries):,}" if entries else ""
        self.changed()

    def line(self, index: int, width: int) -> Content:
        """One request."""
        request = self._entries[index].request
        return Content.assemble(
            (f"{self._entries[index].position} ", MUTED),
            said(request.get("subject", "")),
            (" → ", FAINT),
            said(str(request.get("target_new", "")).strip()),
        )

    def copied(self) -> Copy | None:
        """The highlighted request, as it is typed."""
        if not self.count:
            return None
        from ....engine.request import EditRequest

        entry = self._entries[self.highlighted]
        typed = EditRequest.from_json(entry.request).typed
        return Copy(f"request {entry.position} of the queue", typed)
