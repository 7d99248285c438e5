"""A session: one history in the store, with its cursor, its queue and the right to write to it.

Owns the moves (undo, redo, goto, branch) and their record. Knows no model: whoever keeps one in
step with the cursor is its follower. Never imports torch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ..engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ..errors import CancelledError, RomebenchError, SessionBusyError
from ..store.records import (
    BranchRecord,
    CursorRecord,
    Json,
    OperationRecord,
    QueueRecord,
    SessionRecord,
    StepLine,
    StepRecord,
)
from .view import SessionView

if TYPE_CHECKING:
    from ..engine.request import EditRequest
    from ..store.lock import WriterLock
    from ..store.repository import Repository
    from .watch.levels import Watch

logger = logging.getLogger(__name__)


class Follower(Protocol):
    """Something that has to stand where the cursor stands: the weights of a live model."""

    def follow(self, step: int, progress: ProgressSink, stop: StopFlag) -> None:
        """Go to a step; raise where that can't be done, standing where it stood."""
        ...


@dataclass(frozen=True, slots=True)
class Move:
    """What a move of the cursor did.

    Attributes:
        before: Where the cursor was.
        after: Where it is.
        undone: Steps that are no longer in force, the last first.
        redone: Steps that came into force, in their order.
    """

    before: CursorRecord
    after: CursorRecord
    undone: tuple[int, ...] = ()
    redone: tuple[int, ...] = ()

    @property
    def steps(self) -> tuple[int, ...]:
        """All steps that were undone or redone, in the order they were."""
        return self.undone + self.redone


class Session(SessionView):
    """One session of the store.

    Made by `open`; close it, or use it in a `with`, to give the right to write back. Not for
    concurrent use by threads that write.

    Attributes:
        follower: What goes where the cursor goes; None where no model is at hand.
        recovered: The operation that names what a dead process left unfinished, or None.
    """

    def __init__(
        self, repository: Repository, record: SessionRecord, lock: WriterLock | None = None
    ) -> None:
        super().__init__(repository, record)
        self.follower: Follower | None = None
        self.recovered: OperationRecord | None = None
        self._lock = lock

    @classmethod
    def open(cls, repository: Repository, name: str, *, write: bool = True) -> Session:
        """Open a session of the store.

        Args:
            write: Take the right to write, and name what a dead process left unfinished. Reading
                needs no right, and works while another process writes.

        Raises:
            StoreError: There is no such session, or its record is damaged.
            SessionBusyError: Another process writes to it; the message says which.
        """
        record = repository.session(name)
        if not write:
            return cls(repository, record)
        from ..store.lock import WriterLock

        lock = WriterLock(repository.database.path, record.uid, name)
        lock.acquire()
        try:
            recovered = repository.recover(record.id)
            repository.touch(record.id)
            session = cls(repository, record, lock)
        except BaseException:
            lock.release()
            raise
        session.recovered = recovered
        return session

    @property
    def writable(self) -> bool:
        """Whether this process holds the right to write."""
        return self._lock is not None and self._lock.held

    def close(self) -> None:
        """Give the right to write back. The session can still be read."""
        self.follower = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def set_watch(self, watch: Watch) -> None:
        """Keep how the session is watched from now on.

        Raises:
            SessionBusyError: The session is open for reading only.
        """
        self.require_writable()
        if self._record.watch != watch.to_json():
            self.repository.set_watch(self._record.id, watch.to_json())
            self._record = replace(self._record, watch=watch.to_json())

    # Moves

    def undo(self, n: int = 1, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER) -> Move:
        """Go `n` steps towards the base.

        Raises:
            UsageError: There are fewer.
            SessionBusyError: The session is open for reading only.
        """
        return self._go("undo", {"n": n}, self.history.undo_target(n), progress, stop)

    def redo(self, n: int = 1, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER) -> Move:
        """Go `n` steps towards the tip of the current branch.

        Raises:
            UsageError: There are fewer.
            SessionBusyError: The session is open for reading only.
        """
        return self._go("redo", {"n": n}, self.history.redo_target(n), progress, stop)

    def goto(
        self, ref: int | str, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER
    ) -> Move:
        """Go to a step number, to "base", or to the tip of a branch.

        Raises:
            UsageError: `ref` is none of these.
            SessionBusyError: The session is open for reading only.
        """
        return self._go("goto", {"ref": ref}, self.history.goto_target(ref), progress, stop)

    def branch(
        self,
        name: str,
        at: int | str | None = None,
        *,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
    ) -> Move:
        """Make a branch at a step (default: the cursor) and go there.

        Raises:
            UsageError: The name can't be used or is taken, or `at` is no step.
            SessionBusyError: The session is open for reading only.
        """
        after = self.history.new_branch(name, at)
        params: Json = {"name": name, "at": after.step}

        def write(elapsed_s: float) -> None:
            self.repository.put_branch(
                self._record.id, BranchRecord(name, after.step), after,
                command="branch", params=params, elapsed_s=elapsed_s,
            )  # fmt: skip

        def note() -> None:
            self.history.add_branch(name, after.step)

        return self._move("branch", params, after, write, note, progress, stop)

    def rename_branch(self, old: str, new: str) -> None:
        """Give a branch another name.

        Raises:
            UsageError: There is no branch `old`, or `new` can't be used or is taken.
            SessionBusyError: The session is open for reading only.
        """
        self.require_writable()
        self.history.check_rename(old, new)
        self.repository.rename_branch(
            self._record.id, old, new, command="branch", params={"name": old, "rename": new}
        )
        self.history.rename_branch(old, new)

    # The queue

    def enqueue(self, requests: Sequence[EditRequest], origin: str) -> list[QueueRecord]:
        """Put requests at the end of the queue.

        Args:
            origin: Where they came from, for the record: a file's name.

        Raises:
            SessionBusyError: The session is open for reading only.
        """
        self.require_writable()
        entries = [QueueRecord(0, request.to_json(), origin) for request in requests]
        return self.repository.enqueue(
            self._record.id, entries, command="queue add", params={"origin": origin}
        )

    def clear_queue(self) -> int:
        """Take every entry that waits off the queue; gives how many there were.

        Raises:
            SessionBusyError: The session is open for reading only.
        """
        self.require_writable()
        return self.repository.clear_queue(self._record.id, command="queue clear", params={})

    # For whoever writes steps

    def require_writable(self) -> None:
        """Raise where this process may not write to the session.

        Raises:
            SessionBusyError: It was opened for reading, or closed.
        """
        if not self.writable:
            raise SessionBusyError(
                f"the session {self._record.name!r} is open for reading only",
                "another process writes to it, or it was closed; open it for writing",
            )

    def landed(self, record: StepRecord) -> None:
        """Take note of a step that was committed on the cursor."""
        self.history.grow(record.step)
        self._lines[record.step] = StepLine(
            step=record.step,
            parent=record.parent,
            depth=record.depth,
            subject=str(record.request.get("subject", "")),
            target_new=str(record.request.get("target_new", "")),
            rule=record.rule,
            verdict=record.verdict,
            delta_ratio=record.vitals.get("delta_ratio"),
            perplexity_ratio=record.vitals.get("perplexity_ratio"),
            weight_name=record.weight_name,
            weight_sha256=record.weight_sha256,
            created_at=record.created_at,
        )

    def stored_at(self, cursor: CursorRecord) -> bool:
        """Whether the store's cursor is there: an interrupt (ctrl+c) can hit between a commit and
        its return, and what is committed stays."""
        try:
            return self.repository.cursor(self._record.id) == cursor
        except RomebenchError:
            return False

    def note_failure(
        self, command: str, params: Json, error: BaseException, elapsed_s: float
    ) -> None:
        """Record a command that failed or was cancelled; where even that can't be written, log it.

        An intent that stays behind for that reason becomes an `interrupted` operation later.
        """
        cancelled = isinstance(error, (CancelledError, KeyboardInterrupt))
        try:
            self.repository.record_operation(
                self._record.id,
                command=command,
                params=params,
                status="cancelled" if cancelled else "failed",
                result=failure_json(error),
                elapsed_s=elapsed_s,
            )
        except Exception:
            logger.warning("a failed %s could not be recorded", command, exc_info=True)

    def _go(
        self,
        command: str,
        params: Json,
        after: CursorRecord,
        progress: ProgressSink,
        stop: StopFlag,
    ) -> Move:
        def write(elapsed_s: float) -> None:
            self.repository.move_cursor(
                self._record.id, after, command=command, params=params, elapsed_s=elapsed_s
            )

        def note() -> None:
            self.history.move(after)

        return self._move(command, params, after, write, note, progress, stop)

    def _move(
        self,
        command: str,
        params: Json,
        after: CursorRecord,
        write: Callable[[float], None],
        note: Callable[[], None],
        progress: ProgressSink,
        stop: StopFlag,
    ) -> Move:
        """The follower first, then the store; where the store fails the follower goes back.

        Args:
            write: Writes the move to the store, in one transaction.
            note: Takes note of it here.
        """
        self.require_writable()
        before, began = self.cursor, time.perf_counter()
        move = Move(before, after, *self._between(before.step, after.step))
        try:
            self._follow(after.step, progress, stop)
            write(time.perf_counter() - began)
        except BaseException as error:
            if before != after and self.stored_at(after):
                note()
                raise
            self._go_back(before.step)
            self.note_failure(command, params, error, time.perf_counter() - began)
            raise
        note()
        return move

    def _follow(self, step: int, progress: ProgressSink, stop: StopFlag) -> None:
        if self.follower is not None:
            self.follower.follow(step, progress, stop)

    def _go_back(self, step: int) -> None:
        """Take the follower back after a failure, whose own error is the one to be raised."""
        try:
            self._follow(step, ignore, NEVER)
        except Exception:
            logger.exception("going back to step %d failed; it is tried again before use", step)

    def _between(self, before: int, after: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The steps that are undone and those that are redone on the way."""
        old, new = self.history.path(before), self.history.path(after)
        shared = 0
        for left, right in zip(old, new, strict=False):
            if left != right:
                break
            shared += 1
        return old[shared:][::-1], new[shared:]


def failure_json(error: BaseException) -> Json:
    """What an operation keeps of an error."""
    if isinstance(error, RomebenchError):
        return {"error": error.message, "hint": error.hint, "kind": type(error).__name__}
    return {"error": str(error) or type(error).__name__, "kind": type(error).__name__}
