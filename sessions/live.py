"""A session with its model: the weights always stand where the cursor stands.

Owns the agreement of weights and history: every move and every edit ends with the hash that is
recorded, or with everything as it was. Not for concurrent use: one thread, the engine lane's.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal

from ..engine.generation import Sampling, generate
from ..engine.moments import SecondMoment
from ..engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ..engine.request import EditRequest
from ..engine.rules import Rule
from ..engine.vitals import TargetReading, preview, read_target
from ..engine.weights import EditedWeights
from ..errors import ModelError
from ..hparams import Hparams
from ..store.records import BASE, GenerationRecord, Json, SessionRecord, StepRecord
from .editing import make_step
from .memory import named_memory
from .provenance import check_base, check_model, versions
from .queue_run import OnStep, RunReport, run_queue, step_queue
from .session import Move, Session
from .statistics import MomentSource, SiteMoments, no_moments
from .stored_deltas import DeltaLoader
from .watch.levels import Watch
from .watch.vitals import FullVitals
from .ways import RankOne, Way

if TYPE_CHECKING:
    from ..engine.model import LoadedModel
    from ..store.repository import Repository

Where = Literal["cursor", "base"]
"""Which weights answer: those at the cursor, or the unedited ones."""


class LiveSession:
    """A session and the model it edits.

    Made by `create` or `attach`. Closing it puts the unedited weights back and closes the session.

    Attributes:
        session: The session; its moves take the weights along.
        model: The live model.
        weights: Its edited weights.
        moments: C of every site that is edited.
        watch: Which vitals are taken, and what a verdict does.
        vitals: Takes them.
    """

    def __init__(
        self,
        session: Session,
        model: LoadedModel,
        weights: EditedWeights,
        moment: SecondMoment | None,
        moments: MomentSource,
    ) -> None:
        self.session = session
        self.model = model
        self.weights = weights
        self.moments = SiteMoments(session.record, model, moment, moments)
        kept = session.record.watch
        self.watch = Watch() if kept is None else Watch.of(kept)
        self.vitals = FullVitals(self)
        session.follower = self

    @classmethod
    def create(
        cls,
        repository: Repository,
        *,
        name: str,
        model: LoadedModel,
        hparams: Hparams,
        rule: Rule,
        contexts: Sequence[str],
        moment: SecondMoment,
        seed: int,
        source: Json | None = None,
        moments: MomentSource = no_moments,
        watch: Watch | None = None,
    ) -> LiveSession:
        """Make a session at the base of a model that has not been edited.

        Args:
            contexts: Context templates, the bare "{}" included.
            moment: C of the site, or the identity.
            seed: Seeded the contexts; seeds generations that name no other.
            source: Where the session comes from, if not from nowhere.
            moments: Where C for other sites comes from.
            watch: How it is watched, kept with the session; None keeps nothing and takes the
                cheap vitals.

        Raises:
            StoreError: The name is taken; the store can't be written.
            ModelError: The model has no such layer.
        """
        weight_name = model.weight_name(hparams.layer)
        weights = EditedWeights(model)
        record = repository.create_session(
            SessionRecord(
                id=0,
                uid=uuid.uuid4().hex,
                name=name,
                created_at="",
                used_at="",
                model=model.name,
                revision=model.revision,
                model_type=model.model_type,
                model_sha256=model.model_sha256,
                tokenizer_sha256=model.tokenizer_sha256,
                dtype=model.dtype,
                device=model.device,
                rule=str(rule),
                hparams=hparams.to_json(),
                weight_name=weight_name,
                seed=seed,
                contexts=tuple(contexts),
                statistics=moment.provenance,
                base_weight_sha256=weights.base_sha256(weight_name),
                versions=versions(),
                source=source,
                watch=None if watch is None else watch.to_json(),
            )
        )
        return cls(Session.open(repository, record.name), model, weights, moment, moments)

    @classmethod
    def attach(
        cls,
        session: Session,
        model: LoadedModel,
        moment: SecondMoment | None = None,
        *,
        moments: MomentSource = no_moments,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
    ) -> LiveSession:
        """Take a stored session up again: the weights go to its cursor.

        A session that is open for reading can be attached too: it generates, and can't be edited.

        Args:
            model: As it was loaded, unedited.
            moment: C of the session's site, or the identity; None to ask `moments` for it when
                the first edit needs it.
            moments: Where C for this and other sites comes from.

        Raises:
            ModelError: The model, its tokenizer or its weights aren't those that were recorded;
                the message names which.
            StoreError: A stored delta is damaged.
            CancelledError: `stop` was set.
        """
        check_model(session.record, model)
        weights = EditedWeights(model)
        check_base(session.record, weights)
        live = cls(session, model, weights, moment, moments)
        try:
            live.follow(session.cursor.step, progress, stop)
        except BaseException:
            session.follower = None
            raise
        return live

    @property
    def hparams(self) -> Hparams:
        """The session's hyperparameters."""
        return Hparams.from_json(self.session.record.hparams)

    def close(self) -> None:
        """Put the unedited weights back, and close the session."""
        self.weights.goto((), self.loader(()))
        self.session.close()

    def __enter__(self) -> LiveSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def way(self, rule: Rule | None = None, hparams: Hparams | None = None) -> RankOne:
        """How an edit is made: as the session says, but for what is given."""
        return RankOne(rule or Rule(self.session.record.rule), hparams or self.hparams)

    # Moves: the session's, with the weights as its follower

    def undo(self, n: int = 1, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER) -> Move:
        """Go `n` steps towards the base; see `Session.undo`."""
        return self.session.undo(n, progress=progress, stop=stop)

    def redo(self, n: int = 1, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER) -> Move:
        """Go `n` steps towards the tip; see `Session.redo`."""
        return self.session.redo(n, progress=progress, stop=stop)

    def goto(
        self, ref: int | str, *, progress: ProgressSink = ignore, stop: StopFlag = NEVER
    ) -> Move:
        """Go to a step, to "base", or to the tip of a branch; see `Session.goto`."""
        return self.session.goto(ref, progress=progress, stop=stop)

    def branch(
        self,
        name: str,
        at: int | str | None = None,
        *,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
    ) -> Move:
        """Make a branch and go there; see `Session.branch`."""
        return self.session.branch(name, at, progress=progress, stop=stop)

    def follow(self, step: int, progress: ProgressSink, stop: StopFlag) -> None:
        """Put the weights at a step and check their hash against the recorded one.

        Raises:
            ModelError: The hashes differ; the weights are as they were.
            StoreError: A stored delta is damaged; the weights are as they were.
            CancelledError: `stop` was set; the weights are as they were.
        """
        before = [(n, name) for name, steps in self.weights.path().items() for n in steps]
        self.goto_weights(step, progress, stop)
        recorded = self.session.weight_sha256_at(step)
        found = self.weights.sha256(self.session.record.weight_name)
        if found != recorded:
            self.weights.goto(before, self.loader([number for number, _ in before]))
            raise ModelError(
                f"the weights do not match the recorded hash of "
                f"{f'step {step}' if step else 'the base'}: recorded {recorded}, found {found}",
                "`romebench sessions verify` finds the first step that differs; nothing was moved",
            )

    def settle(self) -> None:
        """Make sure that the weights stand at the cursor before anything is asked of them.

        They do, unless going back after a failure failed too (the store could not be read).

        Raises:
            ModelError: They can't be brought there.
            StoreError: A stored delta can't be read.
        """
        expected: dict[str, list[int]] = {}
        for step, name in self.session.path_weights(self.session.cursor.step):
            expected.setdefault(name, []).append(step)
        if {name: list(steps) for name, steps in self.weights.path().items()} != expected:
            self.follow(self.session.cursor.step, ignore, NEVER)

    def goto_weights(
        self, step: int, progress: ProgressSink = ignore, stop: StopFlag = NEVER
    ) -> None:
        """Put the weights at a step, unchecked; the cursor stays."""
        path = self.session.path_weights(step)
        loader = self.loader([number for number, _ in path])
        self.weights.goto(path, loader, progress=progress, stop=stop)

    def watch_as(self, vitals: str | None, guard: str | None) -> None:
        """Change how the session is watched; where it can be written to, it keeps that.

        Args:
            vitals: cheap or full; None as it was.
            guard: off, warn, stop or undo; None as it was.

        Raises:
            UsageError: There is no such level or guard.
        """
        self.watch = self.watch.changed(vitals, guard)
        if (vitals or guard) and self.session.writable:
            self.session.set_watch(self.watch)

    # Editing

    def edit(
        self,
        request: EditRequest,
        *,
        rule: Rule | None = None,
        hparams: Hparams | None = None,
        way: Way | None = None,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
    ) -> StepRecord:
        """Make an edit and commit it as a step: all of it, or nothing.

        Args:
            rule: Another rule than the session's, for this step.
            hparams: Other hyperparameters (and layer) than the session's, for this step.
            way: Another method than a rule, in place of both.

        Raises:
            RequestError: The request can't be edited.
            EditError: The delta isn't finite or sane.
            CancelledError: `stop` was set.
            StoreError: The step can't be written.
            RomebenchError: And every other named failure; after each, weights and history are as
                they were, and the operation says what happened.
        """
        chosen = self.way(rule, hparams) if way is None else way
        return make_step(self, request, way=chosen, progress=progress, stop=stop)

    def step_queue(
        self,
        *,
        way: Way | None = None,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
    ) -> StepRecord | None:
        """Make the edit the queue has next; None where nothing waits.

        Raises:
            RomebenchError: As `edit`. A request that can't be edited is marked `failed`; after any
                other failure it waits on.
        """
        return step_queue(self, way=way, progress=progress, stop=stop)

    def run_queue(
        self,
        limit: int | None = None,
        *,
        until: str | None = None,
        way: Way | None = None,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
        on_step: OnStep | None = None,
    ) -> RunReport:
        """Take one request of the queue after the other, until it is empty.

        Args:
            limit: Take at most so many.
            way: How each is made; None as the session says.
            until: End after a step with this verdict or a worse one, whatever the guard; without
                it the guard says.
            on_step: Is told of each request that was taken, whether it became a step or failed.

        Raises:
            CancelledError: `stop` was set; what was committed stays, the rest waits.
            RomebenchError: A failure that is no fault of the request.
        """
        return run_queue(
            self, limit, until=until, way=way, progress=progress, stop=stop, on_step=on_step
        )

    # Asking the model

    def generate(
        self,
        prompt: str,
        sampling: Sampling,
        *,
        at: Where = "cursor",
        on_text: Callable[[str], None] | None = None,
        stop: StopFlag = NEVER,
    ) -> GenerationRecord:
        """Write on from a prompt, and keep the text with the session.

        Args:
            at: "base" asks the unedited model.
            on_text: Takes the new text piece by piece.
            stop: Ends the text where it is; what was written is kept.

        Raises:
            RequestError: The prompt is empty or too long.
            StoreError: The text can't be stored.
        """
        began = time.perf_counter()
        with self._at(at), named_memory("the text"):
            written = generate(self.model, prompt, sampling, on_text=on_text, stop=stop)
        record = GenerationRecord(
            step=BASE if at == "base" else self.session.cursor.step,
            prompt=prompt,
            parameters={**sampling.to_json(), "finish": written.finish},
            seed=sampling.seed,
            token_ids=written.token_ids,
            text=written.text,
            role="base" if at == "base" else "console",
        )
        if not self.session.writable:
            return record
        return self.session.repository.add_generation(
            self.session.record.id,
            record,
            command="generate",
            params={"prompt": prompt, "at": at, **sampling.to_json()},
            result={"finish": written.finish, "tokens_per_s": round(written.tokens_per_s, 3)},
            elapsed_s=time.perf_counter() - began,
        )

    def probability(self, prompt: str, target: str, *, at: Where = "cursor") -> TargetReading:
        """How likely the model finds `target` behind `prompt`.

        Raises:
            RequestError: One of them is empty, or both are too long together.
        """
        asked = EditRequest("{}", prompt, target)
        with self._at(at), named_memory("the probability"):
            return read_target(self.model, asked, target)

    def preview(self, request: EditRequest, hparams: Hparams | None = None) -> Json:
        """What an edit would start from: tokens, lookup position, the target as it stands.

        Raises:
            RequestError: The request can't be edited.
        """
        self.settle()
        used = hparams or self.hparams
        shown = preview(self.model, request, used.fact_token)
        foreseen = self.vitals.foresee(request, used)
        shown["warnings"] = [*shown["warnings"], *foreseen.pop("warnings", ())]
        return {**shown, **foreseen}

    def _at(self, at: Where) -> AbstractContextManager[None]:
        self.settle()
        return self.weights.at_base() if at == "base" else nullcontext()

    def loader(self, path: Sequence[int]) -> DeltaLoader:
        """Reads stored deltas for a walk along a path."""
        return DeltaLoader(self.session.repository, self.session.record.id, path)
