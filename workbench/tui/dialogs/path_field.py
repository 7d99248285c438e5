"""A field for a file in a form: a line that completes paths, and a button for the chooser."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input

from .paths import PathDialog, PathSuggester


class PathField(Horizontal):
    """A path, typed or chosen. The line is an ordinary `Input` with the id that is given.

    Args:
        value: What to begin with.
        id: Of the line.
        title: Of the chooser.
        placeholder: Shown while nothing is typed.
        endings: What the names of files end in; none for all.
        saves: The file need not be there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "browse", "browse", tooltip="Choose the file", priority=True)
    ]

    def __init__(
        self,
        value: str,
        *,
        id: str,  # noqa: A002
        title: str,
        placeholder: str = "",
        endings: tuple[str, ...] = (),
        saves: bool = False,
    ) -> None:
        super().__init__(classes="with-browse")
        self._line = Input(
            value, placeholder=placeholder, suggester=PathSuggester(), id=id, compact=True
        )
        self._title = title
        self._endings = endings
        self._saves = saves

    def compose(self) -> ComposeResult:
        """The line, then the button."""
        yield self._line
        yield Button("Browse…", classes="browse", compact=True, tooltip="Choose the file (ctrl+o)")

    @on(Button.Pressed, ".browse")
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_browse()

    def action_browse(self) -> None:
        """Open the chooser."""
        dialog = PathDialog(self._title, self._endings, begin=self._line.value, saves=self._saves)
        self.app.push_screen(dialog, self._chosen)

    def _chosen(self, path: str | None) -> None:
        if path is not None:
            self._line.value = path
            self._line.cursor_position = len(path)
            self._line.focus()
