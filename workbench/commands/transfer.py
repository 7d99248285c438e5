"""Commands that take the record away and bring it back: replay, export, import, deltas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from .context import Context
    from .results import Exported, Imported, Replayed

GROUP = "Record"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportParams(Params):
    """What to write, and where."""

    session: str = param(
        "The session to export. [default: the last one used]",
        default="",
        argument=True,
        completes="session",
    )
    to: str = param("The JSONL file to write.", "-o", completes="file", metavar="FILE")
    force: bool = param("Overwrite the file.", "-f", default=False)


@dataclass(frozen=True, slots=True)
class ImportParams(Params):
    """What to read."""

    file: str = param("A session export.", argument=True, completes="file")
    name: str | None = param(
        "Name of the session here. [default: the one in the file]", default=None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltasParams(Params):
    """Which deltas to write, and where."""

    session: str = param(
        "Whose deltas. [default: the last one used's]",
        default="",
        argument=True,
        completes="session",
    )
    output: str = param(
        "The safetensors file to write: DEPTH.WEIGHT.left and .right.",
        "-o",
        completes="file",
        metavar="FILE",
    )
    all: bool = param(
        "Every step by its number, not the cursor's path by depth.", "-a", default=False
    )
    force: bool = param("Overwrite the file.", "-f", default=False)


def replay(context: Context, params: Params) -> Replayed:
    """Apply the stored deltas again from the base and compare every weight hash."""
    from ...sessions.replay import replay as exact_replay
    from .results import Replayed

    report = exact_replay(context.live(write=False), progress=context.progress, stop=context.stop)
    found = report.mismatch
    return Replayed(
        session=report.session,
        checked=report.checked,
        mismatch=None if found is None else found.step,
        expected=None if found is None else found.recorded,
        found=None if found is None else found.found,
        elapsed_s=report.elapsed_s,
    )


def export(context: Context, params: ExportParams) -> Exported:
    """Write a session as JSONL."""
    from ...sessions.export import export_session
    from .results import Exported

    report = export_session(
        context.bench.repository,
        params.session or context.bench.required_name(),
        Path(params.to).expanduser(),
        force=params.force,
        progress=context.progress,
        stop=context.stop,
    )
    return Exported("session", report.session, str(report.path), report.steps, report.size_bytes)


def import_(context: Context, params: ImportParams) -> Imported:
    """Read a session export into the store and make it the current session."""
    from ...sessions.importing import import_session
    from .results import Imported

    repository = context.bench.repository
    report = import_session(
        repository,
        Path(params.file).expanduser(),
        name=params.name,
        keep_name=params.name is not None,
        progress=context.progress,
        stop=context.stop,
    )
    repository.touch(repository.session(report.session).id)
    context.bench.use(report.session)
    return Imported(
        session=report.session,
        path=params.file,
        steps=report.steps,
        copied_from=report.copied_from,
        same_session=report.same_session,
    )


def deltas(context: Context, params: DeltasParams) -> Exported:
    """Write deltas as safetensors."""
    from ...sessions.deltas import write_deltas
    from ...sessions.session import Session
    from .results import Exported

    repository = context.bench.repository
    session = Session.open(repository, params.session or context.bench.required_name(), write=False)
    try:
        report = write_deltas(
            repository,
            session.record,
            session.history,
            Path(params.output).expanduser(),
            every=params.all,
            force=params.force,
        )
    finally:
        session.close()
    return Exported(
        "deltas", report.session, str(report.path), len(report.steps), report.size_bytes
    )


COMMANDS = (
    Command(
        name="replay",
        summary="apply all stored deltas again from the base and check every weight hash",
        params=Params,
        effect=Effect.READ,
        scope=Scope.MODEL,
        run=replay,
        group=GROUP,
        long=True,
        examples=("replay", "replay --session study"),
    ),
    Command(
        name="export",
        summary="write a whole session as JSONL",
        params=ExportParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=export,
        group=GROUP,
        long=True,
        examples=("export study --to study.jsonl",),
    ),
    Command(
        name="import",
        summary="read a session export into the store",
        params=ImportParams,
        effect=Effect.WRITE,
        scope=Scope.STORE,
        run=import_,
        group=GROUP,
        long=True,
        examples=("import study.jsonl", "import study.jsonl --name study-again"),
    ),
    Command(
        name="deltas",
        summary="write the deltas of a session as safetensors",
        params=DeltasParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=deltas,
        group=GROUP,
        long=True,
        examples=("deltas study -o study.safetensors", "deltas study -o every.safetensors --all"),
    ),
)
