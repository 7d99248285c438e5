"""The Eval tab: the runs of the store, a run with its cases as they come, a case with its texts."""

from __future__ import annotations

import time
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from ...commands.parsing import Invocation
from ..helpable import Help
from ..keymap import bindings_of
from ..lane.asks import CaseAsked, ResumeAsked, RunAsked, RunsAsked
from ..messages import CommandWanted, StopWanted
from ..pane_keys import EVAL
from ..side.lines import LineList
from ..text import FAINT, MUTED, duration, said
from ..view import View
from .reading import ReadingTab
from .runs import CaseList, RunList, bar, cases_head, figures_line, state_of

if TYPE_CHECKING:
    from ....engine.progress import Progress
    from ....sessions.evaluation.runs import CasePage, Run, RunLine
    from ..dialogs.evaluation import Started
    from ..lane.asks import Ask

_STAGE = "evaluating"


class Depth(IntEnum):
    """How far in one is."""

    RUNS = 0
    RUN = 1
    CASE = 2


class EvalTab(ReadingTab, Vertical, can_focus=True):
    """Three pages, one inside the other."""

    follows = frozenset({"eval counterfact", "eval zsre"})
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(EVAL)

    help = Help(
        "Eval",
        "Evaluations as the papers do them. First the runs of the store: ▶ under way, ‖ to be gone "
        "on with, ✓ complete. n begins one: data, method, sample, from the base or one edit on top "
        "of the other. Space stops the run that is under way, or goes on with the highlighted one; "
        "what is measured stays, and no case is taken twice.\n\n"
        "Enter opens a run: its figures after the edits, each with half its 95 % interval, and its "
        "cases, the newest first, while it runs too. E: ✓ where the new target wins on the edited "
        "prompt; PS and NS: the share of paraphrases and neighbours as they should be, in percent. "
        "Enter opens a case: every prompt with its probabilities before and after the edit, and "
        "what was written. Backspace goes back.\n\n"
        "/eval summarize puts runs side by side; /goto case-N brings the model of a case back.",
    )

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._depth = Depth.RUNS
        self._session = ""
        self._case_id = 0
        self._resume = ""
        self._live = ""
        self._began: tuple[float, int] | None = None
        self._progress: Progress | None = None
        self._run: Run | None = None
        self._page: CasePage | None = None
        self._runs: tuple[RunLine, ...] = ()
        self._view: View | None = None

    def compose(self) -> ComposeResult:
        """What is open, and the page."""
        yield Static(id="eval-head")
        with ContentSwitcher(initial="eval-runs"):
            yield RunList(id="eval-runs")
            yield CaseList(id="eval-cases")
            with VerticalScroll(id="eval-case", can_focus=True):
                yield Static(id="eval-page")

    def on_focus(self) -> None:
        """The page takes the keys."""
        self.query_one(f"#{self.query_one(ContentSwitcher).current}").focus()

    # What is read

    def asked(self, view: View) -> Ask:
        """What the page that is open shows."""
        self._view = view
        if self._resume:
            return ResumeAsked(self._resume)
        if self._depth is Depth.RUNS:
            return RunsAsked()
        if self._depth is Depth.RUN:
            return RunAsked(self._session)
        return CaseAsked(self._session, self._case_id)

    def moves(self, progress: Progress) -> bool:
        """A run that is under way stores case after case."""
        if progress.stage != _STAGE:
            return False
        if self._began is None:
            self._began = (time.monotonic(), progress.step)
        self._progress = progress
        self._live = self._live or (self._view.status.session if self._view is not None else "")
        return self._depth is not Depth.CASE

    def idle(self) -> None:
        """Nothing runs any more."""
        if self._live:
            self._live, self._began, self._progress = "", None, None
            self._draw()

    def show(self, found: Any) -> None:
        """Show what was read: runs, a run or a case."""
        if isinstance(found, Invocation):
            self._resume = ""
            # Not at once: what is being handled now ends with the lane idle.
            self.call_later(self._start, found, str(found.params.name))
            return
        if self._depth is Depth.RUNS:
            self._runs = found
        elif self._depth is Depth.RUN:
            self._run = found
        else:
            self._page = found
        self._draw()

    def say(self, why: str) -> None:
        """Say why there is nothing to see."""
        self._head.update(Content.styled(why, MUTED))
        if self._resume:
            self._resume = ""
            self.notify(why, title="can't go on", severity="warning", markup=False)
            self.post_message(self.Changed())

    # Drawing

    @property
    def _head(self) -> Static:
        return self.query_one("#eval-head", Static)

    def on_resize(self) -> None:
        """Draw again for the new size."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        pages = ("eval-runs", "eval-cases", "eval-case")
        switcher = self.query_one(ContentSwitcher)
        inside = self.has_focus_within
        switcher.current = pages[self._depth]
        if inside:
            self.query_one(f"#{switcher.current}").focus()
        width = self.size.width
        if self._depth is Depth.RUNS:
            self.query_one(RunList).show(self._runs, self._live)
            self._head.update(self._runs_head())
        elif self._depth is Depth.RUN:
            if self._run is not None:
                self.query_one(CaseList).show(self._run)
            self._head.update(self._run_head(width))
        elif self._page is not None:
            from ...render.case import case_page

            self._head.update("")
            self.query_one("#eval-page", Static).update(case_page(self._page, width))

    def _runs_head(self) -> Content:
        if not self._runs:
            return Content.styled(
                "no evaluation yet: n begins one, as does /eval counterfact pocket -n 20", MUTED
            )
        count = f"{len(self._runs):,} evaluation{'' if len(self._runs) == 1 else 's'}"
        return Content.assemble((count, "bold"), ("   Enter opens one, n begins one\n", FAINT))

    def _run_head(self, width: int) -> Content:
        run = self._run
        if run is None:
            what = "getting ready" if self._live else "nothing is measured yet"
            return Content.assemble(said(self._session, "bold"), (f"   {what}", MUTED))
        line, plan = run.line, run.line.plan
        first = Content.assemble(
            state_of(line, live=self._live == line.session), " ",
            said(line.session, "bold", width=30),
            (f"  {plan.method}, {plan.mode}, {plan.dataset}, ", MUTED), said(plan.source, MUTED),
        )  # fmt: skip
        done = Content.assemble(
            bar(line, 20 if width >= 64 else 8),
            (f" {line.done + line.failed:,} of {line.total:,}", ""),
            (f", {line.failed:,} failed" if line.failed else "", "$error"),
            (self._left(line), MUTED),
        )  # fmt: skip
        rows = [first, done, figures_line(run, width), cases_head(width)]
        return Content("\n").join([row.truncate(width, ellipsis=True) for row in rows])

    def _left(self, line: RunLine) -> str:
        """How long it will still take."""
        if self._live != line.session:
            return "" if line.complete else " · space goes on"
        if self._began is None or self._progress is None:
            return " · getting ready"
        began, first = self._began
        made = self._progress.step - first
        if made < 1:
            return " · space stops it"
        each = (time.monotonic() - began) / made
        return f" · {duration(each * (line.total - self._progress.step))} left"

    # Keys

    @on(LineList.Chosen)
    def _opened(self, message: LineList.Chosen) -> None:
        message.stop()
        if self._depth is Depth.RUNS:
            self._go(Depth.RUN, session=self.query_one(RunList).session)
            return
        case = self.query_one(CaseList).case
        if case is not None and not case.error:
            self._case_id = case.case_id
            self._go(Depth.CASE)

    def _go(self, depth: Depth, session: str | None = None) -> None:
        if session is not None and session != self._session:
            self._session, self._run = session, None
            self.query_one(CaseList).highlighted = 0
        self._depth, self._page = depth, None
        self._draw()
        self.post_message(self.Changed())

    def action_back(self) -> None:
        """Back to the page around this one."""
        if self._depth:
            self._go(Depth(self._depth - 1))

    def action_new(self) -> None:
        """Fill in an evaluation, and begin it."""
        from ..dialogs.evaluation import EvaluationDialog

        view = self._view
        model = view.status.model if view is not None else "pocket"
        taken = [summary.name for summary in view.sessions] if view is not None else []
        self.app.push_screen(EvaluationDialog(model, taken), self._filled)

    def _filled(self, answer: Started | None) -> None:
        if answer is not None:
            self._start(answer.invocation, answer.session)

    def _start(self, asked: Invocation, session: str) -> None:
        self._live, self._began, self._progress = session, None, None
        self.post_message(CommandWanted(asked))
        self._go(Depth.RUN, session=session)

    def action_stop_or_go_on(self) -> None:
        """Stop what is under way, or go on with a run that is not complete."""
        if self._live:
            self.post_message(StopWanted())
            return
        name = self.query_one(RunList).session if self._depth is Depth.RUNS else self._session
        run = next((each for each in self._runs if each.session == name), None)
        if self._depth is not Depth.RUNS and self._run is not None:
            run = self._run.line
        if run is None or run.complete:
            self.notify("this run is complete" if run is not None else "there is no run yet")
            return
        self._resume = run.session
        self.post_message(self.Changed())
