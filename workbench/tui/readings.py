"""Keeps the tab in view true to the session: has it read again when it is out of date.

A tab is out of date when it asks for something else than it shows, or when the session is not as it
was. What needs the model is read only while nothing else wants the lane: a command takes the lane
from a look that still runs, and the look is taken again afterwards. What lies in the store is read
beside the lane, at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ...engine.progress import Progress
from .conductor import Conductor
from .lane.asks import Ask, Page
from .tabs.reading import ReadingTab
from .view import View

_Key = tuple[Ask, str, Hashable]

Find = Callable[[str], ReadingTab | None]
"""The tab of a name; None where that one reads nothing."""


class Readings:
    """What each tab was last read at.

    Args:
        conductor: Takes asks to the lanes.
        active: The name of the tab in view.
        find: Finds it.
    """

    def __init__(self, conductor: Conductor, active: Callable[[], str], find: Find) -> None:
        self._conductor = conductor
        self._active = active
        self._find = find
        self._seen: dict[str, _Key] = {}

    def refresh(self, view: View | None) -> None:
        """Something may have changed: have the tab in view read, if it is out of date."""
        name = self._active()
        tab = self._find(name)
        if tab is None:
            return
        if not self._conductor.busy:
            tab.idle()
        asked = "there is no session yet: make an edit" if view is None else tab.asked(view)
        if view is None or isinstance(asked, str):
            self._seen.pop(name, None)
            tab.say(str(asked))
            return
        key = (asked, view.status.session, tab.revision(view))
        if self._seen.get(name) != key and self._may_read(asked):
            self._seen[name] = key
            tab.working()
            self._conductor.read(name, asked)

    def _may_read(self, asked: Ask) -> bool:
        if not asked.looks_inside:
            return not self._conductor.reading
        if self._conductor.busy:
            self._conductor.drop_look()
            return False
        return True

    def arrived(self, page: Page, view: View | None) -> None:
        """Show a page, unless another is wanted by now, and see whether more is wanted."""
        self._conductor.read_ended(page.asked)
        tab = self._find(page.tab)
        if tab is not None and view is not None and tab.asked(view) == page.asked:
            if page.error:
                tab.say(page.error)
            elif page.found is not None:
                tab.show(page.found)
        self.refresh(view)

    def follows(self, command: str) -> bool:
        """Whether the tab in view shows a command while it runs."""
        tab = self._find(self._active())
        return tab is not None and command in tab.follows

    def progressed(self, progress: Progress, view: View | None) -> None:
        """Something that runs got further: what it stored on its way may be in view."""
        name = self._active()
        tab = self._find(name)
        if tab is not None and tab.moves(progress) and not self._conductor.reading:
            self._seen.pop(name, None)
            self.refresh(view)

    def disturbed(self) -> None:
        """A command takes the lane: what is being read there will have to be read again."""
        if self._conductor.drop_look():
            self._seen = {name: key for name, key in self._seen.items() if not key[0].looks_inside}
