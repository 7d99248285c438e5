"""Sessions as a whole: making, finding, listing, naming and deleting them."""

from __future__ import annotations

import uuid
from dataclasses import replace

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from ..errors import StoreError
from .access import Access, Change, append_operation, near, store_hparams
from .codec import session_values, utc_now
from .projections import SESSION, or_base, session_record
from .records import CursorRecord, Json, SessionRecord, SessionSummary
from .schema import (
    BranchRow,
    CursorRow,
    DeltaRow,
    GenerationRow,
    HparamsRow,
    IntentRow,
    MeasurementRow,
    OperationRow,
    QueueRow,
    SessionRow,
    StepDetailRow,
    StepRow,
)

FIRST_BRANCH = "main"
"""The branch every session begins on."""

LONGEST_NAME = 200
"""Longest name of a session or branch, in characters."""

_CHILDREN_FIRST = (
    IntentRow,
    OperationRow,
    QueueRow,
    GenerationRow,
    MeasurementRow,
    CursorRow,
    BranchRow,
    DeltaRow,
    StepDetailRow,
    StepRow,
)


class Sessions(Access):
    """The part of the repository that keeps the list of sessions."""

    def create_session(self, record: SessionRecord) -> SessionRecord:
        """Makes a session at the base, on branch "main", with a first operation "create".

        Args:
            record: With `id` 0; an empty `uid`, `created_at` or `used_at` is filled in.

        Returns:
            The session as stored.

        Raises:
            StoreError: The name is taken or no name, or the file can't be written.
        """
        now = utc_now()
        with self.database.write() as connection:
            stored = insert_session(connection, record, now)
            branch = connection.execute(
                insert(BranchRow).returning(BranchRow.id),
                {
                    "session_id": stored.id,
                    "name": FIRST_BRANCH,
                    "tip": None,
                    "created_at": stored.created_at,
                },
            ).scalar_one()
            connection.execute(
                insert(CursorRow), {"session_id": stored.id, "branch_id": branch, "step": None}
            )
            start = CursorRecord(FIRST_BRANCH, 0)
            change = Change(connection, stored.id, stored.used_at, start, {})
            append_operation(
                change,
                "create",
                {"name": stored.name, "model": stored.model},
                status="ok",
                elapsed_s=0.0,
            )
        return stored

    def find_session(self, name: str) -> SessionRecord | None:
        """The session of that name, or None."""
        with self.database.read() as connection:
            row = connection.execute(
                select(*SESSION)
                .join(HparamsRow, HparamsRow.digest == SessionRow.hparams)
                .where(SessionRow.name == name)
            ).one_or_none()
        return None if row is None else session_record(row)

    def session(self, name: str) -> SessionRecord:
        """The session of that name.

        Raises:
            StoreError: There is none; the hint names those that are near.
        """
        found = self.find_session(name)
        if found is None:
            raise StoreError(f"there is no session named '{name}'", near(name, self._names()))
        return found

    def sessions(self) -> list[SessionSummary]:
        """Every session, the last used first. Reads one step of each, however many there are."""
        at_cursor = and_(StepRow.session_id == SessionRow.id, StepRow.step == CursorRow.step)
        query = (
            select(
                SessionRow.name,
                SessionRow.model,
                SessionRow.rule,
                SessionRow.step_count,
                or_base(CursorRow.step),
                BranchRow.name,
                SessionRow.created_at,
                SessionRow.used_at,
                func.coalesce(StepRow.verdict, ""),
            )
            .join(CursorRow, CursorRow.session_id == SessionRow.id)
            .join(BranchRow, BranchRow.id == CursorRow.branch_id)
            .outerjoin(StepRow, at_cursor)
            .order_by(SessionRow.used_at.desc(), SessionRow.id.desc())
        )
        with self.database.read() as connection:
            return [SessionSummary(*row) for row in connection.execute(query)]

    def touch(self, session_id: int) -> None:
        """Marks the session as used now; no operation."""
        with self.database.write() as connection:
            connection.execute(
                update(SessionRow).where(SessionRow.id == session_id).values(used_at=utc_now())
            )

    def last_used(self) -> str | None:
        """The name of the session used last; None in an empty store."""
        query = (
            select(SessionRow.name)
            .order_by(SessionRow.used_at.desc(), SessionRow.id.desc())
            .limit(1)
        )
        with self.database.read() as connection:
            return connection.scalar(query)

    def rename_session(self, session_id: int, new: str) -> None:
        """Gives the session another name; appends an operation "sessions rename".

        Raises:
            StoreError: The name is taken or no name.
        """
        params: Json = {"name": "", "to": new}
        row = SessionRow.id == session_id
        with self._change(session_id, "sessions rename", params) as change:
            params["name"] = change.connection.scalar(select(SessionRow.name).where(row))
            if params["name"] != new:
                require_free(change.connection, new)
                change.connection.execute(update(SessionRow).where(row).values(name=new))

    def set_watch(self, session_id: int, watch: Json) -> None:
        """Keeps how the session is watched from now on; appends an operation "watch"."""
        with self._change(session_id, "watch", watch) as change:
            change.connection.execute(
                update(SessionRow).where(SessionRow.id == session_id).values(watch=watch)
            )

    def delete_session(self, session_id: int) -> None:
        """Deletes the session with all its rows, for good: the user asked for it to go.

        The caller holds the session's writer lock. Hyperparameters stay: other sessions may
        share them.
        """
        with self.database.write() as connection:
            for row in _CHILDREN_FIRST:
                connection.execute(delete(row).where(row.session_id == session_id))
            connection.execute(delete(SessionRow).where(SessionRow.id == session_id))

    def unique_name(self, stem: str) -> str:
        """The stem itself where it is free, else "stem-2", "stem-3", …"""
        taken = set(self._names())
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        return name

    def _names(self) -> list[str]:
        with self.database.read() as connection:
            return list(connection.scalars(select(SessionRow.name).order_by(SessionRow.name)))


def insert_session(connection: Connection, record: SessionRecord, now: str) -> SessionRecord:
    """Writes the row of a session, with its counters at nothing.

    Raises:
        StoreError: The name is taken or no name, or the session is in the store already.
    """
    require_free(connection, record.name)
    uid = record.uid or uuid.uuid4().hex
    same = connection.scalar(select(SessionRow.name).where(SessionRow.uid == uid))
    if same is not None:
        raise StoreError(
            f"this session is in the store already, as '{same}'",
            "Import it as a copy with an identity of its own, or delete the other first.",
        )
    stored = replace(
        record, uid=uid, created_at=record.created_at or now, used_at=record.used_at or now
    )
    values = {
        **session_values(stored),
        "hparams": store_hparams(connection, record.hparams),
        "step_count": 0,
        "last_step": 0,
    }
    number = connection.execute(insert(SessionRow).returning(SessionRow.id), values).scalar_one()
    return replace(stored, id=number)


def require_free(connection: Connection, name: str) -> None:
    """Refuses a session name that is taken or can't be one.

    Raises:
        StoreError: Naming the name.
    """
    require_name(name, "session")
    taken = connection.scalar(select(SessionRow.id).where(SessionRow.name == name))
    if taken is not None:
        raise StoreError(f"there is a session named '{name}' already", "Choose another name.")


def require_name(name: str, kind: str) -> None:
    """Refuses names that could not be typed or shown: empty, unprintable, very long.

    Raises:
        StoreError: Naming the name.
    """
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise StoreError(
            f"{name!r} is no name for a {kind}",
            "A name has visible characters, none of them a control character, and no space at "
            "either end.",
        )
    if len(name) > LONGEST_NAME:
        raise StoreError(
            f"a name of {len(name)} characters is too long for a {kind}",
            f"At most {LONGEST_NAME} characters.",
        )
