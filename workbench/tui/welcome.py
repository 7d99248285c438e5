"""What an empty session's console says: what to type, and first edits to click on."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from .blocks import Block
from .examples import Example
from .text import MUTED, said

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


class ExampleLine(Static, can_focus=True):
    """An edit to try; a click or Enter puts it in the input line."""

    BINDINGS = [
        ("enter", "pick", "try it"),
        ("up,k", "app.focus_previous", ""),
        ("down,j", "app.focus_next", ""),
    ]

    @dataclass
    class Picked(Message):
        """The user wants to try it."""

        line: str

    def __init__(self, example: Example) -> None:
        super().__init__()
        self._example = example
        self.tooltip = Content(f"Click to try it. The model says {example.truth!r} now.")

    def render(self) -> Content:
        """Relation, then the edit with its parts coloured."""
        label = f"{self._example.relation:<18}" if self.size.width >= _WIDE else ""
        return Content.assemble((label, MUTED), edit_content(self._example.line))

    def action_pick(self) -> None:
        """Put the edit in the input line."""
        self.post_message(self.Picked(self._example.line))

    def on_click(self) -> None:
        """As Enter."""
        self.action_pick()


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
        self._list = Vertical(classes="examples")
        self._head = Static("", classes="heading")

    def compose(self) -> ComposeResult:
        """What to do, then edits to try."""
        yield Static(_INTRO)
        yield self._head
        yield self._list

    def show(self, examples: tuple[Example, ...]) -> None:
        """Offer edits to try."""
        self._head.update(
            Content.styled("Try one: click it, or press tab in the empty input line.", MUTED)
        )
        self._list.remove_children()
        self._list.mount_all(ExampleLine(example) for example in examples)
