"""Commands that move the cursor and read the history: undo, redo, goto, branch, log, show.

They work on the store alone; where the model is loaded its weights follow the cursor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UsageError
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...sessions.session import Move, Session
    from .context import Context
    from .results import BranchChanged, Branches, HistoryLog, Moved, OperationLog, StepShown

GROUP = "History"


class CountParams(Params):
    """How far to go."""

    n: int = param("How many steps.", "-n", default=1, minimum=1)


class GotoParams(Params):
    """Where to go."""

    ref: str = param("A step number, a branch (its tip), or base.", argument=True, completes="ref")


class BranchParams(Params):
    """A branch to make or rename; none to list them."""

    name: str | None = param(
        "Make a branch of this name and go there; without it, list the branches.",
        default=None,
        argument=True,
        completes="branch",
    )
    at: str | None = param(
        "The step, branch or base it starts at. [default: the cursor]",
        default=None,
        completes="ref",
        metavar="REF",
    )
    rename: str | None = param("Give branch NAME this name instead.", default=None, metavar="NEW")


class LogParams(Params):
    """What to list."""

    limit: int | None = param("Only the newest so many.", "-n", default=None, minimum=1)
    operations: bool = param("Every command of the session, not its steps.", default=False)


class ShowParams(Params):
    """Which step."""

    step: str = param(
        "A step number or a branch (its tip). [default: the cursor]",
        default="",
        argument=True,
        completes="ref",
    )


def undo(context: Context, params: CountParams) -> Moved:
    """Go back towards the base."""
    session = context.session(write=True)
    move = session.undo(params.n, progress=context.progress, stop=context.stop)
    return _moved(session, "undo", move)


def redo(context: Context, params: CountParams) -> Moved:
    """Go forward to the tip of the branch."""
    session = context.session(write=True)
    move = session.redo(params.n, progress=context.progress, stop=context.stop)
    return _moved(session, "redo", move)


def goto(context: Context, params: GotoParams) -> Moved:
    """Go anywhere in the tree."""
    session = context.session(write=True)
    move = session.goto(params.ref, progress=context.progress, stop=context.stop)
    return _moved(session, "goto", move)


def _moved(session: Session, action: str, move: Move) -> Moved:
    from .results import Moved

    return Moved(
        action=action,
        session=session.record.name,
        before=move.before,
        after=move.after,
        steps=move.steps,
        depth=session.history.depth(move.after.step),
        weight_sha256=session.weight_sha256,
    )


def branch(context: Context, params: BranchParams) -> Branches | BranchChanged:
    """List the branches, make one, or rename one."""
    if params.name is None:
        if params.rename is not None or params.at is not None:
            flag = "--rename" if params.rename is not None else "--at"
            raise UsageError(f"{flag} needs the name of a branch", "branch NAME --rename NEW")
        return _branches(context)
    from .results import BranchChanged

    session = context.session(write=True)
    name = session.record.name
    if params.rename is None:
        move = session.branch(params.name, params.at, progress=context.progress, stop=context.stop)
        return BranchChanged(name, "created", params.name, move.after.step)
    if params.at is not None:
        raise UsageError("--at and --rename together make no sense", "do one after the other")
    session.rename_branch(params.name, params.rename)
    tip = session.history.branches[params.rename]
    return BranchChanged(name, "renamed", params.rename, tip, was=params.name)


def _branches(context: Context) -> Branches:
    from .results import Branches, BranchLine

    session = context.session(write=False)
    current = session.history.cursor.branch
    return Branches(
        session.record.name,
        tuple(
            BranchLine(
                branch.name,
                branch.tip,
                session.history.depth(branch.tip),
                branch.name == current,
                branch.created_at,
            )
            for branch in session.branches()
        ),
    )


def log(context: Context, params: LogParams) -> HistoryLog | OperationLog:
    """Draw the tree of steps, or list the operations."""
    from .results import HistoryLog, OperationLog

    session = context.session(write=False)
    name = session.record.name
    if params.operations:
        return OperationLog(name, tuple(session.operations(params.limit)))
    lines = tuple(session.lines())
    return HistoryLog(
        session=name,
        model=session.record.model,
        cursor=session.history.cursor,
        branches=tuple(session.branches()),
        steps=lines[-params.limit :] if params.limit else lines,
        total=len(lines),
    )


def show(context: Context, params: ShowParams) -> StepShown:
    """Everything that is recorded of one step."""
    from ...store.records import BASE
    from .results import StepShown

    session = context.session(write=False)
    history = session.history
    step = history.resolve(params.step) if params.step else history.cursor.step
    if step == BASE:
        raise UsageError(
            "the base is no step: nothing is recorded of it",
            "`sessions show` tells about the model" if params.step else "there is no edit yet",
        )
    return StepShown(
        session=session.record.name,
        step=session.step(step),
        branches=tuple(name for name, tip in history.branches.items() if tip == step),
        on_path=step in history.path(),
        generations=tuple(session.generations(step)),
        measurements=tuple(session.measurements(step)),
    )


COMMANDS = (
    Command(
        name="undo",
        summary="take back the last edit (or the last N)",
        params=CountParams,
        effect=Effect.WRITE,
        scope=Scope.SESSION,
        run=undo,
        group=GROUP,
        examples=("undo", "undo -n 3"),
    ),
    Command(
        name="redo",
        summary="apply again what was undone",
        params=CountParams,
        effect=Effect.WRITE,
        scope=Scope.SESSION,
        run=redo,
        group=GROUP,
        examples=("redo", "redo -n 3"),
    ),
    Command(
        name="goto",
        summary="move the cursor to a step, a branch or the base",
        params=GotoParams,
        effect=Effect.WRITE,
        scope=Scope.SESSION,
        run=goto,
        group=GROUP,
        examples=("goto 4", "goto base", "goto main"),
    ),
    Command(
        name="branch",
        summary="list the branches, make one, or rename one",
        params=BranchParams,
        effect=Effect.WRITE,
        scope=Scope.SESSION,
        run=branch,
        group=GROUP,
        examples=("branch", "branch careful --at 3", "branch careful --rename bold"),
    ),
    Command(
        name="log",
        summary="draw the tree of steps, or list every operation",
        params=LogParams,
        effect=Effect.READ,
        scope=Scope.SESSION,
        run=log,
        group=GROUP,
        examples=("log", "log --limit 20", "log --operations"),
    ),
    Command(
        name="show",
        summary="show everything recorded of a step",
        params=ShowParams,
        effect=Effect.READ,
        scope=Scope.SESSION,
        run=show,
        group=GROUP,
        examples=("show", "show 3"),
    ),
)
