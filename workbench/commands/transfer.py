"""Commands that take the record away and bring it back: replay, export, import, deltas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from .context import Context
    from .results import Exported, Imported, Replayed

GROUP = "Record"


@dataclass(frozen=True, slots=True)
class ExportParams(Params):
    """What to write, and where."""

    session: str = param("The session to export.", argument=True, completes="session")
    to: str = param("The JSONL file to write.", "-o", completes="file", metavar="FILE")
    force: bool = param("Overwrite the file.", "-f", default=False)


@dataclass(frozen=True, slots=True)
class ImportParams(Params):
    """What to read."""

    file: str = param("A session export.", argument=True, completes="file")
    name: str | None = param(
        "Name of the session here. [default: the one in the file]", default=None
    )


@dataclass(frozen=True, slots=True)
class DeltasParams(Params):
    """Which deltas to write, and where."""

    session: str = param("Whose deltas.", argument=True, completes="session")
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
    from .results import Replayed

    report = context.live_existing().replay(progress=context.progress, stop=context.stop)
    return Replayed(report)


def export(context: Context, params: ExportParams) -> Exported:
    """Write a session as JSONL."""
    from ...sessions.export import export_session
    from .results import Exported

    path = _target(params.to, params.force)
    repository = context.bench.repository
    record = repository.session(params.session)
    export_session(repository, record.id, path)
    steps = len(repository.step_lines(record.id))
    return Exported("session", record.name, str(path), steps, path.stat().st_size)


def import_(context: Context, params: ImportParams) -> Imported:
    """Read a session export into the store."""
    from ...sessions.importing import import_session
    from .results import Imported

    repository = context.bench.repository
    record = import_session(repository, Path(params.file), name=params.name)
    context.bench.use(record.name)
    return Imported(
        record.name,
        params.file,
        len(repository.step_lines(record.id)),
        len(repository.branches(record.id)),
    )


def deltas(context: Context, params: DeltasParams) -> Exported:
    """Write deltas as safetensors."""
    from ...sessions.deltas import write_deltas
    from .results import Exported

    path = _target(params.output, params.force)
    count = write_deltas(context.bench.repository, params.session, path, all_steps=params.all)
    return Exported("deltas", params.session, str(path), count, path.stat().st_size)


def _target(name: str, force: bool) -> Path:
    """The file to write, checked before any work is done.

    Raises:
        UsageError: It exists and may not be overwritten, is a folder, or its folder is missing.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        raise UsageError(f"{name!r} is a folder", "give the name of a file in it")
    if path.exists() and not force:
        raise UsageError(f"{name!r} exists", "--force overwrites it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {str(path.parent)!r}", "make it first")
    return path


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
