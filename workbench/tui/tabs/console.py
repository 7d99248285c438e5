"""The Console tab: all that was typed and what came of it, newest at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rich.console import RenderableType
from textual.geometry import Size
from textual.timer import Timer
from textual.widget import Widget

from ....engine.request import EditRequest
from ...commands.context import Side
from ...commands.typed import Intention
from ..copying import Copy
from ..helpable import Help
from ..lane.examples import Example
from .blocks import Block, Echo, Note, Report
from .cards import Card, EditCard, MoveCard
from .page import Page
from .run_card import RunCard
from .settled import Settled, entry_of
from .welcome import Welcome
from .writing import Writing

if TYPE_CHECKING:
    from ...commands.results import Edited, Moved

B = TypeVar("B", bound=Block)

MOST_BLOCKS = 300
"""Older entries go, so that a day's work costs no more memory than an hour's."""

LIVE_BLOCKS = 24
"""The newest entries are widgets of their own; older ones settle into one, many together."""

SETTLE_S = 0.4
"""How long after a new entry old ones settle: not in the moment in which that one is drawn."""

_TOGETHER = 20
"""Entries that settle into one widget."""


class Console(Page):
    """A list of blocks that stays at its end unless scrolled up."""

    help = Help(
        "Console",
        "Type in the line below; what comes of it is shown here.\n\n"
        "Plain text: the model writes on from it.\n"
        "[subject] … => target: an edit. What the unedited and the edited model say to it stands "
        "side by side, with the target's probability before and after.\n"
        "/name: a command; /help lists them, ctrl+p finds them.\n"
        "// and \\[ begin text that would otherwise be a command or an edit.\n\n"
        "Select text with the mouse and press ctrl+c to copy it.",
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._settled: list[Settled] = []
        self._older: Copy | None = None
        self._waits: Timer | None = None

    def watch_virtual_size(self, size: Size) -> None:
        """Stay at the end once there is more than fits; a short page begins at the top."""
        long = size.height > self.scrollable_content_region.height and not self.query(Welcome)
        if long != self.is_anchored:
            self.anchor(long)
            if not long:
                self.scroll_home(animate=False)

    # What is shown

    def welcome(self, examples: tuple[Example, ...] | None = None) -> None:
        """Greet a new user; with `examples`, offer them."""
        found = self._find(Welcome, lambda _: True)
        if found is None:
            found = self._add(Welcome())
        if examples is not None:
            found.show(examples)

    def echo(self, line: str, intention: Intention) -> None:
        """Show what was typed; it is what is read next, so scroll to it."""
        for block in self.query(Welcome):
            block.remove()
        self._add(Echo(line, intention))

    def note(self, text: str, hint: str = "", severity: str = "information") -> None:
        """Show a remark of ours."""
        self._add(Note(text, hint, severity))

    def report(self, renderable: RenderableType) -> None:
        """Show what a command gave."""
        self._add(Report(renderable))

    def write(self, job: int, prompt: str, *, compare: bool, at: Side, step: int) -> None:
        """Begin a generation."""
        self._add(Writing(job, prompt, compare=compare, at=at, step=step))

    def run(self, job: int) -> None:
        """Begin a run of the queue."""
        self._add(RunCard(job))

    def edited(self, job: int, result: Edited) -> None:
        """Show a new step."""
        self._add(EditCard(job, result))

    def moved(self, job: int, result: Moved) -> None:
        """Show where the cursor went."""
        self._add(MoveCard(job, result))

    def clear(self) -> None:
        """Begin with an empty page; the log keeps everything."""
        self._older = None
        self._settled.clear()
        self.remove_children()

    # What is found again

    def writing(self, job: int) -> Writing | None:
        """The generation of a job."""
        return self._find(Writing, lambda block: block.job == job)

    def running(self, job: int) -> RunCard | None:
        """The run of a job."""
        return self._find(RunCard, lambda block: block.job == job)

    def card(self, job: int) -> Card | None:
        """The card of a job."""
        return self._find(Card, lambda block: block.job == job)

    def copied(self) -> Copy | None:
        """The newest text that was generated, or the newest edit's request."""
        found = (_copy_of(block) for block in reversed(self.children))
        return next((copy for copy in found if copy is not None), self._older)

    def _find(self, kind: type[B], wanted: object) -> B | None:
        assert callable(wanted)
        for block in reversed(self.children):
            if isinstance(block, kind) and wanted(block):
                return block
        return None

    def _add(self, block: B) -> B:
        self.mount(block)
        if self._waits is None:
            self._waits = self.set_timer(SETTLE_S, self._settle)
        if self.is_anchored:
            self.anchor()
        return block

    def _settle(self) -> None:
        """Let the oldest entries settle that nothing happens to, and the very oldest go."""
        self._waits = None
        live = [b for b in self.children if isinstance(b, Block) and not b.put_away]
        over = len(live) - LIVE_BLOCKS
        for at, block in enumerate(live[: max(over, 0)]):
            # One whose end was never told must not keep all behind it.
            if not block.is_mounted or not (block.done or over - at > LIVE_BLOCKS):
                break
            self._put_away(block)
        while self._settled and sum(map(len, self._settled)) > MOST_BLOCKS - LIVE_BLOCKS:
            self._settled.pop(0).remove()

    def _put_away(self, block: Block) -> None:
        if not self._settled or len(self._settled[-1]) >= _TOGETHER:
            self._settled.append(Settled())
            self.mount(self._settled[-1], before=block)
        self._settled[-1].take(entry_of(block))
        self._older = _copy_of(block) or self._older
        block.put_away = True
        block.remove()


def _copy_of(block: Widget) -> Copy | None:
    """What is copied where this block is the newest."""
    if isinstance(block, Writing):
        return Copy("the generated text", block.whole)
    if isinstance(block, EditCard):
        typed = EditRequest.from_json(block.result.step.request).typed
        return Copy(f"the request of step {block.result.step.step}", typed)
    return None
