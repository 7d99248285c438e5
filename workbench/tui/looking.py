"""Keeps the Lens and Trace tabs true to their prompts and to the cursor.

A tab is read again when it is in view and its prompt, the session or the cursor is another than
it was read at; only while nothing else wants the lane. A command takes the lane from a look that
still runs, and the look is taken again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

from .conductor import Conductor
from .lane.looks import Look, LookAsked
from .tabs.inside import InsideTab
from .view import View

_Key = tuple[LookAsked, str, int]


class Looking:
    """What each tab was last read at.

    Args:
        conductor: Takes looks to the lane.
        pane: The tab in view, if it is one that looks inside.
    """

    def __init__(self, conductor: Conductor, pane: Callable[[], InsideTab | None]) -> None:
        self._conductor = conductor
        self._pane = pane
        self._seen: dict[str, _Key] = {}

    def refresh(self, view: View | None) -> None:
        """Something may have changed: have the tab in view read, if it is out of date."""
        pane = self._pane()
        if pane is None:
            return
        asked = pane.asked
        if asked is None:
            pane.say("make an edit, or press Enter and type a prompt")
            return
        if view is None or not view.status.loaded:
            pane.say("the model is not loaded yet")
            self._seen.pop(pane.tab, None)
            return
        key = (asked, view.status.session, view.cursor)
        if self._seen.get(pane.tab) == key:
            return
        if self._conductor.busy:
            self._conductor.drop_look()
            return
        self._seen[pane.tab] = key
        pane.working()
        self._conductor.look(asked)

    def taken(self, look: Look, pane: InsideTab) -> None:
        """Show a look, unless another is wanted by now."""
        if pane.asked == look.asked:
            pane.show(look)

    def disturbed(self) -> None:
        """A command takes the lane: what is being read will have to be read again."""
        if self._conductor.drop_look():
            self._seen.clear()
