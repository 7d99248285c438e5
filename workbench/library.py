"""The front door for Python: `romebench.open()` gives a live session of the user's own store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.progress import NEVER, ProgressSink, StopFlag, ignore
from .paths import Paths

if TYPE_CHECKING:
    from ..sessions.live import LiveSession


def open(  # noqa: A001
    name: str | None = None,
    *,
    store: Path | str | None = None,
    model: str | None = None,
    revision: str | None = None,
    rule: str | None = None,
    hparams: str | None = None,
    contexts: str | None = None,
    stats: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    seed: int | None = None,
    trust_remote_code: bool | None = None,
    vitals: str | None = None,
    guard: str | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> LiveSession:
    """Open a session with its model, or make it where there is none of that name.

    The options are those of the command line: they make a new session, and are checked against an
    existing one. Close the session (or use it in a `with`) to give the right to write back.

        with romebench.open("study") as session:
            session.edit(romebench.parse_typed("[LeBron James] plays the sport of => football"))

    Args:
        name: The session; None for the last one used.
        store: The store file; the user's own where None.

    Raises:
        UsageError: An option contradicts the session.
        ModelError: The model can't be loaded, or isn't the one that was recorded.
        StoreError: The store can't be opened, or another process writes to the session.
    """
    from ..sessions.setup import SessionOptions, open_or_create
    from ..store.database import Database
    from ..store.repository import Repository

    options = SessionOptions(
        model=model,
        revision=revision,
        rule=rule,
        hparams=hparams,
        contexts=contexts,
        stats=stats,
        device=device,
        dtype=dtype,
        seed=seed,
        trust_remote_code=trust_remote_code,
        vitals=vitals,
        guard=guard,
    )
    repository = Repository(Database.open(Path(store) if store else Paths.discover().store))
    wanted = name if name is not None else repository.last_used()
    return open_or_create(repository, wanted, options, progress=progress, stop=stop)
