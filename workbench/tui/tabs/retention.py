"""The Retention tab: which earlier edits are still in force, and when they were forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ..conductor import invocation
from ..helpable import Help
from ..keymap import bindings_of
from ..lane.asks import RetentionAsked
from ..messages import CommandWanted
from ..pane_keys import RETENTION
from ..side.lines import LineList
from ..text import FAINT, MUTED, percent, said
from ..view import View
from .matrix import NEVER, MatrixList, Spot
from .reading import ReadingTab

if TYPE_CHECKING:
    from ....engine.progress import Progress
    from ....sessions.watch.retention import Column, Retention
    from .plot import DrawnPlot

_COLUMNS = 16
"""About so many steps are measured when `m` is pressed."""

_NAMES = {"efficacy": "in force", "paraphrase": "paraphrases", "neighbourhood": "neighbours"}
_CURVE, _SHORT_CURVE = 7, 4
_CURVE_FROM = 15
_TALL = 22
"""Lines of the curve, and the heights from which there is room for it."""


class RetentionTab(ReadingTab, Vertical, can_focus=True):
    """A curve of what was forgotten over a matrix of edits by steps."""

    follows = frozenset({"retention"})
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(RETENTION)

    help = Help(
        "Retention",
        "Every edit, asked again at later steps: a line an edit, a column a step. A full blue cell "
        "is in force, a dot is forgotten, × never took, and blank is not made yet or has no such "
        "prompts. Above it the share of all edits in force, and that of those forgotten: of the "
        "edits that took when they were made, those that fail now.\n\n"
        "Move with the arrows or the mouse; below stands which edit it is, at which step, and what "
        "became of it. Enter goes to the step of the column. p shows paraphrases or neighbours, "
        "where they were measured.\n\n"
        "m measures at about sixteen steps along the branch, M paraphrases and neighbours too; "
        "what is measured already is not measured again. /retention --every N chooses the steps.",
    )

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._found: Retention | None = None
        self._view: View | None = None
        self._score = "efficacy"
        self._curve: DrawnPlot | None = None

    def compose(self) -> ComposeResult:
        """The curve, the steps, the matrix, and what is under the cursor."""
        yield Static(id="retention-curve")
        yield Static(id="retention-head")
        matrix = MatrixList(id="retention-matrix")
        matrix.display = False
        yield matrix
        yield Static(id="retention-told")

    def on_focus(self) -> None:
        """The matrix takes the keys, where there is one."""
        if self._matrix.display:
            self._matrix.focus()

    @property
    def _matrix(self) -> MatrixList:
        return self.query_one(MatrixList)

    # What is read

    def asked(self, view: View) -> RetentionAsked:
        """What was measured of this session."""
        self._view = view
        return RetentionAsked(view.status.session)

    def moves(self, progress: Progress) -> bool:
        """A measurement that runs stores each column as it goes."""
        return progress.stage == "measuring retention"

    def show(self, found: Retention) -> None:
        """Draw what was measured."""
        if not found.columns:
            self.say(self._how())
            return
        self._found = found
        self._matrix.display = True
        self._matrix.show(found, self._score)
        if self.has_focus:
            self._matrix.focus()
        self._draw()

    def _how(self) -> str:
        if self._view is None or not self._view.lines:
            return "no step yet: an edit makes one, /run FILE many"
        return (
            "nothing is measured yet\n\n"
            f"m asks every edit again at each {self._every()}. step,\n"
            "M its paraphrases and neighbours too,\n"
            "/retention --every N at other steps\n\n"
            "what is measured stays with the session"
        )

    def say(self, why: str) -> None:
        """Say why there is nothing to see."""
        self._found = None
        if self._matrix.has_focus:
            self.focus()
        self._matrix.display = False
        self.query_one("#retention-head", Static).update(Content.styled(why, MUTED))
        self.query_one("#retention-curve", Static).display = False
        self.query_one("#retention-told", Static).update("")

    # Drawing

    def on_resize(self) -> None:
        """Draw again for the new size."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        self._curve = self._drawn(found)
        self._point()

    def _drawn(self, found: Retention) -> DrawnPlot | None:
        if self.size.height < _CURVE_FROM or self.size.width < 30:
            return None
        from ....sessions.watch.limits import Limits
        from ...render.curves import Window
        from .plot import DrawnPlot, Plot

        kept = [column.kept for column in found.columns]
        gone = [column.forgotten for column in found.columns]
        window = Window(0, max(len(kept) - 1, 0))
        plot = Plot("share of edits", (kept, gone), Limits(), window, least=0.0, most=1.0,
                    names=("in force", "forgotten"))  # fmt: skip
        rows = _CURVE if self.size.height >= _TALL else _SHORT_CURVE
        return DrawnPlot(plot, self.size.width, rows)

    @on(MatrixList.Pointed)
    def _point(self) -> None:
        """Tell what is under the cursor."""
        matrix = self._matrix
        spot = matrix.spot()
        if self._found is None or spot is None:
            return
        curve = self.query_one("#retention-curve", Static)
        curve.display = self._curve is not None
        if self._curve is not None:
            curve.update(Content("\n").join(self._curve.lines(matrix.column)))
        self.query_one("#retention-head", Static).update(matrix.head())
        told = Content("\n").join([self._told(spot), self._column_told(spot.column), _legend()])
        self.query_one("#retention-told", Static).update(told)

    def _told(self, spot: Spot) -> Content:
        assert self._found is not None
        line = self._view.lines.get(spot.edit) if self._view is not None else None
        target = f" → {line.target_new.strip()}" if line is not None else ""
        return Content.assemble(
            (f"edit {spot.edit:,} at step {spot.column.step:,}: {self._became(spot)}", "bold"),
            "  ",
            said(f"{self._found.subjects[spot.edit]}{target}"),
        )

    def _became(self, spot: Spot) -> str:
        if spot.once is None:
            return "not made yet"
        if spot.value is None:
            return f"no {_NAMES[self._score]} were asked"
        if self._score != "efficacy":
            return f"{percent(spot.value)} of its {_NAMES[self._score]}"
        if spot.value:
            return "in force" if spot.once else "in force, though not right after it was made"
        return "forgotten" if spot.once else "never took"

    def _column_told(self, column: Column) -> Content:
        gone = column.forgotten
        parts = [
            f"at step {column.step:,}: {percent(column.kept)} of {len(column.steps):,} in force"
        ]
        parts += [] if gone is None else [f"{percent(gone)} forgotten"]
        for score in ("paraphrase", "neighbourhood"):
            mean = column.mean(score)
            parts += [] if mean is None else [f"{_NAMES[score]} {percent(mean)}"]
        return Content.styled(" · ".join(parts), MUTED)

    # Keys

    def _every(self) -> int:
        length = self._view.status.depth if self._view is not None else 0
        return max(-(-length // _COLUMNS), 1)

    def action_measure(self, all: bool) -> None:  # noqa: A002
        """Ask every edit again."""
        asked = invocation("retention", every=self._every(), all=all)
        self.post_message(CommandWanted(asked))

    def action_score(self) -> None:
        """Show another score, of those that were measured."""
        if self._found is None:
            return
        names = [n for n in _NAMES if any(n in column.scores for column in self._found.columns)]
        if len(names) < 2:
            self.notify("M measures paraphrases and neighbours, where requests have them")
            return
        self._score = names[(names.index(self._score) + 1) % len(names)]
        self.show(self._found)

    @on(LineList.Chosen)
    def _chosen(self, message: LineList.Chosen) -> None:
        """Go to the step of the column."""
        message.stop()
        spot = self._matrix.spot()
        if spot is not None:
            self.post_message(CommandWanted(invocation("goto", ref=str(spot.column.step))))


def _legend() -> Content:
    from ...render.heat import diverging

    return Content.assemble(
        ("█", diverging(1)), (" in force  ", FAINT), ("·", diverging(0)), (" forgotten  ", FAINT),
        (NEVER, FAINT), (" never took  blank: not made yet", FAINT),
    )  # fmt: skip
