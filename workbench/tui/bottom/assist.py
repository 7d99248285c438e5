"""What helps while a line is typed: the menu of completions, or the preview of an edit."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from ....engine.request import EditRequest, parse_typed
from ....errors import RequestError
from ...commands.typed import Intention
from ..flow import link
from ..keymap import key_for
from ..messages import PreviewRead
from ..sampling import Choice
from ..text import MUTED
from .input_line import intention_of
from .menu import CompletionMenu
from .tokens import TokenPreview

PAUSE_S = 0.2
"""A preview is asked for when typing rests so long."""

UNLOADED = "tokens and the target's rank are shown once the model is loaded"


class SamplingLine(Static):
    """How a typed prompt will be written on from, with what changes it."""

    def __init__(self) -> None:
        super().__init__(id="sampling-line")
        self._choice = Choice()

    def show(self, choice: Choice) -> None:
        """Show parameters."""
        self._choice = choice
        self.update(self._line())

    def on_mount(self) -> None:
        """The keys are known now."""
        self.update(self._line())

    def _line(self) -> Content:
        other = "draws" if self._choice.greedy else "is greedy"
        return Content.assemble(
            ("the model writes on  ", MUTED),
            " · ".join(self._choice.words()),
            ("   ", ""),
            link(key_for(self, "sampling"), "changes it", "screen.sampling"),
            ("  ", ""),
            link(key_for(self, "greedy"), other, "screen.greedy"),
        )


class Assist(Vertical):
    """Sits above the input line and takes no room while it has nothing to say."""

    @dataclass
    class Wanted(Message):
        """The preview of a request should be read; None: no longer."""

        request: EditRequest | None

    def __init__(self, menu: CompletionMenu) -> None:
        super().__init__(id="assist")
        self._menu = menu
        self._preview = TokenPreview(id="preview")
        self._request: EditRequest | None = None
        self._timer: Timer | None = None
        self._sampling = SamplingLine()

    def compose(self) -> ComposeResult:
        """Menu, preview and parameters; never two at once."""
        yield self._menu
        yield self._preview
        yield self._sampling

    def on_mount(self) -> None:
        """Nothing is typed yet."""
        self._preview.display = self._sampling.display = False

    def sample(self, choice: Choice) -> None:
        """Texts are generated so from now on."""
        self._sampling.show(choice)

    def typed(self, line: str) -> None:
        """The line changed: check it if it is an edit."""
        if self._timer is not None:
            self._timer.stop()
        kind = intention_of(line)
        editing = kind is Intention.EDIT
        self._preview.display = editing
        self._sampling.display = kind is Intention.GENERATE
        request = self._checked(line.strip()) if editing else None
        if request is None:
            self._request = None
            self.post_message(self.Wanted(None))
        elif request != self._request:
            self._request = request
            self._preview.wait(request, "reading tokens…")
            self._timer = self.set_timer(PAUSE_S, self._ask)

    def _ask(self) -> None:
        self.post_message(self.Wanted(self._request))

    def _checked(self, line: str) -> EditRequest | None:
        """The request of a whole edit; of an unfinished one, say what comes next."""
        preview = self._preview
        if "=>" not in line:
            missing = "close the subject with ]" if "]" not in line else "=> what it should say"
            preview.guide(f"an edit: [subject] and a prompt, then => target   (next: {missing})")
            return None
        if not line.rpartition("=>")[2].strip():
            preview.guide("an edit: now the target, what the model should say next")
            return None
        try:
            return parse_typed(line)
        except RequestError as error:
            preview.refuse(error.message, error.hint)
            return None

    def show(self, read: PreviewRead) -> None:
        """Show a preview, if it is still of what is typed."""
        if read.request != self._request:
            return
        if read.error:
            self._preview.refuse(read.error)
        elif read.preview is None:
            self._preview.wait(read.request, UNLOADED)
        else:
            self._preview.show_preview(read.request, read.preview)
