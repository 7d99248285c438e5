"""The rules of the tree of steps: where an edit may go, where the cursor may stand.

Works inside a transaction that the caller began.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from ..errors import StoreError
from .access import Change, depth_of, near, no_step
from .codec import branch_values, or_null
from .records import BASE, BranchRecord, CursorRecord, StepDraft
from .schema import BranchRow, CursorRow, StepRow
from .sessions import require_name


def find_branch(connection: Connection, session_id: int, name: str) -> Row[int, int | None] | None:
    """The row number and tip (NULL at the base) of a branch; None where there is none."""
    return connection.execute(
        select(BranchRow.id, BranchRow.tip).where(
            BranchRow.session_id == session_id, BranchRow.name == name
        )
    ).one_or_none()


def require_branch(connection: Connection, session_id: int, name: str) -> Row[int, int | None]:
    """The row number and tip of a branch.

    Raises:
        StoreError: There is none of that name.
    """
    found = find_branch(connection, session_id, name)
    if found is None:
        names = connection.scalars(select(BranchRow.name).where(BranchRow.session_id == session_id))
        raise StoreError(f"there is no branch named '{name}'", near(name, list(names)))
    return found


def branch_for(change: Change, draft: StepDraft) -> int:
    """The branch (row number) a draft's step goes on; made here where its name is new.

    Raises:
        StoreError: The cursor is elsewhere, or the branch goes on past it.
    """
    before = change.before
    found = find_branch(change.connection, change.session_id, draft.branch)
    if draft.parent != before.step or (found is not None and draft.branch != before.branch):
        raise StoreError(
            f"the cursor is at step {before.step} on '{before.branch}', not at step "
            f"{draft.parent} on '{draft.branch}': another process moved it",
            "Open the session again and repeat the edit.",
        )
    if found is None:
        return add_branch(change, BranchRecord(draft.branch, draft.parent))
    branch_id, tip = found
    if (tip or BASE) != draft.parent:
        raise StoreError(
            f"the branch '{draft.branch}' goes on from step {draft.parent} to step {tip}",
            "An edit in its middle needs a branch of its own.",
        )
    return branch_id


def require_new_branch(change: Change, name: str) -> None:
    """Refuses a branch name that is taken or can't be one.

    Raises:
        StoreError: Naming the name.
    """
    require_name(name, "branch")
    if find_branch(change.connection, change.session_id, name) is not None:
        raise StoreError(f"there is a branch named '{name}' already", "Choose another name.")


def add_branch(change: Change, branch: BranchRecord) -> int:
    """Writes a branch; gives its row number.

    Raises:
        StoreError: The name is taken or no name.
    """
    require_new_branch(change, branch.name)
    values = {
        "session_id": change.session_id,
        **branch_values(branch),
        "created_at": branch.created_at or change.now,
    }
    return change.connection.execute(insert(BranchRow).returning(BranchRow.id), values).scalar_one()


def set_tip(change: Change, branch_id: int, tip: int) -> None:
    """Moves a branch's tip to a step."""
    change.connection.execute(
        update(BranchRow).where(BranchRow.id == branch_id).values(tip=or_null(tip))
    )


def set_cursor(change: Change, branch_id: int, step: int) -> None:
    """Moves the cursor."""
    change.connection.execute(
        update(CursorRow)
        .where(CursorRow.session_id == change.session_id)
        .values(branch_id=branch_id, step=or_null(step))
    )


def move(change: Change, cursor: CursorRecord) -> None:
    """Moves the cursor to a step on a branch.

    Raises:
        StoreError: There is no such branch or step, or the step is not on the branch.
    """
    branch = require_branch(change.connection, change.session_id, cursor.branch)
    require_on_path(change.connection, change.session_id, cursor, branch.tip or BASE)
    set_cursor(change, branch.id, cursor.step)


def require_on_path(
    connection: Connection, session_id: int, cursor: CursorRecord, tip: int
) -> None:
    """Refuses a step that is not between the base and the tip of its branch.

    Raises:
        StoreError: There is no such step, or it is on another path.
    """
    if cursor.step in (BASE, tip):
        return
    depth = depth_of(connection, session_id, cursor.step)
    if tip == BASE or ancestor(connection, session_id, tip, depth) != cursor.step:
        raise StoreError(
            f"step {cursor.step} is not on the branch '{cursor.branch}'",
            "`romebench log` draws the tree.",
        )


def ancestor(connection: Connection, session_id: int, step: int, depth: int) -> int | None:
    """The step at `depth` on the path from the base to `step`; None where the path is shorter."""
    walk = (
        select(StepRow.step, StepRow.parent, StepRow.depth)
        .where(StepRow.session_id == session_id, StepRow.step == step)
        .cte("walk", recursive=True)
    )
    further: ColumnElement[bool] = walk.c.depth > depth
    walk = walk.union_all(
        select(StepRow.step, StepRow.parent, StepRow.depth).where(
            StepRow.session_id == session_id, StepRow.step == walk.c.parent, further
        )
    )
    return connection.scalar(select(walk.c.step).where(walk.c.depth == depth))


def require_step(connection: Connection, session_id: int, step: int) -> None:
    """Refuses a step that isn't there; the base always is.

    Raises:
        StoreError: There is no such step.
    """
    if step == BASE:
        return
    found = connection.scalar(
        select(StepRow.step).where(StepRow.session_id == session_id, StepRow.step == step)
    )
    if found is None:
        raise no_step(connection, session_id, step)
