"""What the workspace is to those that act on it: a session shown, commands run, tabs opened."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import TabbedContent

from ...engine.request import EditRequest
from ..commands.parsing import Invocation
from .bottom.input_line import InputLine
from .conductor import Conductor
from .sampling import Choice
from .steps import Steps
from .view import View


class Space(Screen[None]):
    """The screen below the actions; the workspace says how a command is run.

    Attributes:
        steps: Which step is shown.
        view: The session as it is shown.
        last_prompt: What the model was last asked, for a comparison.
        sampling: How texts are generated.
    """

    conductor: Conductor
    steps: Steps
    view: View | None = None
    last_prompt: str = ""
    sampling: Choice = Choice()

    def execute(self, asked: Invocation, *, stay: bool = False) -> None:
        """Run a command; `stay`: keep the tab in view."""
        raise NotImplementedError

    def open_tab(self, name: str) -> None:
        """Show a tab."""
        raise NotImplementedError

    def want_preview(self, request: EditRequest | None) -> None:
        """Have a request read when the lane is free."""
        raise NotImplementedError

    @property
    def active_tab(self) -> str:
        """The name of the tab in view."""
        return self.query_one("#tabs", TabbedContent).active.removesuffix("-tab")

    @property
    def line(self) -> InputLine:
        """The input line."""
        return self.query_one(InputLine)
