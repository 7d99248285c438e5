"""A list that draws only the lines that are seen, so that ten thousand scroll like ten.

Subclasses say what line `index` looks like and which lines can be chosen. Owns highlighting,
scrolling, keys and the mouse; knows nothing of what the lines stand for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from ..keymap import LISTS, bindings_of


class LineList(ScrollView, can_focus=True):
    """A virtualised list of one-line rows."""

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(LISTS)

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-list--line",
        "line-list--highlighted",
        "line-list--hover",
    }

    DEFAULT_CSS = """
    LineList {
        height: 1fr;
        overflow-x: hidden;
        text-wrap: nowrap;
        scrollbar-size-vertical: 1;
        & > .line-list--line { }
        & > .line-list--hover { background: $block-hover-background; }
        & > .line-list--highlighted { }
        &:focus > .line-list--highlighted { background: $accent 30%; }
    }
    """

    highlighted: reactive[int] = reactive(0, repaint=False)
    """Index of the highlighted line."""

    _hover: reactive[int] = reactive(-1, repaint=False)

    @dataclass
    class Highlighted(Message):
        """The highlight moved; `index` is the line."""

        lines: LineList
        index: int

        @property
        def control(self) -> LineList:
            """The list."""
            return self.lines

    @dataclass
    class Chosen(Message):
        """Enter was pressed on a line, or it was clicked."""

        lines: LineList
        index: int

        @property
        def control(self) -> LineList:
            """The list."""
            return self.lines

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(512)

    # What a subclass says

    @property
    def count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def line(self, index: int, width: int) -> Content:
        """Line `index`, at most `width` cells wide."""
        raise NotImplementedError

    def can_choose(self, index: int) -> bool:
        """Whether the highlight may rest on a line."""
        return True

    # Drawing

    def changed(self) -> None:
        """Draw again what the subclass now says."""
        self._strips.clear()
        self.virtual_size = Size(self._width, self.count)
        if self.highlighted >= self.count:
            self.highlighted = max(self.count - 1, 0)
        self.refresh()

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def on_resize(self) -> None:
        """Lines are cut to the width."""
        self._strips.clear()
        self.virtual_size = Size(self._width, self.count)

    def notify_style_update(self) -> None:
        """The theme changed."""
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        index = y + self.scroll_offset.y
        width = self.size.width
        if not 0 <= index < self.count:
            return Strip.blank(width, self.rich_style)
        name = self._component(index)
        key = (index, width, name, self.has_focus)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._draw(index, width, name)
        return strip

    def _component(self, index: int) -> str:
        if index == self.highlighted and self.can_choose(index):
            return "line-list--highlighted"
        return "line-list--hover" if index == self._hover else "line-list--line"

    def _draw(self, index: int, width: int, name: str) -> Strip:
        content = self.line(index, width).truncate(width, ellipsis=True)
        style = self.get_visual_style(name)
        strips = Visual.to_strips(self, content, width, 1, style, pad=True, apply_selection=False)
        return strips[0] if strips else Strip.blank(width, style.rich_style)

    # Highlight

    def watch_highlighted(self, before: int, after: int) -> None:
        """Repaint two lines and keep the highlight in sight."""
        self.refresh_line(before)
        self.refresh_line(after)
        self.scroll_to_region(
            Region(0, after, max(self._width, 1), 1), animate=False, force=True, immediate=True
        )
        if self.count:
            self.post_message(self.Highlighted(self, after))

    def watch__hover(self, before: int, after: int) -> None:
        """Repaint two lines."""
        self.refresh_line(before)
        self.refresh_line(after)

    def nearest(self, index: int, direction: int) -> int:
        """The choosable line at `index` or the next one that way; the highlight if none."""
        while 0 <= index < self.count:
            if self.can_choose(index):
                return index
            index += direction
        return self.highlighted

    def action_move(self, by: int) -> None:
        """Go up or down."""
        self.highlighted = self.nearest(self.highlighted + by, by)

    def action_page(self, direction: int) -> None:
        """Go a page up or down."""
        by = max(self.size.height - 1, 1)
        aim = min(max(self.highlighted + direction * by, 0), max(self.count - 1, 0))
        self.highlighted = self.nearest(aim, -direction)

    def action_half(self, direction: int) -> None:
        """Go half a page up or down."""
        by = max(self.size.height // 2, 1)
        aim = min(max(self.highlighted + direction * by, 0), max(self.count - 1, 0))
        self.highlighted = self.nearest(aim, -direction)

    def action_end(self, direction: int) -> None:
        """Go to the first or the last line."""
        self.highlighted = self.nearest(0 if direction < 0 else self.count - 1, -direction)

    def action_choose(self) -> None:
        """Choose the highlighted line."""
        if self.count and self.can_choose(self.highlighted):
            self.post_message(self.Chosen(self, self.highlighted))

    # The mouse

    def index_at(self, event: events.MouseEvent) -> int:
        """The line under the mouse; it may be beyond the last."""
        offset = event.get_content_offset(self)
        return -1 if offset is None else offset.y + self.scroll_offset.y

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show which line a click would take."""
        self._hover = self.index_at(event)

    def on_leave(self) -> None:
        """The mouse went elsewhere."""
        self._hover = -1

    def on_click(self, event: events.Click) -> None:
        """A click highlights a line; a click on the highlighted line chooses it."""
        index = self.index_at(event)
        if not (0 <= index < self.count and self.can_choose(index)):
            return
        if event.chain > 1 or index == self.highlighted:
            self.highlighted = index
            self.post_message(self.Chosen(self, index))
        else:
            self.highlighted = index
