"""What every part of the repository stands on: a database, and changes that record themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from ..errors import StoreError
from .codec import hparams_values, operation_values, utc_now
from .database import Database
from .projections import CURSOR
from .records import BASE, CursorRecord, Json, OperationRecord
from .schema import (
    BranchRow,
    CursorRow,
    HparamsRow,
    IntentRow,
    OperationRow,
    SessionRow,
    StepRow,
)


@dataclass(slots=True)
class Change:
    """A write under way: one transaction on one session.

    Attributes:
        connection: In a BEGIN IMMEDIATE transaction.
        session_id: The session's row number.
        now: The time of the change.
        before: The cursor when it began.
        result: Goes into the operation; may be added to until the change ends.
        operation: The operation appended at the end; none before.
    """

    connection: Connection
    session_id: int
    now: str
    before: CursorRecord
    result: Json
    operation: OperationRecord | None = None


class Access:
    """Base of the repository's parts.

    Args:
        database: The open file; the caller closes it.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextmanager
    def _change(
        self,
        session_id: int,
        command: str,
        params: Json,
        result: Json | None = None,
        elapsed_s: float = 0.0,
        status: str = "ok",
    ) -> Iterator[Change]:
        """One transaction that also appends the operation, clears the intent, marks the use."""
        with self.database.write() as connection:
            change = start_change(connection, session_id, result)
            yield change
            end_intent(connection, session_id)
            change.operation = append_operation(
                change, command, params, status=status, elapsed_s=elapsed_s
            )


def start_change(connection: Connection, session_id: int, result: Json | None = None) -> Change:
    """A change that begins now, in a write transaction.

    Raises:
        StoreError: There is no such session.
    """
    before = read_cursor(connection, session_id)
    return Change(connection, session_id, utc_now(), before, dict(result or {}))


def append_operation(
    change: Change, command: str, params: Json, *, status: str, elapsed_s: float
) -> OperationRecord:
    """Appends the next operation of the session and marks the session as used now."""
    connection, session_id = change.connection, change.session_id
    last = connection.scalar(
        select(func.max(OperationRow.number)).where(OperationRow.session_id == session_id)
    )
    record = OperationRecord(
        number=(last or 0) + 1,
        command=command,
        params=params,
        status=status,
        result=change.result,
        before=change.before,
        after=read_cursor(connection, session_id),
        created_at=change.now,
        elapsed_s=elapsed_s,
    )
    connection.execute(insert(OperationRow), {"session_id": session_id, **operation_values(record)})
    connection.execute(
        update(SessionRow).where(SessionRow.id == session_id).values(used_at=change.now)
    )
    return record


def end_intent(connection: Connection, session_id: int) -> None:
    """Forgets the command under way."""
    connection.execute(delete(IntentRow).where(IntentRow.session_id == session_id))


def read_cursor(connection: Connection, session_id: int) -> CursorRecord:
    """Where the session stands.

    Raises:
        StoreError: There is no such session.
    """
    row = connection.execute(
        select(*CURSOR)
        .join(BranchRow, BranchRow.id == CursorRow.branch_id)
        .where(CursorRow.session_id == session_id)
    ).one_or_none()
    if row is None:
        raise StoreError(
            f"session number {session_id} is no longer in the store",
            "`romebench sessions list` shows those that are.",
        )
    return CursorRecord(*row)


def store_hparams(connection: Connection, content: Json) -> str:
    """Keeps hyperparameters once for each distinct content; gives their digest."""
    values = hparams_values(content)
    connection.execute(insert_or(HparamsRow).on_conflict_do_nothing(), values)
    digest: str = values["digest"]
    return digest


def depth_of(connection: Connection, session_id: int, step: int) -> int:
    """How far a step is from the base; 0 for the base.

    Raises:
        StoreError: There is no such step.
    """
    if step == BASE:
        return 0
    depth = connection.scalar(
        select(StepRow.depth).where(StepRow.session_id == session_id, StepRow.step == step)
    )
    if depth is None:
        raise no_step(connection, session_id, step)
    return depth


def no_step(connection: Connection, session_id: int, step: int) -> StoreError:
    """The failure of asking for a step that isn't there."""
    last = connection.scalar(select(SessionRow.last_step).where(SessionRow.id == session_id))
    hint = f"Its steps go up to {last}; 0 is the base." if last else "It has no steps yet."
    return StoreError(f"the session has no step {step}", hint)


def near(name: str, names: list[str]) -> str:
    """A hint that names what was probably meant."""
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return "Did you mean " + " or ".join(f"'{other}'" for other in close) + "?"
    if names:
        return "There are: " + ", ".join(names[:8]) + (", …" if len(names) > 8 else "") + "."
    return "There are none yet."
