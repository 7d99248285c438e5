"""What an empty session's console says: what to type, and first edits to click on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ..helpable import Help
from ..keymap import bindings_of
from ..lane.examples import Example
from ..pane_keys import TRY_EXAMPLE
from ..side.lines import LineList
from ..text import MUTED, said
from .blocks import Block

_INTRO = Content.assemble(
    ("Write a fact into a language model, and see what becomes of it.\n", "bold"),
    ("Type ", MUTED),
    ("[subject]", "bold $accent"),
    (" … ", "bold"),
    ("=> target", "bold $success"),
    (" below to edit, plain text to let the model write on, ", MUTED),
    ("/", "bold $secondary"),
    (" for commands.", MUTED),
)


_WIDE = 72
"""Width from which there is room for the relation's name."""


class ExampleList(LineList):
    """Edits to try; a click or Enter puts one in the input line."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of((TRY_EXAMPLE,))

    help = Help(
        "First edits",
        "One edit for each kind of fact the model knows. Enter or a click puts it in the input "
        "line, where its tokens and the target's rank are shown; Enter there makes it.",
    )

    @dataclass
    class Picked(Message):
        """The user wants to try an edit."""

        line: str

    def __init__(self) -> None:
        super().__init__(id="examples")
        self._examples: tuple[Example, ...] = ()

    @property
    def count(self) -> int:
        """One line for each example."""
        return len(self._examples)

    def show(self, examples: tuple[Example, ...]) -> None:
        """Offer edits, each on a line that can be seen without scrolling here."""
        self._examples = examples
        self.styles.height = len(examples)
        self.changed()

    def line(self, index: int, width: int) -> Content:
        """Relation where there is room, then the edit with its parts coloured."""
        example = self._examples[index]
        label = f"{example.relation:<18}" if width >= _WIDE else ""
        return Content.assemble((label, MUTED), edit_content(example.line))

    def action_choose(self) -> None:
        """Put the highlighted edit in the input line."""
        if self._examples:
            self.post_message(self.Picked(self._examples[self.highlighted].line))

    def on_click(self, event: events.Click) -> None:
        """One click is enough: nothing is done but typing."""
        event.prevent_default()
        index = self.index_at(event)
        if 0 <= index < self.count:
            self.highlighted = index
            self.action_choose()


def edit_content(line: str) -> Content:
    """A typed edit with its subject and target coloured."""
    head, _, target = line.rpartition("=>")
    before, _, rest = head.partition("[")
    subject, _, after = rest.partition("]")
    return Content.assemble(
        said(before), ("[", "$accent"), said(subject, "$accent"), ("]", "$accent"), said(after),
        ("=>", MUTED), said(target, "$success"),
    )  # fmt: skip


class Welcome(Block):
    """The first thing a new user reads."""

    def __init__(self) -> None:
        super().__init__(classes="-welcome")
        self._list = ExampleList()
        self._list.display = False
        self._head = Static("", classes="heading")

    def compose(self) -> ComposeResult:
        """What to do, then edits to try."""
        yield Static(_INTRO)
        yield self._head
        yield self._list

    def show(self, examples: tuple[Example, ...]) -> None:
        """Offer edits to try."""
        how = "Try one: click it, or press tab in the empty input line."
        self._head.update(Content.styled(how, MUTED))
        self._list.display = True
        self._list.show(examples)
