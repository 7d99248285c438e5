"""Reading an export back into a store: every line is checked, then all is written at once or none.

How the file is read and checked is in `content.py`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.progress import NEVER, ProgressSink, StopFlag, check, ignore
from ..errors import StoreError
from ..store.records import (
    SessionRecord,
)
from .content import read_content
from .names import check_session_name

if TYPE_CHECKING:
    from ..store.repository import Repository


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import wrote.

    Attributes:
        session: Name it got in this store.
        steps: How many steps it has.
        copied_from: Name it had, where it got another.
        same_session: Whether it kept its identity; false where the store held that session.
    """

    session: str
    steps: int
    copied_from: str | None
    same_session: bool


def import_session(
    repository: Repository,
    path: Path,
    *,
    name: str | None = None,
    keep_name: bool = False,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> ImportReport:
    """Write an exported session into the store, in one transaction.

    The session keeps its identity where the store doesn't hold it yet; else it becomes a copy with
    a new identity that names its source.

    Args:
        name: Name to give it; the recorded one if None.
        keep_name: Refuse when the name is taken; else the next free one is used.

    Raises:
        FileFormatError: The file is no export; names file and line.
        StoreError: The name is taken and `keep_name` is set; the store can't be written.
        UsageError: `name` can't be used.
        CancelledError: `stop` was set; nothing was written.
    """
    content = read_content(path, progress=progress, stop=stop)
    assert content.session is not None
    assert content.cursor is not None
    wanted = check_session_name(name) if name is not None else content.session.name
    free = repository.unique_name(wanted)
    if free != wanted and keep_name:
        raise StoreError(f"there is a session {wanted!r} already", "give another name")
    record = _identified(repository, replace(content.session, name=free))
    check(stop, "the import")
    stored = repository.import_session(
        record,
        [content.steps[n] for n in sorted(content.steps)],
        [content.deltas[n] for n in sorted(content.deltas)],
        content.branches,
        content.cursor,
        content.queue,
        content.generations,
        content.measurements,
        content.operations,
    )
    return ImportReport(
        session=stored.name,
        steps=len(content.steps),
        copied_from=content.session.name if stored.name != content.session.name else None,
        same_session=stored.uid == content.session.uid,
    )


def _identified(repository: Repository, record: SessionRecord) -> SessionRecord:
    """The record as it is, or as a copy where the store holds that session already."""
    taken = {repository.session(line.name).uid for line in repository.sessions()}
    if record.uid not in taken:
        return record
    source = {"kind": "import", "uid": record.uid, "created_at": record.created_at}
    return replace(record, uid=uuid.uuid4().hex, source=source)
