"""Commands on sessions as a whole: list, show, new, open, rename, delete, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UsageError
from .queue import PENDING
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from .context import Context
    from .results import SessionChanged, SessionList, SessionShown, Verified

GROUP = "Sessions"


class NameParams(Params):
    """Which session."""

    name: str = param("The session.", argument=True, completes="session")


class MaybeNameParams(Params):
    """Which session; the current one if none is named."""

    name: str | None = param(
        "The session. [default: the last one used]",
        default=None,
        argument=True,
        completes="session",
    )


class NewParams(Params):
    """The name of a new session."""

    name: str | None = param(
        "The session to make. [default: after the model]", default=None, argument=True
    )


class RenameParams(Params):
    """Old and new name."""

    name: str = param("The session.", argument=True, completes="session")
    new: str = param("Its new name.", argument=True)


def sessions_list(context: Context, params: Params) -> SessionList:
    """The sessions of the store."""
    from .results import SessionList

    found = tuple(context.bench.repository.sessions())
    return SessionList(found, context.bench.name)


def sessions_show(context: Context, params: MaybeNameParams) -> SessionShown:
    """What a session is and where it stands."""
    from .results import SessionShown

    repository = context.bench.repository
    record = repository.session(params.name or context.bench.required_name())
    return SessionShown(
        record=record,
        cursor=repository.cursor(record.id),
        branches=tuple(repository.branches(record.id)),
        steps=len(repository.step_lines(record.id)),
        pending=len(repository.queue(record.id, PENDING)),
    )


def sessions_new(context: Context, params: NewParams) -> SessionChanged:
    """Make a session: load the model, draw the contexts, record the fingerprints."""
    from .results import SessionChanged

    bench = context.bench
    if params.name is not None and bench.repository.find_session(params.name) is not None:
        raise UsageError(
            f"there is a session {params.name!r} already",
            f"`sessions open {params.name}` takes it up again",
        )
    live = bench.create(
        params.name,
        context.choices,
        progress=context.progress,
        stop=context.stop,
        note=context.note,
    )
    return SessionChanged("created", live.session.record.name)


def sessions_open(context: Context, params: NameParams) -> SessionChanged:
    """Make a session the one that commands act on."""
    from .results import SessionChanged

    repository = context.bench.repository
    record = repository.session(params.name)
    repository.touch(record.id)
    context.bench.use(record.name)
    return SessionChanged("opened", record.name, steps=len(repository.step_lines(record.id)))


def sessions_rename(context: Context, params: RenameParams) -> SessionChanged:
    """Give a session another name."""
    from .results import SessionChanged

    bench = context.bench
    with bench.writing(params.name) as record:
        bench.repository.rename_session(record.id, params.new)
    bench.renamed(params.name, params.new)
    return SessionChanged("renamed", params.new, was=params.name)


def sessions_delete(context: Context, params: NameParams) -> SessionChanged:
    """Remove a session and everything recorded in it."""
    from .results import SessionChanged

    bench = context.bench
    steps = len(bench.repository.step_lines(bench.repository.session(params.name).id))
    with bench.writing(params.name) as record:
        bench.repository.delete_session(record.id)
    bench.forget(params.name)
    return SessionChanged("deleted", params.name, steps=steps)


def sessions_verify(context: Context, params: MaybeNameParams) -> Verified:
    """Check what is stored of a session against itself, without its model."""
    from ...sessions.verify import verify
    from .results import Verified

    name = params.name or context.bench.required_name()
    repository = context.bench.repository
    report = verify(
        repository, repository.session(name).id, progress=context.progress, stop=context.stop
    )
    return Verified(name, report.steps, report.deltas, report.problems)


COMMANDS = (
    Command(
        name="sessions list",
        summary="list the sessions, newest used first",
        params=Params,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=sessions_list,
        group=GROUP,
        examples=("sessions list",),
        aliases=("sessions",),
    ),
    Command(
        name="sessions show",
        summary="show what a session is and where it stands",
        params=MaybeNameParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=sessions_show,
        group=GROUP,
        examples=("sessions show", "sessions show study --json"),
    ),
    Command(
        name="sessions new",
        summary="make a session: load the model, draw the contexts, record the fingerprints",
        params=NewParams,
        effect=Effect.WRITE,
        scope=Scope.STORE,
        run=sessions_new,
        group=GROUP,
        long=True,
        creates=True,
        examples=("sessions new study", "sessions new study --model gpt2-xl --rule rome"),
    ),
    Command(
        name="sessions open",
        summary="make a session the one that commands act on",
        params=NameParams,
        effect=Effect.WRITE,
        scope=Scope.STORE,
        run=sessions_open,
        group=GROUP,
        examples=("sessions open study",),
    ),
    Command(
        name="sessions rename",
        summary="give a session another name",
        params=RenameParams,
        effect=Effect.WRITE,
        scope=Scope.STORE,
        run=sessions_rename,
        group=GROUP,
        examples=("sessions rename study study-1",),
    ),
    Command(
        name="sessions delete",
        summary="remove a session and everything recorded in it",
        params=NameParams,
        effect=Effect.DESTRUCTIVE,
        scope=Scope.STORE,
        run=sessions_delete,
        group=GROUP,
        examples=("sessions delete study --yes",),
        question="Delete session {name!r} with all its steps, deltas and generations?",
    ),
    Command(
        name="sessions verify",
        summary="check what is stored of a session against itself",
        params=MaybeNameParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=sessions_verify,
        group=GROUP,
        long=True,
        examples=("sessions verify study",),
    ),
)
