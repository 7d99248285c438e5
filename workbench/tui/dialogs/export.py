"""Where to write the session to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, Label, Select, Static

from ..text import MUTED
from .base import Dialog
from .path_field import PathField

SESSION, DELTAS = "session", "deltas"


@dataclass(frozen=True, slots=True)
class ExportAnswer:
    """What to write, and where. `force`: the file exists, and the user wants it overwritten."""

    what: str
    path: str
    force: bool


class ExportDialog(Dialog[ExportAnswer]):
    """A path with a sensible default, checked as it is typed.

    Args:
        session: The session to write.
        steps: How many steps it has.
    """

    def __init__(self, session: str, steps: int) -> None:
        super().__init__(id="export")
        self.title_text = f"Export session {session}"
        self._session = session
        self._steps = steps

    def body(self) -> ComposeResult:
        """What, where, and what will happen."""
        steps = f"{self._steps:,} step" + ("" if self._steps == 1 else "s")
        yield Label(Content.styled("What", "bold"))
        yield Select(
            [
                (f"the whole session ({steps}) as JSONL", SESSION),
                ("the deltas on the cursor's path, as safetensors", DELTAS),
            ],
            value=SESSION,
            allow_blank=False,
            id="field-what",
            compact=True,
        )
        yield Label(Content.styled("File", "bold"))
        yield PathField(
            self._default(SESSION), id="field-path", title="Where to write to", saves=True
        )
        yield Static("", id="export-note")

    def buttons(self) -> ComposeResult:
        """Write or not."""
        yield Button("Export", id="write", variant="primary", compact=True)
        yield Button("Cancel", id="close", compact=True)

    def on_mount(self) -> None:
        """The path is what one would change."""
        self.query_one("#field-path", Input).focus()

    def _default(self, what: str) -> str:
        return f"{self._session}.jsonl" if what == SESSION else f"{self._session}.safetensors"

    @on(Select.Changed, "#field-what")
    def _what_changed(self, event: Select.Changed) -> None:
        path = self.query_one("#field-path", Input)
        if path.value in (self._default(SESSION), self._default(DELTAS)):
            path.value = self._default(str(event.value))

    @on(Input.Changed, "#field-path")
    def _check(self) -> None:
        path, note = self._path, self.query_one("#export-note", Static)
        button = self.query_one("#write", Button)
        button.label, button.disabled = "Export", False
        problem = ""
        if not self.query_one("#field-path", Input).value.strip():
            problem = "give the name of a file"
        elif path.is_dir():
            problem = "this is a folder"
        elif not path.parent.is_dir():
            problem = f"there is no folder {path.parent}"
        elif path.exists():
            button.label = "Overwrite"
            note.update(Content.styled("this file exists and would be overwritten", "$warning"))
            return
        if problem:
            button.disabled = True
            note.update(Content.styled(problem, "$error"))
        else:
            note.update(Content.styled(f"writes {path.absolute()}", MUTED))

    @property
    def _path(self) -> Path:
        return Path(self.query_one("#field-path", Input).value.strip()).expanduser()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        button = self.query_one("#write", Button)
        if button.disabled:
            return
        if self._path.exists():
            button.focus()
        else:
            self._write()

    @on(Button.Pressed, "#write")
    def _write(self) -> None:
        what = str(self.query_one("#field-what", Select).value)
        path = self._path
        self.dismiss(ExportAnswer(what, str(path), path.exists()))
