"""The name of a new branch."""

from __future__ import annotations

from collections.abc import Collection

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from ....errors import UsageError
from ....sessions.names import check_branch_name
from ...render.text import visible
from ..text import MUTED, step_name
from .base import Dialog


class BranchDialog(Dialog[str]):
    """Asks for a name and checks it as it is typed.

    Args:
        step: The step the branch begins at.
        taken: Names that are in use.
        suggested: What to begin with.
    """

    title_text = "New branch"

    def __init__(self, step: int, taken: Collection[str], suggested: str) -> None:
        super().__init__(id="branch")
        self._step = step
        self._taken = taken
        self._suggested = suggested

    def body(self) -> ComposeResult:
        """Where it begins, and its name."""
        yield Label(
            Content.assemble(("Name", "bold"), (f"  it begins at {step_name(self._step)}", MUTED))
        )
        yield Input(self._suggested, id="field-name", compact=True)
        yield Static("", id="branch-note")

    def buttons(self) -> ComposeResult:
        """Make it or not."""
        yield Button("Make branch", id="make", variant="primary", compact=True)
        yield Button("Cancel", id="close", compact=True)

    @property
    def name_typed(self) -> str:
        """The name as it is typed."""
        return self.query_one("#field-name", Input).value.strip()

    @on(Input.Changed)
    def _check(self) -> None:
        problem = ""
        try:
            check_branch_name(self.name_typed)
        except UsageError as error:
            problem = error.message
        if self.name_typed in self._taken:
            problem = f"there is a branch {self.name_typed!r} already"
        self.query_one("#make", Button).disabled = bool(problem)
        self.query_one("#branch-note", Static).update(
            Content.styled(visible(problem, one_line=True), "$error")
        )

    @on(Input.Submitted)
    @on(Button.Pressed, "#make")
    def _make(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        if not self.query_one("#make", Button).disabled:
            self.dismiss(self.name_typed)
