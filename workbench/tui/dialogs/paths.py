"""Choosing a file: a line to type the path in, which completes it, over the folders as a tree."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Button, DirectoryTree, Input, Static

from ...render.text import visible
from ..text import MUTED
from .base import Dialog


class PathSuggester(Suggester):
    """Completes the last part of a path from what lies in its folder."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The whole path that `value` begins, a folder with its slash."""
        return completed(value)


def completed(value: str) -> str | None:
    """The first path by name that begins with what is typed; None where there is none."""
    if not value:
        return None
    folder, _, start = value.rpartition("/")
    place = Path(f"{folder}/" if folder or value.startswith("/") else ".").expanduser()
    try:
        names = sorted(entry.name for entry in os.scandir(place) if entry.name.startswith(start))
    except OSError:
        return None
    names = [name for name in names if start.startswith(".") or not name.startswith(".")]
    if not names:
        return None
    slash = "/" if (place / names[0]).is_dir() else ""
    return f"{value[: len(value) - len(start)]}{names[0]}{slash}"


class Files(DirectoryTree):
    """Folders, and the files of some kinds in them.

    Args:
        path: Where it begins.
        endings: What the names of files end in; none for all.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "down", show=False),
        Binding("k", "cursor_up", "up", show=False),
        Binding("l", "select_cursor", "open", show=False),
        Binding("h", "cursor_parent", "parent", show=False),
        Binding("g", "scroll_home", "first", show=False),
        Binding("G", "scroll_end", "last", show=False),
    ]

    def __init__(self, path: Path, endings: tuple[str, ...]) -> None:
        super().__init__(path, id="files")
        self._endings = endings

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """Nothing hidden, and only files of the kinds that are wanted."""
        seen = (path for path in paths if not path.name.startswith("."))
        return [path for path in seen if path.is_dir() or self._fits(path)]

    def _fits(self, path: Path) -> bool:
        return not self._endings or path.name.lower().endswith(self._endings)


class PathDialog(Dialog[str]):
    """Asks for a file.

    Args:
        title: What it is for.
        endings: What the names of files end in; none for all.
        begin: A path to begin with.
        saves: The file need not be there; one that is would be overwritten.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+up", "parent", "the folder above", priority=True),
    ]

    def __init__(
        self,
        title: str,
        endings: tuple[str, ...] = (),
        *,
        begin: str = "",
        saves: bool = False,
    ) -> None:
        super().__init__(id="path")
        self.title_text = title
        self._endings = endings
        self._begin = begin
        self._saves = saves
        folder = Path(begin).expanduser().parent if begin else Path.cwd()
        self._folder = (folder if folder.is_dir() else Path.cwd()).absolute()

    def body(self) -> ComposeResult:
        """The line, what is off with it, the folder, and what lies in it."""
        yield Input(
            self._begin,
            placeholder="type a path: → completes it; or choose below",
            suggester=PathSuggester(),
            id="field-path",
            compact=True,
        )
        yield Static("", id="path-note")
        with Horizontal(id="path-folder"):
            yield Static(self._where(), id="path-where")
            yield Button("Folder above", id="up", compact=True)
        yield Files(self._folder, self._endings)

    def buttons(self) -> ComposeResult:
        """Take it or not."""
        yield Button("Save here" if self._saves else "Choose", id="take", variant="primary",
                     compact=True, disabled=not self._begin)  # fmt: skip
        yield Button("Cancel", id="close", compact=True)

    def on_mount(self) -> None:
        """Type, or go down to the tree."""
        self.query_one("#field-path", Input).focus()

    def _where(self) -> Content:
        return Content.styled(visible(str(self._folder), one_line=True), MUTED)

    @property
    def _path(self) -> Path:
        return Path(self.query_one("#field-path", Input).value.strip()).expanduser()

    def _problem(self) -> str:
        path = self._path
        if not self.query_one("#field-path", Input).value.strip():
            return "no file is named yet"
        if path.is_dir():
            return "this is a folder"
        if self._saves:
            return "" if path.parent.is_dir() else f"there is no folder {path.parent}"
        return "" if path.is_file() else "there is no such file"

    @on(Input.Changed, "#field-path")
    def _check(self, event: Input.Changed) -> None:
        event.stop()
        problem = self._problem()
        self.query_one("#take", Button).disabled = bool(problem)
        note = Content.styled(visible(problem, one_line=True), MUTED)
        if not problem and self._saves and self._path.exists():
            note = Content.styled("this file exists and would be overwritten", "$warning")
        self.query_one("#path-note", Static).update(note)

    @on(DirectoryTree.FileSelected)
    def _selected(self, event: DirectoryTree.FileSelected) -> None:
        event.stop()
        again = self._path.absolute() == event.path.absolute()
        self._put(event.path)
        if again:
            self._take()

    def _put(self, path: Path) -> None:
        try:
            shown = path.relative_to(Path.cwd())
        except ValueError:
            shown = path
        field = self.query_one("#field-path", Input)
        field.value = str(shown)
        field.cursor_position = len(field.value)

    @on(Input.Submitted, "#field-path")
    def _entered(self, event: Input.Submitted) -> None:
        """Take a file; go into a folder."""
        event.stop()
        if self._path.is_dir():
            self._enter(self._path.absolute())
        elif not self._problem():
            self._take()

    @on(Button.Pressed, "#up")
    def action_parent(self) -> None:
        """Show the folder above."""
        self._enter(self._folder.parent)

    def _enter(self, folder: Path) -> None:
        self._folder = folder
        self.query_one(Files).path = folder
        self.query_one("#path-where", Static).update(self._where())
        self.query_one(Files).focus()

    @on(Button.Pressed, "#take")
    def _take(self) -> None:
        if not self._problem():
            self.dismiss(str(self._path))
