"""Commands about romebench itself: where, doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .spec import Command, Effect, Params, Scope

if TYPE_CHECKING:
    from .context import Context
    from .results import Diagnosis, Places

GROUP = "About"


def where(context: Context, params: Params) -> Places:
    """The files and folders romebench uses, the settings files among them, nearest first."""
    from ..settings.layers import files
    from .results import Place, Places

    paths = context.bench.paths
    found = {
        "store": paths.store,
        "data": paths.data,
        "cache": paths.cache,
        "config": paths.config,
        "state": paths.state,
        "log": paths.log,
        "history": paths.history,
    }
    for source, path in files(paths, context.bench.config):
        found[f"settings ({source})"] = path
    return Places(
        None if paths.home is None else str(paths.home),
        tuple(Place(name, str(path), path.exists()) for name, path in found.items()),
    )


def doctor(context: Context, params: Params) -> Diagnosis:
    """Check the installation, the devices and the store."""
    from .checks import checks
    from .results import Diagnosis

    return Diagnosis(tuple(checks(context.bench.paths, context.bench.config)))


COMMANDS = (
    Command(
        name="where",
        summary="show where the store, logs, caches and settings lie",
        params=Params,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=where,
        group=GROUP,
        examples=("where", "where --json"),
    ),
    Command(
        name="doctor",
        summary="check the installation, devices, memory, settings and the store",
        params=Params,
        effect=Effect.READ,
        scope=Scope.NONE,
        run=doctor,
        group=GROUP,
        long=True,
        examples=("doctor", "doctor -o doctor.txt", "doctor --json"),
    ),
)
