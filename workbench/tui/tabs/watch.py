"""The Watch tab: the vitals of a session against its steps, others laid over it, live."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from ..conductor import invocation
from ..helpable import Help
from ..keymap import bindings_of
from ..lane.asks import TrailsAsked
from ..messages import CommandWanted
from ..pane_keys import WATCH
from ..text import MUTED
from ..view import View
from .reading import ReadingTab

if TYPE_CHECKING:
    from ....sessions.watch.limits import Limits
    from ....sessions.watch.trail import Trail
    from ...render.curves import Window
    from .board import Board

_BAD = ("warn", "collapsed")


class WatchTab(ReadingTab, Widget, can_focus=True):
    """Plots over each other, a line of verdicts for each session, and what is under the cursor."""

    ALLOW_SELECT = False
    follows = frozenset({"run", "step"})
    DEFAULT_CSS = "WatchTab { height: 1fr; text-wrap: nowrap; }"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(WATCH)

    help = Help(
        "Watch",
        "The vitals of this session against its steps, along the branch it is on; they grow "
        "while a run lands steps. The shaded parts, beyond the dotted lines, are where a figure "
        "warns or says collapsed; under the plots stands the verdict of each step: ◐ warn, "
        "✖ collapsed, @ where the session stands.\n\n"
        "Left and right (with shift: by a tenth) move the cursor, as does the mouse; below stands "
        "the step under it, its request, its verdict and the reason with the number. n and N go "
        "to the next and the last step that warns. Enter goes to the step. + and - show fewer or "
        "more steps, 0 all of them.\n\n"
        "o lays other sessions over this one, step by step: replays under another rule, say. Each "
        "has its colour and its mark; up and down choose the one whose steps are told. v chooses "
        "the vitals, f shows those that there is no room for.",
    )

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._trails: tuple[Trail, ...] = ()
        self._others: tuple[str, ...] = ()
        self._chosen: tuple[str, ...] = ()
        self._skip = 0
        self._place = 0
        self._selected = 0
        self._window: Window | None = None
        self._nothing = "nothing has been read yet"
        self._view: View | None = None
        self._board: Board | None = None

    # What is read

    def asked(self, view: View) -> TrailsAsked:
        """This session and those laid over it, as far as they are still there."""
        self._view = view
        own = view.status.session
        there = {summary.name for summary in view.sessions} - {own}
        return TrailsAsked((own, *(name for name in self._others if name in there)))

    def show(self, found: tuple[Trail, ...]) -> None:
        """Draw the sessions; a cursor at the last step stays there."""
        before = self._trails
        same = bool(before) and before[0].session == found[0].session
        at_end = not same or self._place >= len(before[0]) - 1
        self._trails = found
        self._selected = min(self._selected, len(found) - 1)
        self._nothing = "" if any(found) else "no step yet: an edit makes one, /run FILE many"
        if not same:
            self._window, self._selected = None, 0
        if at_end:
            self._place = max(len(found[0]) - 1, 0)
        self._redraw()

    def say(self, why: str) -> None:
        """Say why there is nothing to see."""
        self._trails, self._nothing = (), why
        self._redraw()

    @property
    def place(self) -> int:
        """Where the cursor is, counted from 0."""
        return self._place

    @property
    def drawn(self) -> tuple[str, ...]:
        """The vitals that are in sight."""
        return self._wanted()[: self._board.count] if self._board is not None else ()

    # Drawing

    def _longest(self) -> int:
        return max(map(len, self._trails), default=0)

    def _shown(self) -> Window:
        from ...render.curves import Window

        return self._window or Window(0, max(self._longest() - 1, 0))

    def _wanted(self) -> tuple[str, ...]:
        """The vitals to be drawn, the first ones first: the chosen ones, else those taken."""
        from .board import taken

        found = self._chosen or taken(self._trails)
        at = self._skip % len(found) if found else 0
        return (*found[at:], *found[:at])

    def on_resize(self) -> None:
        """Draw again for the new size."""
        self._redraw()

    def _redraw(self) -> None:
        """Draw the page for the size there is."""
        self._board = None
        if self._longest() and self.size.width:
            from .board import Board, Scene

            scene = Scene(
                self._trails, self._wanted(), bool(self._chosen), self._shown(), self._selected,
                self._view.cursor if self._view is not None else 0, self._limits(),
            )  # fmt: skip
            self._board = Board(scene, *self.size)
        self.refresh()

    def _limits(self) -> dict[str, Limits]:
        """What the verdict of the step under the cursor went by."""
        return self._trails[self._selected].limits_at(self._place)

    def render(self) -> Content:
        """The whole tab."""
        if self._board is None:
            return Content.styled(self._nothing, MUTED)
        return Content("\n").join(self._board.lines(self._place))

    # Moving about

    def _go(self, place: int) -> None:
        last = self._longest() - 1
        self._place = min(max(place, 0), max(last, 0))
        window = self._window
        if window is not None and not window.first <= self._place <= window.last:
            self._show_around(window.last - window.first)
        elif self._board is not None and self._board.scene.limits != self._limits():
            self._redraw()
        else:
            self.refresh()

    def action_move(self, by: int) -> None:
        """A step back or on."""
        self._go(self._place + by)

    def action_leap(self, direction: int) -> None:
        """A tenth of what is in sight back or on."""
        window = self._shown()
        self._go(self._place + direction * max((window.last - window.first) // 10, 1))

    def action_end(self, direction: int) -> None:
        """The first or the last step."""
        self._go(0 if direction < 0 else self._longest() - 1)

    def action_bad(self, direction: int) -> None:
        """The next step that warns or says collapsed."""
        if not self._trails:
            return
        points = self._trails[self._selected].points
        places = range(self._place + direction, len(points) if direction > 0 else -1, direction)
        found = next((at for at in places if at < len(points) and points[at].verdict in _BAD), None)
        if found is None:
            self.notify(f"no warning {'further on' if direction > 0 else 'before'}")
        else:
            self._go(found)

    def action_select(self, by: int) -> None:
        """Another session's steps are told."""
        if len(self._trails) > 1:
            self._selected = (self._selected + by) % len(self._trails)
            self._redraw()

    def action_zoom(self, direction: int) -> None:
        """Fewer steps around the cursor, more, or all."""
        window = self._shown()
        span = window.last - window.first
        wanted = span // 2 if direction < 0 else 2 * span + 2
        if direction == 0 or wanted >= self._longest() - 1:
            self._window = None
            self._redraw()
        elif wanted >= 4:
            self._show_around(wanted)

    def _show_around(self, span: int) -> None:
        from ...render.curves import Window

        last = self._longest() - 1
        first = min(max(self._place - span // 2, 0), max(last - span, 0))
        self._window = Window(first, min(first + span, last))
        self._redraw()

    def action_choose(self) -> None:
        """Go to the step under the cursor, in the session it is of."""
        if not self._trails or self._place >= len(self._trails[self._selected]):
            return
        trail = self._trails[self._selected]
        step = trail.points[self._place].step
        if self._selected == 0 and self._view is not None and self._view.cursor == step:
            self.notify(f"the cursor is at step {step} already")
            return
        asked = invocation("goto", ref=str(step))
        if self._selected:
            asked = replace(asked, session=trail.session)
        self.post_message(CommandWanted(asked))

    # Choosing

    def action_overlay(self) -> None:
        """Choose sessions to lay over this one."""
        from ..dialogs.pick import PickDialog

        if self._view is None:
            return
        own = self._view.status.session
        rows = [
            (s.name, f"{s.name}  ·  {s.model}, {s.rule}, {s.steps:,} steps")
            for s in self._view.sessions
            if s.name != own
        ]
        if not rows:
            self.notify("there is no other session: /replay --into NAME --rule rome makes one")
            return
        title = f"Lay over {own}"
        self.app.push_screen(PickDialog(title, rows, self._others), self._laid)

    def _laid(self, chosen: tuple[str, ...] | None) -> None:
        if chosen is not None:
            self._others = chosen
            self.post_message(self.Changed())

    def action_vitals(self) -> None:
        """Choose which vitals are drawn."""
        from ....sessions.watch.trail import FIGURES
        from ...render.watch import FIGURE_NAMES
        from ..dialogs.pick import PickDialog

        rows = [(name, FIGURE_NAMES[name]) for name in FIGURES]
        chosen = self._chosen or self._wanted()
        self.app.push_screen(PickDialog("Vitals", rows, chosen), self._picked)

    def _picked(self, chosen: tuple[str, ...] | None) -> None:
        if chosen is not None:
            self._chosen, self._skip = chosen, 0
            self._redraw()

    def action_more(self) -> None:
        """Show the vitals that there was no room for."""
        self._skip += self._board.count if self._board is not None else 0
        self._redraw()

    # The mouse

    def _place_at(self, event: events.MouseEvent) -> int | None:
        offset = event.get_content_offset(self)
        found = offset is not None and self._board is not None
        return self._board.place_at(offset.x) if found else None  # type: ignore[union-attr]

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one goes to the step."""
        place = self._place_at(event)
        if place is None:
            return
        if event.chain > 1 and place == self._place:
            self.action_choose()
        else:
            self._go(place)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """A drag takes the cursor along."""
        if event.button:
            place = self._place_at(event)
            if place is not None:
                self._go(place)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel shows fewer steps."""
        event.stop()
        self.action_zoom(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel shows more steps."""
        event.stop()
        self.action_zoom(1)
