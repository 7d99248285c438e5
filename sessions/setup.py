"""From options to a live session: the model loaded, contexts drawn, statistics found.

What a front end calls to begin or to go on; knows no screen.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.contexts import draw_contexts, read_contexts
from ..engine.loading import load_model
from ..engine.model import LoadedModel
from ..engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ..errors import StoreError
from ..hparams import default_hparams
from ..store.records import Json, SessionRecord
from .live import LiveSession
from .names import check_session_name
from .options import SessionOptions, check_options, choose_hparams, session_stem, with_statistics
from .session import Session
from .statistics import RecordedMoments, choose_moment, statistics_folder
from .watch.levels import Watch

if TYPE_CHECKING:
    from ..store.repository import Repository

__all__ = ["SessionOptions", "attach_live", "check_options", "create_live", "open_or_create"]


def open_or_create(
    repository: Repository,
    name: str | None,
    options: SessionOptions | None = None,
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> LiveSession:
    """The session of that name, taken up again; made where there is none.

    Args:
        name: None always makes a new session, named after its model.

    Raises:
        UsageError: The options contradict the session.
        RomebenchError: As `create_live` and `attach_live`.
    """
    options = options or SessionOptions()
    if name is None or repository.find_session(name) is None:
        return create_live(repository, name, options, progress=progress, stop=stop)
    session = Session.open(repository, name)
    try:
        return attach_live(session, options, progress=progress, stop=stop)
    except BaseException:
        session.close()
        raise


def create_live(
    repository: Repository,
    name: str | None,
    options: SessionOptions,
    *,
    source: Json | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> LiveSession:
    """Make a session: load the model, read or draw the contexts, find C.

    What can be refused without the model is refused before it is loaded.

    Args:
        name: None for a free name after the model's.

    Raises:
        UsageError: The name can't be used; the hyperparameters are wrong.
        StoreError: The name is taken; the store can't be written.
        ModelError: The model can't be loaded or edited; C doesn't fit it.
        FileFormatError: The hparams or the contexts can't be read.
        CancelledError: `stop` was set; no session was made.
    """
    if name is not None and repository.find_session(check_session_name(name)) is not None:
        raise StoreError(f"there is a session {name!r} already", "choose another name")
    hparams, rule = choose_hparams(options)
    given = read_contexts(Path(options.contexts).expanduser()) if options.contexts else None
    seed = options.seed or 0
    model = load_model(
        options.model_name,
        revision=options.revision,
        device=options.device or "auto",
        dtype=options.dtype or "auto",
        trust_remote_code=bool(options.trust_remote_code),
        progress=progress,
        stop=stop,
    )
    if hparams is None:
        hparams = with_statistics(default_hparams(model.model_type, model.n_layers), options.stats)
    folder = statistics_folder(repository)
    moment = choose_moment(model, hparams, model.weight_name(hparams.layer), options.stats, folder)
    contexts = given or draw_contexts(
        model, hparams.context_template_length_params, seed, progress=progress, stop=stop
    )
    live = LiveSession.create(
        repository,
        name=name if name is not None else repository.unique_name(session_stem(model.name)),
        model=model,
        hparams=hparams,
        rule=rule,
        contexts=contexts,
        moment=moment,
        seed=seed,
        source=source,
        watch=options.watch,
    )
    live.moments.source = RecordedMoments(live.session.record, model, options.stats, folder)
    return live


def attach_live(
    session: Session,
    options: SessionOptions | None = None,
    *,
    model: LoadedModel | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> LiveSession:
    """Take a stored session up again: load its model and bring the weights to its cursor.

    Args:
        model: The session's model, where it is loaded already and unedited.

    Raises:
        UsageError: The options contradict the session.
        ModelError: The model can't be loaded, or isn't the one that was recorded.
        StoreError: A stored delta is damaged.
        CancelledError: `stop` was set.
    """
    options = options or SessionOptions()
    record = session.record
    check_options(options, record)
    if model is None:
        model = load_model(
            record.model,
            revision=record.revision,
            device=options.device or _device(record),
            dtype=record.dtype,
            trust_remote_code=bool(options.trust_remote_code),
            progress=progress,
            stop=stop,
        )
    folder = statistics_folder(session.repository)
    moments = RecordedMoments(record, model, options.stats, folder)
    live = LiveSession.attach(session, model, moments=moments, progress=progress, stop=stop)
    live.watch = Watch.of(record.watch)
    live.watch_as(options.vitals, options.guard)
    return live


def _device(record: SessionRecord) -> str:
    """The recorded device where this machine has it; the edited weight is the same on any."""
    import torch

    return record.device if record.device == "cpu" or torch.cuda.is_available() else "auto"
