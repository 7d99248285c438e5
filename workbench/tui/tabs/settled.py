"""Old entries of the console, many in one widget.

The screen lays out every widget at every change, in sight or not. An edit's card has a dozen of
them; settled, its text is kept and its widgets go, so that a day's console costs what a minute's
does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from rich.text import Text
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from ..flow import Flow, packed
from .blocks import Block

_BAR = "▌ "
_COLUMN_GAP = 2
_NARROW = ("-narrow", "-tiny")
"""Classes of a screen on which columns stand below each other."""

_BLANK = Content("")


class Pieces(NamedTuple):
    """What goes on as many lines as the width asks for."""

    pieces: Sequence[Content]


class Columns(NamedTuple):
    """Texts side by side."""

    texts: Sequence[Content]


Row = Content | Pieces | Columns


@dataclass(frozen=True, slots=True)
class Entry:
    """The text of a block.

    Attributes:
        bar: Colour of the bar at its left.
        rows: From top to bottom.
        gap: Whether an empty line stands below it.
    """

    bar: str
    rows: tuple[Row, ...]
    gap: bool

    def lines(self, width: int, *, stacked: bool) -> Iterator[Content]:
        """At a width, bar and all."""
        for row in self.rows:
            for line in _lines(row, max(width - len(_BAR), 1), stacked):
                yield Content.assemble((_BAR, self.bar), line)
        if self.gap:
            yield _BLANK


class Settled(Widget):
    """Blocks that nothing happens to any more."""

    DEFAULT_CSS = "Settled { height: auto; width: 1fr; text-wrap: nowrap; }"

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._drawn: tuple[tuple[int, bool, int], list[Content]] | None = None

    def __len__(self) -> int:
        """How many blocks."""
        return len(self._entries)

    def take(self, entry: Entry) -> None:
        """Put one below the others."""
        self._entries.append(entry)
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Content]:
        """All of them, at a width."""
        stacked = self.is_attached and any(map(self.screen.has_class, _NARROW))
        key = (width, stacked, len(self._entries))
        if self._drawn is None or self._drawn[0] != key:
            drawn = [line for e in self._entries for line in e.lines(width, stacked=stacked)]
            self._drawn = (key, drawn)
        return self._drawn[1]

    def render(self) -> Content:
        """All lines."""
        return Content("\n").join(self.lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the width asks for."""
        return len(self.lines(width))


def entry_of(block: Block) -> Entry:
    """What a block shows, line for line: what is in sight must not move when it settles."""
    rows: list[Row] = []
    for child in block.children:
        if not child.display:
            continue
        margin = child.styles.margin
        rows += [*[_BLANK] * margin.top, _row(child), *[_BLANK] * margin.bottom]
    return Entry(block.styles.border_left[1].hex, tuple(rows), block.styles.margin.bottom > 0)


def _row(widget: Widget) -> Row:
    if isinstance(widget, Flow):
        return Pieces(widget.pieces)
    if isinstance(widget, Horizontal):
        return Columns([_stacked(column) for column in widget.children if column.display])
    return _stacked(widget)


def _stacked(widget: Widget) -> Content:
    """The texts of a widget below each other."""
    if isinstance(widget, Static):
        return _content(widget)
    return Content("\n").join(_stacked(child) for child in widget.children if child.display)


def _content(widget: Static) -> Content:
    """A text as it is; what rich draws, as it was drawn last."""
    if isinstance(widget.visual, Content):
        return widget.visual
    console = widget.app.console
    width = widget.size.width or widget.screen.size.width
    drawn = console.render_lines(
        widget.content,  # type: ignore[arg-type]
        console.options.update(width=width, height=None),
        pad=False,
    )
    text = Text("\n").join(
        Text.assemble(*((piece.text, piece.style or "") for piece in line)) for line in drawn
    )
    return Content.from_rich_text(text, console)


def _lines(row: Row, width: int, stacked: bool) -> list[Content]:
    if isinstance(row, Pieces):
        return packed(row.pieces, width)
    if isinstance(row, Content):
        return row.wrap(width) if row else [row]
    if stacked or len(row.texts) < 2:
        room = max(width - _COLUMN_GAP, 1)
        return [line for text in row.texts for line in text.wrap(room)]
    share = width // len(row.texts)
    columns = [text.wrap(max(share - _COLUMN_GAP, 1)) for text in row.texts]
    beside = zip_longest(*columns, fillvalue=_BLANK)
    return [
        Content.assemble(*(part.pad_right(share - part.cell_length) for part in parts))
        for parts in beside
    ]
