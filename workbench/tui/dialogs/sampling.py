"""How texts are generated from now on: how long, greedy or drawn, and the seed."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, Static

from ....errors import UsageError
from ...render.text import visible
from ..sampling import Choice
from ..text import MUTED
from .base import Dialog

_FIELDS = (
    ("max_new_tokens", "New tokens", "how many are written at most"),
    ("temperature", "Temperature", "above 1 flattens, below 1 sharpens"),
    ("top_k", "Top k", "draw from the k likeliest; 0: from all"),
    ("top_p", "Top p", "draw from those that have this much probability together"),
    ("seed", "Seed", "the same seed gives the same text; empty: the session's"),
)


class SamplingDialog(Dialog[Choice]):
    """The parameters, checked as they are typed.

    Args:
        choice: What they are now.
    """

    title_text = "Generation"

    def __init__(self, choice: Choice) -> None:
        super().__init__(id="sampling")
        self._choice = choice

    def body(self) -> ComposeResult:
        """Greedy or not, and the numbers."""
        greedy = Content.assemble(("Greedy", "bold"), ("  always the likeliest token", MUTED))
        yield Checkbox(greedy, self._choice.greedy, id="field-greedy", compact=True)
        for name, label, about in _FIELDS:
            yield Label(Content.assemble((label, "bold"), (f"  {about}", MUTED)))
            yield Input(self._choice.shown(name), id=f"field-{name}", compact=True)
        yield Static("", id="form-error")

    def buttons(self) -> ComposeResult:
        """Keep it or not."""
        yield Button("Use", id="use", variant="primary", compact=True)
        yield Button("Cancel", id="close", compact=True)

    def on_mount(self) -> None:
        """The length is what is changed most."""
        self.query_one("#field-max_new_tokens", Input).focus()

    def _read(self) -> Choice:
        typed = {name: self.query_one(f"#field-{name}", Input).value for name, *_ in _FIELDS}
        return Choice.typed(greedy=self.query_one("#field-greedy", Checkbox).value, **typed)

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _check(self) -> None:
        problem = ""
        try:
            self._read()
        except UsageError as error:
            problem = f"{error.message}: {error.hint}"
        self.query_one("#use", Button).disabled = bool(problem)
        shown = Content.styled(visible(problem, one_line=True), "$error")
        self.query_one("#form-error", Static).update(shown)
        greedy = self.query_one("#field-greedy", Checkbox).value
        for name in ("temperature", "top_k", "top_p", "seed"):
            self.query_one(f"#field-{name}", Input).disabled = greedy

    @on(Input.Submitted)
    @on(Button.Pressed, "#use")
    def _use(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        if not self.query_one("#use", Button).disabled:
            self.dismiss(self._read())
