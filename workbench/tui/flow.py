"""Short pieces of text that wrap between pieces, never inside one."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

_GAP = "   "


class Flow(Widget):
    """Pieces from left to right, on as many lines as the width asks for."""

    DEFAULT_CSS = """
    Flow { height: auto; width: 1fr; }
    """

    def __init__(self, pieces: Sequence[Content], *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._pieces = [piece for piece in pieces if piece]

    @property
    def pieces(self) -> Sequence[Content]:
        """What is shown."""
        return self._pieces

    def lines(self, width: int) -> list[Content]:
        """The pieces, packed."""
        return packed(self._pieces, width)

    def render(self) -> Content:
        """All lines."""
        return Content("\n").join(self.lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the width asks for."""
        return max(len(self.lines(width)), 1)


def packed(pieces: Sequence[Content], width: int) -> list[Content]:
    """Pieces on as few lines as they fit on; one that is wider than a line is wrapped."""
    lines: list[Content] = []
    for piece in pieces:
        fits = lines and lines[-1].cell_length + len(_GAP) + piece.cell_length <= width
        if fits:
            lines[-1] = Content.assemble(lines[-1], _GAP, piece)
        else:
            lines += piece.wrap(width) if piece.cell_length > width > 0 else [piece]
    return lines


def link(key: str, label: str, action: str) -> Content:
    """A key with what it does, which a click does too."""
    return Content.from_markup(f"[@click={action}][bold $accent]{key}[/] $label[/]", label=label)
