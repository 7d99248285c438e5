"""The main screen: header, history and queue, tabs, input line. Hands messages to the panes."""

from __future__ import annotations

import logging

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import TabbedContent, TabPane

from ...engine.request import EditRequest
from ...errors import UsageError
from ..commands.parsing import HelpAsked, Invocation
from ..commands.spec import Effect
from ..settings import Settings
from .actions import CONDITIONAL, Actions
from .activity import Activity
from .bottom.assist import Assist
from .bottom.bottom import Bottom
from .bottom.input_line import InputLine, intention_of
from .bottom.key_bar import KeyBar
from .bottom.status_line import StatusLine, standing
from .bottom.typed_lines import TypedLines
from .conductor import Conductor, invocation
from .header import HeaderBar
from .keymap import key_for, rebind
from .lane.asks import PageRead
from .lane.desk import Desk
from .lane.examples import POCKET
from .lane.jobs import JobEnded, JobFailed, JobProgressed, JobStarted, JobStreamed
from .messages import (
    Answered,
    CommandWanted,
    ExamplesRead,
    Executed,
    ModelLoaded,
    Noted,
    PreviewRead,
    SessionOpened,
    StepRead,
    StopWanted,
    ViewChanged,
)
from .readings import Readings
from .sampling import Choice
from .side.history import HistoryList
from .side.lines import LineList
from .side.queue import QueueList
from .steps import Steps
from .tabs.console import Console
from .tabs.inside import LensTab
from .tabs.log import LogList
from .tabs.reading import ReadingTab
from .tabs.table import TABS
from .tabs.welcome import ExampleList
from .understand import OwnWord, overview, understand
from .view import View

logger = logging.getLogger(__name__)

SETTLE_S = 0.08
"""The Edit tab follows the history's highlight when it has rested so long."""


class Workspace(Actions):
    """Everything but the dialogs."""

    def __init__(self, conductor: Conductor, desk: Desk, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.conductor = conductor
        self._paths = desk.paths
        self._typed = TypedLines(desk.paths.history)
        self.steps = Steps(self, conductor)
        self._wanted: EditRequest | None = None
        self._possible: tuple[bool | None, ...] = ()
        self._readings = Readings(conductor, lambda: self.active_tab, self._reading_tab)

    def compose(self) -> ComposeResult:
        """The layout."""
        yield HeaderBar()
        with Horizontal(id="main"):
            with Vertical(id="side"):
                yield HistoryList(id="history")
                yield QueueList(id="queue")
            with TabbedContent(id="tabs"):
                for tab in TABS:
                    with TabPane(tab.title, id=tab.pane):
                        yield tab.make(id=tab.name)
        yield Bottom(self._typed)
        yield KeyBar()

    def on_mount(self) -> None:
        """Paint first; then open the store behind the live screen."""
        self._activity = Activity(self, self.conductor, self._paths.log)
        self._reporter = self._activity.reporter
        self.query_one(QueueList).show(())
        self.query_one(HeaderBar).show(None, loading=True)
        self.console.welcome()
        self.sample(Choice.of(self._settings))
        self.line.focus()
        self.call_after_refresh(self.conductor.open)
        self.call_after_refresh(rebind, self)

    @property
    def console(self) -> Console:
        """The console."""
        return self.query_one(Console)

    # The session

    @on(SessionOpened)
    def _opened(self, message: SessionOpened) -> None:
        opened = message.opened
        self._show(opened.view)
        if opened.view is None or not opened.view.lines:
            model = opened.view.status.model if opened.view is not None else POCKET
            self.conductor.find_examples(model)
        else:
            self._greet(opened.view)
        if opened.busy is not None:
            self.console.note(opened.busy.message, "you can read; " + opened.busy.hint, "warning")
            self.notify(opened.busy.message, title="read-only", severity="warning", markup=False)
        else:
            self.conductor.load()
        if opened.view is not None and not opened.named and len(opened.view.sessions) > 1:
            self.action_sessions()

    def _greet(self, view: View) -> None:
        """Say where a session that has steps stands."""
        self.console.clear()
        steps = view.status.total
        self.console.note(
            f"session {view.status.session!r} with {steps:,} step{'' if steps == 1 else 's'}, "
            f"at {f'step {view.cursor}' if view.cursor else 'the base'} on {view.status.branch}"
        )

    @on(ExamplesRead)
    def _examples(self, message: ExamplesRead) -> None:
        self.line.offer(message.examples)
        if self.view is None or not self.view.lines:
            self.console.welcome(message.examples)

    @on(ModelLoaded)
    def _loaded(self, message: ModelLoaded) -> None:
        self._show(message.view)
        self._ask_preview()

    @on(ViewChanged)
    def _changed(self, message: ViewChanged) -> None:
        self._show(message.view)

    def _show(self, view: View | None) -> None:
        """Show a picture of the session everywhere."""
        if view is None or self.view is None or view.status.session != self.view.status.session:
            self.steps.forget()
        self.view = view
        self.query_one(HeaderBar).show(view, loading=self.conductor.loading)
        self.query_one(HistoryList).show(view)
        self.query_one(QueueList).show(view.queue if view is not None else ())
        self.query_one(StatusLine).hint(standing(view, key_for(self, "redo")))
        self.line.know(view)
        self._readings.refresh(view)
        self._refresh_keys()
        self.show_sessions()

    def _refresh_keys(self) -> None:
        """Draw the footer again where other keys are possible than before."""
        possible = tuple(self.check_action(action, ()) for action in CONDITIONAL)
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    # Commands

    @on(InputLine.Sent)
    def _sent(self, message: InputLine.Sent) -> None:
        """Do what a line says; a line that can't be understood comes back to be mended."""
        line = message.line
        try:
            asked = understand(line, self.sampling)
        except UsageError as error:
            self.open_tab("console")
            self.console.note(error.message, error.hint, "error")
            self.line.put(line)
            return
        if isinstance(asked, OwnWord):
            self.own(asked.word)
        elif isinstance(asked, HelpAsked):
            self._show_help("Help", asked.text)
        elif asked is not None:
            self.open_tab("console")
            self.console.echo(line, intention_of(line))
            self.execute(asked)

    def own(self, word: str) -> None:
        """Do one of the workbench's own words."""
        if word == "quit":
            self.app.exit()
        elif word == "clear":
            self.console.clear()
        else:
            self._show_help("Commands", overview())

    def _show_help(self, title: str, text: str) -> None:
        from .help import CommandHelp

        self.app.push_screen(CommandHelp(title, text))

    def execute(self, asked: Invocation, *, stay: bool = False) -> None:
        """Run a command; ask before something is destroyed.

        Args:
            stay: Keep the tab in view, also while a long command runs.
        """
        from .dialogs.confirm import ConfirmDialog

        if asked.command.effect is Effect.DESTRUCTIVE and not asked.yes:
            question = asked.command.ask(asked.params)
            dialog = ConfirmDialog(question, asked.command.name.split()[-1].capitalize())

            def answered(yes: bool | None) -> None:
                if yes:
                    self._begin(asked, stay)

            self.app.push_screen(dialog, answered)
        else:
            self._begin(asked, stay)

    def _begin(self, asked: Invocation, stay: bool) -> None:
        self._readings.disturbed()
        job = self.conductor.execute(asked)
        if asked.command.name == "generate":
            self.last_prompt = " ".join(asked.params.prompt)
            self.query_one(LensTab).follow(self.last_prompt)
        if asked.command.long and not stay and not self._readings.follows(asked.command.name):
            self.open_tab("console")
        self._reporter.begun(job, asked, self._cursor)

    @on(Executed)
    def _executed(self, message: Executed) -> None:
        from ..commands.results import Edited

        if isinstance(message.result, Edited):
            record = message.result.step
            self.steps.keep(record)
            self.last_prompt = EditRequest.from_json(record.request).text
        try:
            self._reporter.executed(message)
        except Exception as error:
            # What was done is done and recorded; that it can't be shown must not end the session.
            logger.exception("the result of %s could not be shown", message.job.label)
            self._activity.tell(message.job.label, error)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        self._reporter.answered(message)

    @on(Noted)
    def _noted(self, message: Noted) -> None:
        self.console.note(message.text)

    # The life of a job

    @property
    def _cursor(self) -> int:
        return self.view.cursor if self.view is not None else 0

    @on(JobStarted)
    def _job_started(self, message: JobStarted) -> None:
        self._activity.started(message)

    @on(JobProgressed)
    def _job_progressed(self, message: JobProgressed) -> None:
        self._activity.progressed(message)
        self._readings.progressed(message.progress, self.view)
        self.steps.live(message, self._cursor)

    @on(JobStreamed)
    def _job_streamed(self, message: JobStreamed) -> None:
        self._reporter.streamed(message)

    @on(JobFailed)
    def _job_failed(self, message: JobFailed) -> None:
        self._activity.failed(message, self.view)

    @on(JobEnded)
    def _job_ended(self, message: JobEnded) -> None:
        self._activity.ended(message)
        self.steps.settle()
        self._activity.load_if_needed(self.view)
        self._ask_preview()
        self._readings.refresh(self.view)

    # Steps and the log

    @on(LineList.Highlighted, "#history")
    def _highlighted(self) -> None:
        self.set_timer(SETTLE_S, self.steps.follow)

    @on(StepRead)
    def _step_read(self, message: StepRead) -> None:
        self.steps.read(message.record)

    @on(LineList.Chosen, "#history")
    def _history_chosen(self, message: LineList.Chosen) -> None:
        self._goto(self.query_one(HistoryList).step_at(message.index))

    @on(LineList.Chosen, "#log")
    def _log_chosen(self, message: LineList.Chosen) -> None:
        self._goto(self.query_one(LogList).step_at(message.index))

    def _goto(self, step: int | None) -> None:
        if step is None or self.view is None:
            return
        if step == self.view.cursor:
            self.notify(f"the cursor is at {f'step {step}' if step else 'the base'} already")
        else:
            self.execute(invocation("goto", ref=str(step) if step else "base"))

    # The tabs that show what is read

    def _reading_tab(self, name: str) -> ReadingTab | None:
        found = self.query_one(f"#{name}")
        return found if isinstance(found, ReadingTab) else None

    @on(TabbedContent.TabActivated)
    @on(ReadingTab.Changed)
    def _refresh_tab(self) -> None:
        self.steps.opened(self._cursor)
        self._readings.refresh(self.view)

    @on(PageRead)
    def _page_read(self, message: PageRead) -> None:
        self._readings.arrived(message.page, self.view)

    @on(CommandWanted)
    def _command_wanted(self, message: CommandWanted) -> None:
        self.execute(message.invocation, stay=True)

    @on(StopWanted)
    def _stop_wanted(self) -> None:
        self.conductor.bridge.cancel()

    def open_tab(self, name: str) -> None:
        """Show a tab; focus goes along unless it is in the input line."""
        self.query_one(TabbedContent).active = f"{name}-tab"
        if self.focused is not self.line:
            self.call_after_refresh(self.query_one(f"#{name}").focus)

    # The input line

    @on(ExampleList.Picked)
    def _example_picked(self, message: ExampleList.Picked) -> None:
        self.line.put(message.line)

    @on(Assist.Wanted)
    def _preview_wanted(self, message: Assist.Wanted) -> None:
        self.want_preview(message.request)

    def want_preview(self, request: EditRequest | None) -> None:
        """Have a request read when the lane is free: a preview never waits in front of work."""
        self._wanted = request
        self._ask_preview()

    def _ask_preview(self) -> None:
        if self._wanted is not None and not self.conductor.busy:
            request, self._wanted = self._wanted, None
            self.conductor.preview(request)

    @on(PreviewRead)
    def _preview_read(self, message: PreviewRead) -> None:
        from .dialogs.edit_form import EditForm

        form = self.app.screen
        if isinstance(form, EditForm):
            form.show_preview(message.request, message.preview, message.error)
        else:
            self.query_one(Assist).show(message)

    def action_back(self) -> None:
        """Close the menu, else cancel what runs, else leave the input line."""
        if self.line.close_menu():
            return
        if self.conductor.bridge.cancel() is not None:
            self.query_one(StatusLine).tick()
        elif self.focused is self.line:
            history = self.query_one(HistoryList)
            beside = bool(history.size)
            (history if beside else self.console).focus()
