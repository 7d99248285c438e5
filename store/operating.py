"""The operations of a session: what was done, what failed, and what a dead process left undone.

An intent is noted before a long command and ends in the transaction that ends the command. One
that is still there when nobody is at work belongs to a process that died.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import insert, select

from .access import Access, Change, append_operation, end_intent, start_change
from .projections import OPERATION, operation_record
from .records import Intent, Json, OperationRecord
from .schema import IntentRow, OperationRow


class Operating(Access):
    """The part of the repository that keeps operations and intents."""

    def operations(self, session_id: int, limit: int | None = None) -> list[OperationRecord]:
        """The operations, oldest first; with a limit, the last so many."""
        query = (
            select(*OPERATION)
            .where(OperationRow.session_id == session_id)
            .order_by(OperationRow.number.desc())
            .limit(limit)
        )
        with self.database.read() as connection:
            return [operation_record(row) for row in connection.execute(query)][::-1]

    def begin(self, session_id: int, intent: Intent) -> None:
        """Notes a command that is about to run, for `recover` to name if the process dies.

        An intent that is still there belongs to a command whose end could not be written: it
        becomes an `interrupted` operation first.
        """
        with self.database.write() as connection:
            change = start_change(connection, session_id)
            _interrupt(change)
            values = {
                "session_id": session_id,
                "command": intent.command,
                "params": intent.params,
                "created_at": change.now,
            }
            connection.execute(insert(IntentRow), values)

    def recover(self, session_id: int) -> OperationRecord | None:
        """Turns the intent a dead process left into an `interrupted` operation that names it.

        The caller holds the session's writer lock, so nobody else is at work on it.

        Returns:
            The operation, or None where nothing was left.
        """
        with self.database.read() as connection:
            left = select(IntentRow.command).where(IntentRow.session_id == session_id)
            if connection.scalar(left) is None:
                return None
        with self.database.write() as connection:
            return _interrupt(start_change(connection, session_id))

    def record_operation(
        self,
        session_id: int,
        *,
        command: str,
        params: Json,
        status: str,
        result: Json | None = None,
        elapsed_s: float = 0.0,
    ) -> OperationRecord:
        """Appends the operation of a command that changed nothing else: failed, cancelled, …"""
        with self._change(session_id, command, params, result, elapsed_s, status) as change:
            pass
        assert change.operation is not None
        return change.operation


def _interrupt(change: Change) -> OperationRecord | None:
    """Turns an intent that was left behind into an `interrupted` operation that names it."""
    left = change.connection.execute(
        select(IntentRow.command, IntentRow.params, IntentRow.created_at).where(
            IntentRow.session_id == change.session_id
        )
    ).one_or_none()
    if left is None:
        return None
    end_intent(change.connection, change.session_id)
    named = replace(change, result={"began_at": left.created_at})
    return append_operation(named, left.command, left.params, status="interrupted", elapsed_s=0.0)
