"""The Lens and Trace tabs: a prompt above, what the model makes of it below. Ask for nothing
themselves: `readings.py` sees to it that they are up to date."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from ..helpable import Help
from ..keymap import bindings_of
from ..lane.looks import KINDS, LENS, TRACE, Look, LookAsked
from ..pane_keys import INSIDE
from ..pane_keys import TRACE as TRACE_KEYS
from ..text import MUTED
from ..view import View
from .reading import ReadingTab

_SETTLE_S = 0.35
"""A prompt is read when it has rested so long."""

_SIDE_BY_SIDE = 84
"""Width from which two traces stand beside each other."""


class PromptInput(Input):
    """The prompt of a tab."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave the prompt", show=False),
    ]

    def action_leave(self) -> None:
        """Go to the pane below."""
        self.screen.query_one(f"#{self.parent.id}", InsideTab).focus()  # type: ignore[union-attr]


class InsideTab(ReadingTab, Vertical, can_focus=True):
    """A prompt and a page.

    Attributes:
        own: The prompt was typed here; it is followed until the next edit.
    """

    tab: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(INSIDE)

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._timer: Timer | None = None
        self._look: Look | None = None

    def compose(self) -> ComposeResult:
        """The prompt and the page."""
        yield PromptInput(placeholder="[subject] in a prompt", id=f"{self.tab}-prompt")
        with VerticalScroll(can_focus=False):
            yield Static(id=f"{self.tab}-page")

    @property
    def prompt(self) -> Input:
        """Where the prompt stands."""
        return self.query_one(Input)

    def asked(self, view: View) -> LookAsked | str:
        """What the tab wants to see: its prompt, through the model at the cursor."""
        line = self.prompt.value.strip()
        if not line:
            return "make an edit, or press Enter and type a prompt"
        return self.look(line) if view.status.loaded else "the model is not loaded yet"

    def look(self, line: str) -> LookAsked:
        """The prompt as something to be asked."""
        return LookAsked(self.tab, line)

    def revision(self, view: View) -> Hashable:
        """The weights at the cursor are all that counts."""
        return view.cursor

    def follow(self, line: str) -> None:
        """Take a prompt over from what was done elsewhere, unless one is being typed here."""
        if not self.prompt.has_focus and line != self.prompt.value:
            with self.prompt.prevent(Input.Changed):
                self.prompt.value = line
            self.post_message(self.Changed())

    def say(self, why: str) -> None:
        """Say why there is nothing to see."""
        self._page.styles.opacity = 1.0
        self._look = None
        self._page.update(Content.styled(why, MUTED))

    def working(self) -> None:
        """What is shown is out of date."""
        self._page.styles.opacity = 0.5

    def show(self, found: Look) -> None:
        """Show what was seen."""
        self._page.styles.opacity = 1.0
        self._look = found
        self._page.update(self.picture(found, self._page.size.width or self.size.width))

    def picture(self, look: Look, width: int) -> RenderableType:
        """A look as something to look at."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Draw again for the new width."""
        if self._look is not None:
            self.show(self._look)

    def action_prompt(self) -> None:
        """Type another prompt."""
        self.prompt.focus()

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_SETTLE_S, self._rested)

    def _rested(self) -> None:
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _sent(self, message: Input.Submitted) -> None:
        message.stop()
        self.post_message(self.Changed())
        self.focus()

    @property
    def _page(self) -> Static:
        return self.query_one(f"#{self.tab}-page", Static)


class LensTab(InsideTab):
    """What the head would say after every layer."""

    tab = LENS
    help = Help(
        "Lens",
        "The residual stream after every layer, read through the final norm and the head: what the "
        "model would say if it ended there. The base stands beside the weights at the cursor; a ◆ "
        "marks a layer whose likeliest token changed.\n\n"
        "The prompt is that of the last edit or text; Enter types another, and a word behind => is "
        "followed through the layers. It is read again whenever prompt or cursor move. /lens keeps "
        "what it reads with the session.",
    )

    def picture(self, look: Look, width: int) -> RenderableType:
        """Base and cursor in two columns; at the base, the base alone."""
        from ...render.inspect import comparison_table, lens_table

        assert look.lens is not None
        if look.step:
            return Group(*comparison_table(look.lens, ("base", f"step {look.step}")))
        return Group(*lens_table(look.lens.after))


class TraceTab(InsideTab):
    """Which states carry the fact."""

    tab = TRACE
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(TRACE_KEYS)
    help = Help(
        "Trace",
        "Noise on the subject's embeddings makes the model forget the fact; then one state (or a "
        "window of MLP or attention outputs) is put back as it was, and the brighter the cell, the "
        "more of the answer comes back. Rows are tokens, the subject's with a *; columns are "
        "layers. The base stands beside the weights at the cursor.\n\n"
        "k changes what is restored. Enter types another prompt, its subject in [ ], its answer "
        "behind => where it isn't the model's own. Esc stops a trace. /trace has every setting and "
        "keeps what it reads with the session.",
    )

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._kind = 0

    def look(self, line: str) -> LookAsked:
        """The prompt and what is restored."""
        return LookAsked(self.tab, line, KINDS[self._kind])

    def action_kind(self) -> None:
        """Restore something else."""
        self._kind = (self._kind + 1) % len(KINDS)
        self.post_message(self.Changed())

    def picture(self, look: Look, width: int) -> RenderableType:
        """Base and cursor, beside each other where there is room."""
        from ...render.inspect import trace_map

        assert look.trace is not None
        here = Group(Text(_at(look.step), style="dim"), *trace_map(look.trace))
        if look.base is None:
            return here
        base = Group(Text(_at(0), style="dim"), *trace_map(look.base))
        if width < _SIDE_BY_SIDE:
            return Group(base, Text(""), here)
        made = Table.grid(padding=(0, 2, 0, 0), expand=True)
        made.add_column(ratio=1)
        made.add_column(ratio=1)
        made.add_row(base, here)
        return made


def _at(step: int) -> str:
    return f"step {step}" if step else "base"
