"""Everything the workbench does with the store and the model. Runs in the engine lane.

Gives back plain values and knows no widget. The bench it owns is touched by nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....engine.progress import ProgressSink, StopFlag
from ....errors import RomebenchError, SessionBusyError, UsageError
from ...commands.context import Chunk, Context
from ...commands.editing import PreviewParams, preview
from ...commands.execute import execute
from ...commands.options import SessionChoices
from ...commands.parsing import Invocation
from ...commands.registry import find
from ..collector import settle
from ..view import View, read_view
from .answers import Answers, ask
from .looks import Look, LookAsked, take

if TYPE_CHECKING:
    from ....engine.request import EditRequest
    from ....sessions.evaluation.runs import CasePage, Run, RunLine, Runs
    from ....sessions.watch.retention import Retention
    from ....sessions.watch.trail import Trail, Trails
    from ....store.records import Json, OperationRecord, StepRecord
    from ...bench import Bench
    from ...commands.results import Result, StepBrief

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ears:
    """Who listens to one call.

    Attributes:
        progress: Takes reports.
        stop: Asks the call to stop.
        emit: Takes text and steps as they come.
        note: Takes one-line remarks.
    """

    progress: ProgressSink
    stop: StopFlag
    emit: Callable[[Chunk | StepBrief], None]
    note: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Opened:
    """The session as it was found.

    Attributes:
        view: None in an empty store.
        busy: Why it can only be read; None where it can be written.
        named: It was asked for by name, not taken because it was used last.
    """

    view: View | None
    busy: SessionBusyError | None = None
    named: bool = False


class Desk:
    """The bench, seen from the engine lane."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._named = bench.current is not None
        self._trails: Trails | None = None
        self._runs: Runs | None = None

    @property
    def paths(self) -> Any:
        """Where everything lies; may be read from any thread."""
        return self._bench.paths

    def open(self) -> Opened:
        """Open the store and the session, without the model.

        A session that another process writes to is opened for reading.

        Raises:
            StoreError: The store can't be opened.
        """
        try:
            opened = self._opened()
        except BaseException:
            settle()
            raise
        if opened.busy is not None:
            settle()
        return opened

    def _opened(self) -> Opened:
        name = self._bench.name
        if name is None or self._bench.repository.find_session(name) is None:
            return Opened(None)
        try:
            self._bench.session(write=True)
        except SessionBusyError as error:
            self._bench.session(write=False)
            return Opened(self.view(), error, self._named)
        return Opened(self.view(), named=self._named)

    def load(self, ears: Ears) -> View | None:
        """Load the model of the session; make a session where there is none.

        Raises:
            ModelError: It can't be loaded, or isn't the one that was recorded.
        """
        try:
            self._bench.live(
                SessionChoices(), progress=ears.progress, stop=ears.stop, note=ears.note
            )
        finally:
            settle()
        return self.view()

    def view(self) -> View | None:
        """The session as it stands; None where there is none."""
        status = self._bench.status()
        if status is None:
            if self._bench.name is None:
                return None
            return self._opened().view
        return read_view(self._bench, status)

    def execute(self, invocation: Invocation, ears: Ears) -> Result:
        """Run a command.

        Raises:
            RomebenchError: It failed in a way that has a name.
        """
        if invocation.session is not None:
            self._bench.use(invocation.session)
        context = Context(
            self._bench,
            progress=ears.progress,
            stop=ears.stop,
            emit=ears.emit,
            note=ears.note,
            choices=invocation.choices,
        )
        return execute(invocation.command, context, invocation.params)

    def answers(self, result: Result, stop: StopFlag) -> Answers | None:
        """What both models say to the fact that an edit, an undo or a redo was about."""
        status = self._bench.status()
        if status is None or not status.loaded:
            return None
        request = self._fact(result)
        if request is None:
            return None
        from ....engine.request import EditRequest

        prompt = EditRequest.from_json(request).text
        try:
            return ask(self._bench.live(SessionChoices()), prompt, stop)
        except RomebenchError:
            logger.info("no answers to %r", prompt, exc_info=True)
            return None

    def _fact(self, result: Result) -> Json | None:
        from ...commands.results import Edited, Moved

        if isinstance(result, Edited):
            return result.step.request
        if isinstance(result, Moved) and result.steps:
            return self.step(result.steps[-1]).request
        return None

    def preview(self, request: EditRequest, ears: Ears) -> Json | None:
        """Tokens and the target's standing before an edit; None while no model is loaded."""
        status = self._bench.status()
        if status is None or not status.loaded:
            return None
        params = PreviewParams(
            prompt=request.prompt,
            subject=request.subject,
            target=request.target_new,
            true=request.target_true,
        )
        context = Context(self._bench, progress=ears.progress, stop=ears.stop)
        found: Json = preview(context, params).to_json()["preview"]
        return found

    def look(self, asked: LookAsked, ears: Ears) -> Look | None:
        """What the Lens or the Trace tab wants to see; None while no model is loaded.

        Raises:
            RequestError: The prompt can't be read.
            CancelledError: It was asked to stop.
        """
        status = self._bench.status()
        if status is None or not status.loaded:
            return None
        live = self._bench.live(SessionChoices(), write=status.writable)
        return take(live, asked, ears.progress, ears.stop)

    def step(self, number: int) -> StepRecord:
        """All that is recorded of a step."""
        return self._bench.session(write=False).step(number)

    # Read from the store alone, in a thread beside the lane

    def operations(self, session: str, limit: int) -> list[OperationRecord]:
        """The newest operations of a session, oldest first."""
        repository = self._bench.repository
        return repository.operations(repository.session(session).id, limit)

    def trails(self, sessions: tuple[str, ...]) -> tuple[Trail, ...]:
        """The vitals of sessions; of those known already only what is new is read."""
        from ....sessions.watch.trail import Trails

        if self._trails is None:
            self._trails = Trails()
        follow, repository = self._trails.follow, self._bench.repository
        return tuple(follow(repository, name) for name in sessions)

    def retention(self, session: str) -> Retention:
        """What was measured of earlier edits, along the branch the cursor is on."""
        from ....sessions.view import SessionView
        from ....sessions.watch.retention import read_retention

        repository = self._bench.repository
        view = SessionView(repository, repository.session(session))
        return read_retention(view, view.history.tip)

    def runs(self) -> tuple[RunLine, ...]:
        """The evaluation runs of the store, the newest first."""
        return self._followed().list(self._bench.repository)

    def run(self, session: str) -> Run | None:
        """A run with its cases; of one that is known only what is new is read."""
        return self._followed().run(self._bench.repository, session)

    def _followed(self) -> Runs:
        from ....sessions.evaluation.runs import Runs

        if self._runs is None:
            self._runs = Runs()
        return self._runs

    def case(self, session: str, case_id: int) -> CasePage:
        """A case with its prompts, probabilities and texts."""
        from ....sessions.evaluation.runs import read_case

        return read_case(self._bench.repository, session, case_id)

    def going_on(self, session: str) -> Invocation:
        """The command that goes on with a run.

        Raises:
            UsageError: There is no such run, or its data can't be read.
        """
        from ....sessions.evaluation.runs import to_go_on

        run = self.run(session)
        if run is None:
            raise UsageError(f"session {session!r} holds no evaluation", "n begins one")
        plan = run.line.plan
        command = find(f"eval {plan.dataset}")
        return Invocation(command, command.params(name=session, **to_go_on(plan)))

    def close(self) -> None:
        """Give the session and the store back."""
        self._bench.close()
