"""The history pane: the steps of the session, newest first; a tree once there are branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content

from ...render.vitals import times
from ..helpable import Help
from ..keymap import bindings_of
from ..pane_keys import GO_TO_STEP
from ..text import BASE_GLYPH, FAINT, MUTED, ratio, said, verdict_glyph, verdict_style
from ..view import View
from .lines import LineList

if TYPE_CHECKING:
    from ...render.graph import Row

_MARKS = "@○◆"
"""How the drawing marks the cursor, a step and the base."""

_MOST_LANES = 12
"""Cells of the drawing that are shown; a wilder tree is cut."""

_TIP = 14
"""Characters of a branch name that are shown."""

_RATIO_FROM = 34
"""Width from which a line has room for ‖Δ‖/‖W₀‖."""

_PERPLEXITY_FROM = 44
"""Width from which it has room for the perplexity too."""


class HistoryList(LineList):
    """The steps; Enter or a click on the highlighted one goes there."""

    BORDER_TITLE = "History"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of((GO_TO_STEP,))

    help = Help(
        "History",
        "The steps of the session, newest first. @ is the cursor: the model has the edits of that "
        "step and of every step below it on its line. Dimmed steps are not in force.\n\n"
        "The shape and colour in front of a step is its verdict: ● ok, ◐ warn, ✖ collapsed, "
        "○ uncalibrated. The figure at the end is ‖Δ‖/‖W₀‖: how large the edit is against the "
        "unedited weight; before it, where there is room and it was measured, stands the "
        "perplexity against the unedited model (×1.04).\n\n"
        "Move the highlight and press Enter to go to a step, or click it twice. An edit made "
        "after going back opens a branch; nothing is ever lost.",
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view: View | None = None
        self._index: dict[int, int] = {}

    @property
    def count(self) -> int:
        """One line for each row of the drawing."""
        return len(self._view.rows) if self._view is not None else 0

    @property
    def step(self) -> int | None:
        """The highlighted step; None in an empty store."""
        if self._view is None or not self.count:
            return None
        return self._view.rows[self.highlighted].step

    def show(self, view: View | None) -> None:
        """Draw a session; the highlight follows the cursor where that moved."""
        before, pointed = self._view, self.step
        self._view = view
        self._index = {}
        if view is not None:
            self._index = {row.step: i for i, row in enumerate(view.rows) if row.step is not None}
        self.changed()
        self.border_subtitle = f"{len(view.lines):,}" if view is not None and view.lines else ""
        if view is None:
            return
        same = before is not None and before.status.session == view.status.session
        stays = same and before is not None and before.cursor == view.cursor
        self.point_at(pointed if stays and pointed in self._index else view.cursor)
        if not same or self.step != pointed:
            self.post_message(self.Highlighted(self, self.highlighted))

    def point_at(self, step: int | None) -> None:
        """Highlight a step."""
        index = self._index.get(step) if step is not None else None
        if index is not None:
            self.highlighted = index

    def step_at(self, index: int) -> int | None:
        """The step on a line."""
        return self._view.rows[index].step if self._view is not None else None

    def can_choose(self, index: int) -> bool:
        """Lines that only join lanes can't be chosen."""
        return self.step_at(index) is not None

    def line(self, index: int, width: int) -> Content:
        """One step, or a line that joins lanes."""
        assert self._view is not None
        row = self._view.rows[index]
        if row.step is None:
            return Content.styled(row.lanes, FAINT)
        here = row.step == self._view.cursor
        tail = self._tail(row.step, width)
        head = Content.assemble(self._lanes(row), self._fact(row.step, here))
        room = width - tail.cell_length - 1
        if not tail:
            return head
        return Content.assemble(head.truncate(room, ellipsis=True, pad=True), " ", tail)

    def _lanes(self, row: Row) -> Content:
        """The drawing; the step's own mark has its verdict's colour."""
        assert self._view is not None
        assert row.step is not None
        lanes = row.lanes[:_MOST_LANES]
        at = next((i for i, char in enumerate(lanes) if char in _MARKS), None)
        if at is None:
            return Content.styled(lanes, FAINT)
        line = self._view.lines.get(row.step)
        style = verdict_style(line.verdict) if line is not None else "$primary"
        glyph = BASE_GLYPH if line is None else verdict_glyph(line.verdict)
        if row.step == self._view.cursor:
            glyph, style = "@", "bold $accent" if line is None else f"bold {style}"
        return Content.assemble(
            (lanes[:at], FAINT),
            (glyph, style),
            (lanes[at + 1 :], FAINT),
        )

    def _fact(self, step: int, here: bool) -> Content:
        assert self._view is not None
        weight = "bold" if here else "" if step in self._view.path or not step else "dim"
        line = self._view.lines.get(step)
        if line is None:
            return Content.assemble(("base", weight))
        return Content.assemble(
            (f"{step} ", f"{weight} {MUTED}".strip()),
            said(line.subject, weight),
            (" → ", FAINT),
            said(line.target_new.strip(), weight),
        )

    def _tips(self, step: int) -> Content:
        """The branches that end here, where there is more than one."""
        assert self._view is not None
        if not self._view.is_tree:
            return Content("")
        current = self._view.status.branch
        parts = [
            said(name, "bold $success" if name == current else "$secondary", width=_TIP)
            for name in self._view.tips.get(step, ())
        ]
        return Content(" ").join(parts)

    def _tail(self, step: int, width: int) -> Content:
        """Branch names, perplexity and ‖Δ‖/‖W₀‖, at the right edge."""
        assert self._view is not None
        parts = [self._tips(step)]
        line = self._view.lines.get(step)
        if line is not None and width >= _PERPLEXITY_FROM:
            parts.append(Content.styled(times(line.perplexity_ratio), MUTED))
        if line is not None and width >= _RATIO_FROM:
            parts.append(Content.styled(ratio(line.delta_ratio), MUTED))
        return Content(" ").join([part for part in parts if part])
