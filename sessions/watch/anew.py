"""Replay anew: the requests of a session made again, under something else, in a new session.

Same requests, contexts and seed unless the change says otherwise; the new session's source names
the old one and its steps. The requests go through the queue, so a replay that is stopped goes on
with `run`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from ...engine.contexts import draw_contexts
from ...engine.loading import load_model
from ...engine.model import LoadedModel
from ...engine.progress import NEVER, Progress, ProgressSink, StopFlag, ignore
from ...engine.request import EditRequest
from ...engine.rules import Rule
from ...errors import CancelledError, EditError, RequestError, StoreError, UsageError
from ...hparams import Hparams
from ...store.records import Json, SessionRecord, StepRecord
from ..editing import make_step
from ..live import LiveSession
from ..names import check_session_name
from ..options import SessionOptions, choose_hparams, find_hparams
from ..queue_run import OnStep, Taken
from ..statistics import RecordedMoments, choose_moment, statistics_folder
from ..ways import RankOne, Way, find_method, recorded_way

if TYPE_CHECKING:
    from ...engine.moments import SecondMoment
    from ...store.repository import Repository
    from ..view import SessionView


class Order(StrEnum):
    """In which order the requests are made again."""

    RECORDED = "recorded"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"
    """Drawn with the seed."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different this time; None: as it was.

    Attributes:
        rule: The rule of every step.
        method: Another method than a rule, of every step.
        method_hparams: A file of its hyperparameters; None for the published ones.
        hparams: A preset or a file; of every step.
        stats: A file of second moments, or "none" for C = I.
        seed: Of contexts, generations and the shuffle; the contexts are drawn anew.
        model: Another model; its hparams, C and contexts, unless they are given.
        without: Steps that are left out, by number.
        only: Only the first so many of those that are left.
        order: The order of the steps.
    """

    rule: str | None = None
    method: str | None = None
    method_hparams: str | None = None
    hparams: str | None = None
    stats: str | None = None
    seed: int | None = None
    model: str | None = None
    without: tuple[int, ...] = ()
    only: int | None = None
    order: Order = Order.RECORDED

    def to_json(self) -> Json:
        """What was changed, for the record."""
        out: Json = {
            name: getattr(self, name)
            for name in (
                "rule",
                "method",
                "method_hparams",
                "hparams",
                "stats",
                "seed",
                "model",
                "only",
            )
            if getattr(self, name) is not None
        }
        if self.without:
            out["without"] = list(self.without)
        if self.order is not Order.RECORDED:
            out["order"] = str(self.order)
        return out


def chosen_steps(view: SessionView, changes: Changes) -> list[StepRecord]:
    """The steps of the cursor's path that are made again, in their new order.

    Raises:
        UsageError: A step that is to be left out is not on the path; nothing is left.
    """
    path = view.history.path(view.cursor.step)
    strange = [step for step in changes.without if step not in path]
    if strange:
        raise UsageError(
            f"step {strange[0]} is not on the path to {view.cursor.branch!r}",
            "`log` shows the steps; `goto` another branch to replay that one",
        )
    kept = [step for step in path if step not in changes.without][: changes.only]
    if not kept:
        raise UsageError("there is nothing to replay", "the cursor stands at the base")
    if changes.order is Order.REVERSED:
        kept.reverse()
    elif changes.order is Order.SHUFFLED:
        seed = view.record.seed if changes.seed is None else changes.seed
        kept = random.Random(seed).sample(kept, len(kept))
    return view.records(kept)


def open_anew(
    view: SessionView,
    into: str,
    changes: Changes,
    steps: Sequence[StepRecord],
    *,
    device: str | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> LiveSession:
    """Make the new session, at its base, with every request in its queue.

    Raises:
        StoreError: There is a session of that name.
        ModelError: The model can't be loaded.
        StatisticsError: C can't be found.
    """
    repository, old = view.repository, view.record
    if repository.find_session(check_session_name(into)) is not None:
        raise StoreError(f"there is a session {into!r} already", "choose another name")
    hparams = _hparams(old, changes)
    model = load_model(
        changes.model or old.model,
        revision=None if changes.model else old.revision,
        device=device or "auto",
        dtype="auto" if changes.model else old.dtype,
        progress=progress,
        stop=stop,
    )
    stats = "none" if changes.stats is None and old.statistics is None else changes.stats
    if stats is not None and stats != "none":
        hparams = replace(hparams, mom2_adjustment=True)
    live = LiveSession.create(
        repository,
        name=into,
        model=model,
        hparams=hparams,
        rule=Rule(changes.rule or old.rule),
        contexts=_contexts(old, changes, model, hparams, progress, stop),
        moment=_moment(repository, old, changes, model, hparams, stats),
        seed=old.seed if changes.seed is None else changes.seed,
        source=_source(view, changes, steps),
    )
    record, folder = live.session.record, statistics_folder(repository)
    live.moments.source = RecordedMoments(record, model, changes.stats, folder)
    requests = [EditRequest.from_json(step.request) for step in steps]
    live.session.enqueue(requests, f"replay of {old.name}")
    return live


def run_anew(
    live: LiveSession,
    steps: Sequence[StepRecord],
    changes: Changes,
    *,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
    on_step: OnStep | None = None,
) -> list[Taken]:
    """Make every request again; a step that had its own rule or hparams keeps them.

    Raises:
        CancelledError: `stop` was set; what was made stays, the rest waits in the queue.
        RomebenchError: A failure that is no fault of a request.
    """
    taken: list[Taken] = []
    entries = live.session.queue("pending")
    for done, (entry, old) in enumerate(zip(entries, steps, strict=True)):
        if stop.is_set():
            raise CancelledError(
                f"the replay was cancelled after {done} of {len(steps)} steps",
                f"`run --session {live.session.record.name}` makes the rest",
            )
        progress(Progress("replaying anew", done, len(steps)))
        try:
            made = make_step(
                live, EditRequest.from_json(entry.request), way=_way(live, old, changes),
                progress=ignore, stop=stop, position=entry.position,
            )  # fmt: skip
            taken.append(Taken(entry, made, None))
        except (RequestError, EditError) as error:
            taken.append(Taken(entry, None, error))
        if on_step is not None:
            on_step(taken[-1])
        if taken[-1].step is not None and live.watch.ends_run(taken[-1].step.verdict):
            break
    progress(Progress("replaying anew", len(taken), len(steps)))
    return taken


def _way(live: LiveSession, old: StepRecord, changes: Changes) -> Way:
    """How a step is made again: as it was, but for what is changed.

    A rule takes the place of another method too; its hyperparameters are then the session's.
    """
    if changes.method is not None:
        return find_method(changes.method, changes.method_hparams, live.session.record.model)
    was = recorded_way(old)
    if not isinstance(was, RankOne):
        return was if changes.rule is None else live.way()
    own = changes.hparams is None and changes.model is None
    hparams = was.hparams if own else live.hparams
    if changes.stats is not None:
        hparams = replace(hparams, mom2_adjustment=live.hparams.mom2_adjustment)
    return RankOne(Rule(changes.rule or was.rule), hparams)


def _hparams(old: SessionRecord, changes: Changes) -> Hparams:
    if changes.hparams is not None:
        return find_hparams(changes.hparams)
    if changes.model is None:
        return Hparams.from_json(old.hparams)
    found, _ = choose_hparams(SessionOptions(model=changes.model))
    if found is None:
        raise UsageError(
            f"no hparams are known for the model {changes.model!r}", "give --hparams FILE"
        )
    return found


def _contexts(
    old: SessionRecord,
    changes: Changes,
    model: LoadedModel,
    hparams: Hparams,
    progress: ProgressSink,
    stop: StopFlag,
) -> tuple[str, ...]:
    """The session's own; drawn anew for another seed or model."""
    if changes.seed is None and changes.model is None:
        return old.contexts
    seed = old.seed if changes.seed is None else changes.seed
    lengths = hparams.context_template_length_params
    return draw_contexts(model, lengths, seed, progress=progress, stop=stop)


def _moment(
    repository: Repository,
    old: SessionRecord,
    changes: Changes,
    model: LoadedModel,
    hparams: Hparams,
    stats: str | None,
) -> SecondMoment:
    """C as it was at the same site of the same model; else as a new session would find it."""
    weight_name, folder = model.weight_name(hparams.layer), statistics_folder(repository)
    same = changes.model is None and stats is None and weight_name == old.weight_name
    if same:
        found = RecordedMoments(old, model, None, folder)(weight_name)
        if found is not None:
            return found.with_ridge(hparams.mom2_ridge)
    return choose_moment(model, hparams, weight_name, stats, folder)


def _source(view: SessionView, changes: Changes, steps: Sequence[StepRecord]) -> Json:
    old = view.record
    return {
        "kind": "replay",
        "session": old.name,
        "uid": old.uid,
        "branch": view.cursor.branch,
        "step": view.cursor.step,
        "steps": [step.step for step in steps],
        "changes": changes.to_json(),
    }
