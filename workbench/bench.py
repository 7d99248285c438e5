"""What stays open while a front end lives: the store, the current session, the loaded model.

A CLI process uses one for one command; the REPL and the TUI keep one. Not for concurrent use:
everything but `status` and `close` is called from one thread at a time (the engine lane, where
there is one). Importing this module imports neither torch nor SQLAlchemy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ..engine.imports import bring
from ..engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ..errors import SessionBusyError, StoreError, UsageError
from ..hparams import preset_for
from .commands.options import SessionChoices
from .defaults import session_defaults
from .paths import Paths
from .status import Status as Status

if TYPE_CHECKING:
    from ..engine.model import LoadedModel
    from ..sessions.live import LiveSession
    from ..sessions.options import SessionOptions
    from ..sessions.session import Session
    from ..store.database import Database
    from ..store.records import SessionRecord
    from ..store.repository import Repository
    from .settings import Settings

logger = logging.getLogger(__name__)


def options_of(choices: SessionChoices) -> SessionOptions:
    """The choices as sessions take them.

    Raises:
        UsageError: A value is out of range.
    """
    from ..sessions.options import SessionOptions

    return SessionOptions(**choices.typed)  # type: ignore[arg-type]


def _quiet(_: str) -> None:
    """Drop a note."""


class Bench:
    """The open things of one front end.

    Args:
        paths: Where the store lies.
        current: Name of the session to act on; None for the last one used.
        choices: Options for a session that has to be created.
        reads_only: Nothing will be written, so a store that can't be is opened for reading.
        config: The settings file that `--config` names.
    """

    def __init__(
        self,
        paths: Paths,
        *,
        current: str | None = None,
        choices: SessionChoices | None = None,
        reads_only: bool = False,
        config: str | None = None,
    ) -> None:
        self.paths = paths
        self.config = config
        self._settings: Settings | None = None
        self._reads_only = reads_only
        self.choices = choices if choices is not None else SessionChoices()
        self._current = current
        self._database: Database | None = None
        self._repository: Repository | None = None
        self._session: Session | None = None
        self._live: LiveSession | None = None
        self._model: LoadedModel | None = None

    @property
    def settings(self) -> Settings:
        """What counts where the command line says nothing; read at first use.

        Raises:
            SettingsError: A settings file or a variable is off.
        """
        if self._settings is None:
            from .settings import load_settings

            self._settings = load_settings(self.paths, self.config)
        return self._settings

    def forget_settings(self) -> None:
        """Read the settings anew at their next use: a file of them was changed."""
        self._settings = None

    @property
    def repository(self) -> Repository:
        """The store, opened (and made) at first use.

        Raises:
            StoreError: It can't be opened.
        """
        if self._repository is None:
            from ..store.repository import Repository

            self._database = self._open()
            self._repository = Repository(self._database)
        return self._repository

    def _open(self) -> Database:
        from ..store.database import Database

        try:
            return Database.open(self.paths.store)
        except StoreError:
            if not self._reads_only or not self.paths.store.is_file():
                raise
            with suppress(StoreError):
                return Database.open(self.paths.store, read_only=True)
            raise

    @property
    def current(self) -> str | None:
        """The session that was named; None where the last one used counts."""
        return self._current

    @property
    def name(self) -> str | None:
        """The session commands act on; None in an empty store."""
        return self._current if self._current is not None else self.repository.last_used()

    def required_name(self) -> str:
        """The session commands act on.

        Raises:
            UsageError: There is none yet.
        """
        name = self.name
        if name is None:
            raise UsageError("there is no session yet", "an edit makes one, or `sessions new NAME`")
        return name

    def session(self, *, write: bool, note: Callable[[str], None] = _quiet) -> Session:
        """The current session as it stands now, without its model.

        Args:
            write: Take the writer lock. A session that is open for writing serves both.
            note: Told what a process that died left unfinished.

        Raises:
            UsageError: There is no session yet.
            StoreError: There is no session of that name.
            SessionBusyError: Another process writes to it, and `write` is set.
        """
        from ..sessions.session import Session

        name = self.required_name()
        held = self._session
        if held is not None and held.record.name == name and (held.writable or not write):
            if not held.writable:
                held.refresh()
            return held
        opened = Session.open(self.repository, name, write=write)
        self._release()
        self._session = opened
        # From here on the name counts: what another process uses last must not move this one.
        self._current = name
        if opened.recovered is not None:
            note(
                f"{opened.recovered.command} was interrupted when romebench last ran; "
                "nothing of it was kept"
            )
        return opened

    def resume(self, note: Callable[[str], None] = _quiet) -> Status | None:
        """Open the session an interactive front end starts on, for writing where that can be had.

        Args:
            note: Told why the session can only be read, and what was left unfinished.

        Returns:
            Where it stands; None where there is no session yet.

        Raises:
            UsageError: The options typed contradict the session.
            StoreError: The store can't be opened.
        """
        from ..sessions.options import check_options

        name = self.name
        record = None if name is None else self.repository.find_session(name)
        if record is None:
            return None
        check_options(options_of(self.choices), record)
        try:
            self.session(write=True, note=note)
        except SessionBusyError as error:
            note(f"{error.message}; opened for reading")
            self.session(write=False)
        return self.status()

    def live(
        self,
        choices: SessionChoices,
        *,
        new: SessionChoices | None = None,
        write: bool = True,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
        note: Callable[[str], None] = _quiet,
    ) -> LiveSession:
        """The current session with its model; created where it does not exist yet.

        Args:
            choices: Checked against an existing session, used for a new one.
            new: Options that count only for a new session, and there first.
            write: Take the writer lock. A session attached for reading follows what another
                process writes, and can't be edited.

        Raises:
            UsageError: A choice contradicts the session.
            ModelError: The model can't be loaded, or isn't the one that was recorded.
            SessionBusyError: Another process writes to the session, and `write` is set.
        """
        bring()
        from ..sessions.setup import attach_live, check_options

        name = self.name
        record = None if name is None else self.repository.find_session(name)
        if record is None:
            wanted = choices if new is None else new.over(choices)
            return self.create(name, wanted, progress=progress, stop=stop, note=note)
        typed = choices.over(self.choices.for_any_session)
        options = options_of(typed.over(SessionChoices(device=self.settings.device)))
        check_options(options, record)
        session = self.session(write=write, note=note)
        if self._live is not None and self._live.session is session:
            if not session.writable:
                self._live.follow(session.cursor.step, progress, stop)
            return self._live
        held = self._loaded(record) if typed.device is None else None
        self._live = attach_live(session, options, model=held, progress=progress, stop=stop)
        self._model = self._live.model
        return self._live

    def _loaded(self, record: SessionRecord) -> LoadedModel | None:
        """The model in memory, unedited since its session was closed, where it is the one."""
        held = self._model
        if held is None:
            return None
        same = (held.name, held.revision, held.dtype) == (
            record.model,
            record.revision,
            record.dtype,
        )
        return held if same else None

    def wanted(self, choices: SessionChoices) -> SessionChoices:
        """What counts for a session that is made now.

        Args:
            choices: What was typed; then counts what this bench was started with, then settings.

        Raises:
            SettingsError: A settings file or a variable is off.
        """
        asked = choices.over(self.choices)
        return asked.over(session_defaults(self.settings, asked))

    @property
    def device(self) -> str | None:
        """Where models are held, if the front end's start or the settings say so."""
        return self.choices.device or self.settings.device

    def create(
        self,
        name: str | None,
        choices: SessionChoices,
        *,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
        note: Callable[[str], None] = _quiet,
    ) -> LiveSession:
        """Make a session and take it up.

        Args:
            name: Its name; None to name it after its model.
        """
        bring()
        from ..sessions.setup import create_live

        self._release()
        options = options_of(self.wanted(choices))
        live = create_live(self.repository, name, options, progress=progress, stop=stop)
        self._live, self._session, self._model = live, live.session, live.model
        self._current = live.session.record.name
        note(f"made session {self._current!r} with model {live.session.record.model}")
        if options.hparams is None and preset_for(options.model_name) is None:
            note(
                f"no hyperparameters are published for this model: layer {live.hparams.layer} is a "
                "reasoned default; `sweep-layers FILE` scores every layer"
            )
        return live

    @property
    def n_layers(self) -> int | None:
        """Layers of the model in memory; None while none is loaded."""
        return self._model.n_layers if self._model is not None else None

    def use(self, name: str) -> None:
        """Act on another session from now on."""
        if self._session is not None and self._session.record.name != name:
            self._release()
        self._current = name

    def renamed(self, old: str, new: str) -> None:
        """Follow a session to its new name."""
        if self._current == old:
            self._release()
            self._current = new

    def forget(self, name: str) -> None:
        """Let go of a session that is gone."""
        if self._current == name:
            self._release()
            self._current = None

    @contextmanager
    def writing(self, name: str) -> Iterator[SessionRecord]:
        """Hold the writer lock of a session that need not be the current one.

        Raises:
            SessionBusyError: Another process holds it.
        """
        from ..store.lock import WriterLock

        record = self.repository.session(name)
        held = self._session
        if held is not None and held.record.id == record.id and held.writable:
            self._release()
        lock = WriterLock(self.paths.store, record.uid, name)
        lock.acquire()
        try:
            yield record
        finally:
            lock.release()

    def status(self) -> Status | None:
        """Where things stand; None while no session is open."""
        session, live = self._session, self._live
        if session is None:
            return None
        from ..sessions.watch.levels import Watch

        record, history = session.record, session.history
        watch = Watch.of(record.watch) if live is None else live.watch
        cursor = history.cursor
        return Status(
            session=record.name,
            model=record.model,
            device=live.model.device if live is not None else record.device,
            dtype=record.dtype,
            rule=record.rule,
            weight_name=record.weight_name,
            layer=int(record.hparams["layers"][0]),
            second_moment="C" if record.statistics else "C=I",
            branch=cursor.branch,
            step=cursor.step,
            depth=history.depth(cursor.step),
            length=history.depth(history.tip),
            total=len(history.nodes),
            verdict=session.verdict,
            vitals=str(watch.vitals),
            guard=str(watch.guard),
            writable=session.writable,
            loaded=live is not None,
        )

    def close(self) -> None:
        """Let everything go; the bench can be used again."""
        self._release()
        if self._database is not None:
            self._database.close()
            self._database = self._repository = None

    def _release(self) -> None:
        live, session = self._live, self._session
        self._live = self._session = None
        if live is not None:
            live.close()
        elif session is not None:
            session.close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
