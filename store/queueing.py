"""The queue of a session: requests in the order they came, and what became of each.

Each method is one transaction that appends one operation, as in `writing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, insert, select, update

from ..errors import StoreError
from .access import Access, Change
from .codec import queue_values
from .projections import QUEUE
from .records import Json, QueueRecord
from .schema import QueueRow

PENDING = "pending"
CLEARED = "cleared"


class Queueing(Access):
    """The part of the repository that keeps the queue."""

    def queue(self, session_id: int, status: str | None = None) -> list[QueueRecord]:
        """The entries by position: all that ever were, or those of one status."""
        query = select(*QUEUE).where(QueueRow.session_id == session_id).order_by(QueueRow.position)
        if status is not None:
            query = query.where(QueueRow.status == status)
        with self.database.read() as connection:
            return [QueueRecord(*row) for row in connection.execute(query)]

    def enqueue(
        self,
        session_id: int,
        entries: Sequence[QueueRecord],
        *,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> list[QueueRecord]:
        """Puts entries at the end of the queue.

        Args:
            entries: Their `position` is given here: the highest ever + 1 and on.

        Returns:
            The entries with their positions. The operation's result gets `queued` and `first`.
        """
        with self._change(session_id, command, params, result, elapsed_s) as change:
            first = _last_position(change) + 1
            stored = [replace(entry, position=first + i) for i, entry in enumerate(entries)]
            owner = {"session_id": session_id}
            if stored:
                rows = [{**owner, **queue_values(entry)} for entry in stored]
                change.connection.execute(insert(QueueRow), rows)
            change.result.update(queued=len(stored), first=first)
        return stored

    def set_queue_status(
        self,
        session_id: int,
        position: int,
        status: str,
        *,
        message: str = "",
        step: int | None = None,
        command: str,
        params: Json,
        operation_status: str = "ok",
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> None:
        """Notes what became of an entry.

        Args:
            position: The entry.
            status: Its new status: pending, done, failed, cleared.
            message: Why it failed.
            step: The step it became.
            operation_status: Of the operation: `failed` where the entry's edit failed, so that
                both are written at once.

        Raises:
            StoreError: There is no such entry.
        """
        with self._change(
            session_id, command, params, result, elapsed_s, operation_status
        ) as change:
            finish_entry(change, position, status, step=step, message=message)

    def clear_queue(
        self,
        session_id: int,
        *,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> int:
        """Takes every pending entry off: it stays in the record as `cleared`.

        Returns:
            How many there were; the operation's result gets it as `cleared`.
        """
        with self._change(session_id, command, params, result, elapsed_s) as change:
            cleared = change.connection.execute(
                update(QueueRow)
                .where(QueueRow.session_id == session_id, QueueRow.status == PENDING)
                .values(status=CLEARED)
            ).rowcount
            change.result["cleared"] = cleared
        return cleared


def finish_entry(
    change: Change, position: int, status: str, *, step: int | None = None, message: str = ""
) -> None:
    """Sets what became of an entry.

    Raises:
        StoreError: There is no such entry.
    """
    found = change.connection.execute(
        update(QueueRow)
        .where(QueueRow.session_id == change.session_id, QueueRow.position == position)
        .values(status=status, step=step, message=message)
    ).rowcount
    if not found:
        raise StoreError(
            f"the queue has no entry {position}", "`romebench show` lists what is queued."
        )


def _last_position(change: Change) -> int:
    last = change.connection.scalar(
        select(func.max(QueueRow.position)).where(QueueRow.session_id == change.session_id)
    )
    return last or 0
