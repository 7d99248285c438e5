"""The main screen: header, history and queue, tabs, input line. Hands messages to the panes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Static, TabbedContent, TabPane

from ...engine.request import EditRequest
from ...errors import RomebenchError, UsageError
from ..commands.parsing import HelpAsked, Invocation
from ..commands.spec import Effect
from ..render.text import visible
from .bottom.assist import Assist
from .bottom.input_line import InputLine, intention_of
from .bottom.menu import CompletionMenu
from .bottom.status_line import StatusLine, standing
from .bottom.typed_lines import TypedLines
from .conductor import Conductor, invocation
from .header import HeaderBar
from .keys import CONDITIONAL, Keys
from .lane.desk import Desk
from .lane.examples import POCKET
from .lane.jobs import JobEnded, JobFailed, JobProgressed, JobStarted, JobStreamed
from .lane.looks import LENS, TRACE, LookTaken
from .looking import Looking
from .messages import (
    Answered,
    ExamplesRead,
    Executed,
    ModelLoaded,
    Noted,
    OperationsRead,
    PreviewRead,
    SessionOpened,
    StepRead,
    ViewChanged,
)
from .reporter import Reporter
from .side.history import HistoryList
from .side.lines import LineList
from .side.queue import QueueList
from .tabs.console import Console
from .tabs.edit import EditTab
from .tabs.inside import InsideTab, LensTab, TraceTab
from .tabs.log import LIMIT, LogList
from .tabs.table import TABS
from .tabs.welcome import ExampleList
from .understand import OwnWord, overview, understand
from .view import View

if TYPE_CHECKING:
    from ...store.records import StepRecord

logger = logging.getLogger(__name__)

SETTLE_S = 0.08
"""The Edit tab follows the history's highlight when it has rested so long."""

_MOST_RECORDS = 128


class Workspace(Keys):
    """Everything but the dialogs."""

    def __init__(self, conductor: Conductor, desk: Desk) -> None:
        super().__init__()
        self.conductor = conductor
        self._paths = desk.paths
        self._typed = TypedLines(desk.paths.history)
        self._menu = CompletionMenu(id="menu")
        self._records: dict[int, StepRecord] = {}
        self._wanted: EditRequest | None = None
        self._log_stale = True
        self._unloadable: str | None = None
        self._possible: tuple[bool | None, ...] = ()
        self._looking = Looking(conductor, self._inside)

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
        with Vertical(id="bottom"):
            yield Assist(self._menu)
            yield StatusLine()
            with Horizontal(id="line-row"):
                yield Static("›", id="sign")
                yield InputLine(self._typed, self._menu)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Paint first; then open the store behind the live screen."""
        self._reporter = Reporter(self.console, self._tell, self._toast)
        self.query_one(QueueList).show(())
        self.query_one(HeaderBar).show(None, loading=True)
        self.console.welcome()
        self.line.focus()
        self.call_after_refresh(self.conductor.open)

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
            self._records.clear()
        self.view = view
        self.query_one(HeaderBar).show(view, loading=self.conductor.loading)
        self.query_one(HistoryList).show(view)
        self.query_one(QueueList).show(view.queue if view is not None else ())
        self.query_one(StatusLine).hint(standing(view))
        self.line.know(view)
        self._log_stale = True
        self._refresh_log()
        self._looking.refresh(view)
        self._refresh_keys()

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
            asked = understand(line)
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

    def execute(self, asked: Invocation) -> None:
        """Run a command; ask before something is destroyed."""
        from .dialogs.confirm import ConfirmDialog

        if asked.command.effect is Effect.DESTRUCTIVE and not asked.yes:
            question = asked.command.ask(asked.params)
            dialog = ConfirmDialog(question, asked.command.name.split()[-1].capitalize())

            def answered(yes: bool | None) -> None:
                if yes:
                    self._begin(asked)

            self.app.push_screen(dialog, answered)
        else:
            self._begin(asked)

    def _begin(self, asked: Invocation) -> None:
        self._looking.disturbed()
        job = self.conductor.execute(asked)
        if asked.command.name == "generate":
            self.last_prompt = " ".join(asked.params.prompt)
            self.query_one(LensTab).follow(self.last_prompt)
        if asked.command.long:
            self.open_tab("console")
        self._reporter.begun(job, asked, self.view.cursor if self.view is not None else 0)

    @on(Executed)
    def _executed(self, message: Executed) -> None:
        from ..commands.results import Edited

        if isinstance(message.result, Edited):
            record = message.result.step
            self._keep(record)
            self.last_prompt = EditRequest.from_json(record.request).text
        try:
            self._reporter.executed(message)
        except Exception as error:
            # What was done is done and recorded; that it can't be shown must not end the session.
            logger.exception("the result of %s could not be shown", message.job.label)
            self._tell(message.job.label, error)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        self._reporter.answered(message)

    @on(Noted)
    def _noted(self, message: Noted) -> None:
        self.console.note(message.text)

    # The life of a job

    @on(JobStarted)
    def _job_started(self, message: JobStarted) -> None:
        status = self.query_one(StatusLine)
        status.started(message.job)
        status.waiting(self.conductor.bridge.waiting)

    @on(JobProgressed)
    def _job_progressed(self, message: JobProgressed) -> None:
        self.query_one(StatusLine).progressed(message.job, message.progress)

    @on(JobStreamed)
    def _job_streamed(self, message: JobStreamed) -> None:
        self._reporter.streamed(message)

    @on(JobFailed)
    def _job_failed(self, message: JobFailed) -> None:
        if self.conductor.is_loading(message.job):
            self._unloadable = self.view.status.session if self.view is not None else ""
        self._reporter.failed(message)

    def _toast(self, what: str, why: str) -> None:
        self.notify(visible(why), title=what, severity="warning", markup=False)

    def _tell(self, label: str, error: BaseException) -> None:
        from .dialogs.error import ErrorDialog

        dialog = ErrorDialog(label, error, self._paths.log)
        hint = error.hint if isinstance(error, RomebenchError) else f"details: {self._paths.log}"
        self.console.note(dialog.message, hint, "error")
        # One dialog is enough: what else fails meanwhile stands in the console.
        if not isinstance(self.app.screen, ErrorDialog):
            self.app.push_screen(dialog)

    @on(JobEnded)
    def _job_ended(self, message: JobEnded) -> None:
        bridge = self.conductor.bridge
        self.conductor.ended(message.job)
        self.query_one(StatusLine).ended(message.job, bridge.waiting)
        self._load_if_needed()
        self._ask_preview()
        self._refresh_log()
        self._looking.refresh(self.view)

    def _load_if_needed(self) -> None:
        """Another session was taken up: have its model ready before it is asked for.

        A model that could not be loaded, or whose loading was cancelled, is left until a command
        needs it.
        """
        if self.view is None or self.conductor.busy:
            return
        status = self.view.status
        if status.writable and not status.loaded and status.session != self._unloadable:
            self.conductor.load()

    # Steps and the log

    def _keep(self, record: StepRecord) -> None:
        self._records[record.step] = record
        marked = EditRequest.from_json(record.request).typed.rpartition(" => ")[0]
        for tab in (LensTab, TraceTab):
            self.query_one(tab).follow(marked)
        while len(self._records) > _MOST_RECORDS:
            del self._records[next(iter(self._records))]

    @on(LineList.Highlighted, "#history")
    def _highlighted(self) -> None:
        self.set_timer(SETTLE_S, self._follow_highlight)

    def _follow_highlight(self) -> None:
        """Show the highlighted step in the Edit tab."""
        step = self.query_one(HistoryList).step
        edit = self.query_one(EditTab)
        if not step:
            edit.show_nothing("the base is the unedited model: choose a step in the history")
        elif step in self._records:
            edit.show(self._records[step])
        elif self.conductor.busy:
            edit.show_nothing(f"step {step} is read when what runs is done")
        else:
            self.conductor.read_step(step)

    @on(StepRead)
    def _step_read(self, message: StepRead) -> None:
        self._keep(message.record)
        if self.query_one(HistoryList).step == message.record.step:
            self.query_one(EditTab).show(message.record)

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

    def _refresh_log(self) -> None:
        shown = self.query_one(TabbedContent).active == "log-tab"
        if shown and self._log_stale and not self.conductor.busy and self.view is not None:
            self._log_stale = False
            self.conductor.read_operations(LIMIT)

    @on(OperationsRead)
    def _operations_read(self, message: OperationsRead) -> None:
        self.query_one(LogList).show(message.operations)

    @on(TabbedContent.TabActivated)
    def _tab_activated(self) -> None:
        self._refresh_log()
        self._looking.refresh(self.view)

    # The tabs that look inside

    def _inside(self) -> InsideTab | None:
        """The Lens or the Trace tab, if it is in view."""
        active = self.query_one(TabbedContent).active.removesuffix("-tab")
        return self.query_one(f"#{active}", InsideTab) if active in (LENS, TRACE) else None

    @on(InsideTab.Changed)
    def _wants_another_look(self) -> None:
        self._looking.refresh(self.view)

    @on(LookTaken)
    def _look_taken(self, message: LookTaken) -> None:
        look = message.look
        self._looking.taken(look, self.query_one(f"#{look.asked.tab}", InsideTab))

    def open_tab(self, name: str) -> None:
        """Show a tab; focus goes along unless it is in the input line."""
        self.query_one(TabbedContent).active = f"{name}-tab"
        if self.focused is not self.line:
            self.call_after_refresh(self.query_one(f"#{name}").focus)

    # The input line

    @on(Input.Changed, "#line")
    def _line_changed(self, message: Input.Changed) -> None:
        self.query_one(Assist).typed(message.value)
        kind = intention_of(message.value)
        signs = {"edit": "✎", "command": "/"}
        sign = self.query_one("#sign", Static)
        sign.update(signs.get(kind, "›"))
        for each in ("edit", "command"):
            sign.set_class(kind == each, f"-{each}")

    @on(CompletionMenu.Picked)
    def _picked(self, message: CompletionMenu.Picked) -> None:
        self.line.take(message.candidate)
        self.line.focus()

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
