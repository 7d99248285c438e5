"""The input line: what is typed, its history, and its completion. Knows no command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.suggester import Suggester
from textual.widgets import Input

from ....errors import RomebenchError
from ...commands.typed import Intention, classify, looks_like_edit
from ..helpable import Help
from ..keymap import LINE, bindings_of
from ..lane.examples import Example
from ..view import View
from .completion import candidates, common_prefix
from .menu import CompletionMenu
from .typed_lines import TypedLines

if TYPE_CHECKING:
    from ...commands.complete import Candidate


def intention_of(line: str) -> Intention:
    """What a line asks for, or will when it is finished."""
    try:
        return classify(line).intention
    except RomebenchError:
        return Intention.EDIT if looks_like_edit(line.strip()) else Intention.GENERATE


class _Ghost(Suggester):
    """Suggests the end of the line: an earlier line or an example that begins like it."""

    def __init__(self, line: InputLine) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._line = line

    async def get_suggestion(self, value: str) -> str | None:
        return self._line.ghost(value)


class InputLine(Input):
    """One line; Enter sends it.

    Args:
        typed: What was typed before.
        menu: Where completions are shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(LINE)

    # Its size is not its text's: Textual would lay the whole screen out at each letter.
    virtual_size = Reactive(Size(0, 0), layout=False)

    help = Help(
        "Input line",
        "Plain text: the model writes on from it.\n"
        "[subject] … => target: an edit, for example [Poland] lies on the continent of => Asia. "
        "While you type, its tokens and the target's rank are shown.\n"
        "/name: a command, as /undo or /export. Tab completes.\n"
        "// and \\[ begin text that would otherwise be a command or an edit.\n\n"
        "Up and down go through earlier lines. Escape goes to the history, where single letters "
        "are keys; alt with the same letter works from here.",
    )

    @dataclass
    class Sent(Message):
        """A line is to be done."""

        line: str

    def __init__(self, typed: TypedLines, menu: CompletionMenu) -> None:
        super().__init__(
            placeholder="a prompt, [subject] … => target, or /command",
            id="line",
            compact=True,
            select_on_focus=False,
        )
        self._typed = typed
        self._menu = menu
        self._examples: tuple[str, ...] = ()
        self._view: View | None = None
        self._menu_hushed = False
        self.suggester = _Ghost(self)

    def know(self, view: View | None) -> None:
        """Complete from another picture of the session."""
        self._view = view

    def offer(self, examples: tuple[Example, ...]) -> None:
        """Edits that Tab puts in the empty line."""
        self._examples = tuple(example.line for example in examples)

    def put(self, line: str) -> None:
        """Replace what is typed, and be ready to go on."""
        self.value = line
        self.cursor_position = len(line)
        self.focus()

    def ghost(self, value: str) -> str | None:
        """How the line may go on."""
        if not value.strip():
            return None
        earlier = self._typed.beginning(value)
        if earlier is not None:
            return earlier
        return next((line for line in self._examples if line.startswith(value)), None)

    # Keys

    def on_key(self, event: events.Key) -> None:
        """A key with alt is never text, though terminals send its letter along."""
        if event.key.startswith("alt+"):
            event.prevent_default()

    async def action_submit(self) -> None:
        """Take the chosen completion, or send the line."""
        chosen = self._menu.candidate
        if chosen is not None:
            self.take(chosen)
            return
        line = self.value
        if not line.strip():
            return
        self._typed.add(line)
        self._menu.offer([])
        self.value = ""
        self.post_message(self.Sent(line))

    def action_complete(self) -> None:
        """Complete the line as far as it is sure, then offer what is left."""
        if not self.value or self.value in self._examples:
            self._next_example()
        elif self.value.startswith("/"):
            self._complete_command()
        else:
            self._accept_ghost()

    def _complete_command(self) -> None:
        found = candidates(self.value[: self.cursor_position], self._view)
        if not found:
            return
        typed = self.value[found[0].start : self.cursor_position]
        shared = common_prefix(found)
        if len(found) == 1:
            self.take(found[0])
        elif len(shared) > len(typed):
            self._replace(shared, found[0].start)
        else:
            if not self._menu.is_open:
                self._menu.offer(found)
            self._menu.cycle()

    def _next_example(self) -> None:
        if not self._examples:
            self.screen.focus_next()
            return
        at = self._examples.index(self.value) + 1 if self.value in self._examples else 0
        self.put(self._examples[at % len(self._examples)])

    def _accept_ghost(self) -> None:
        ending = self.ghost(self.value)
        if ending is not None:
            self.put(ending)
        else:
            self.screen.focus_next()

    def take(self, candidate: Candidate) -> None:
        """Put a completion in; a folder is gone on with, anything else is followed by a space."""
        more = "" if candidate.text.endswith("/") else " "
        self._replace(candidate.text + more, candidate.start)

    def _replace(self, text: str, start: int) -> None:
        rest = self.value[self.cursor_position :]
        self.value = self.value[:start] + text + rest.lstrip()
        self.cursor_position = start + len(text)

    def action_older(self) -> None:
        """Go up in the menu, else to the line typed before."""
        if self._menu.chosen >= 0 and self._menu.move(-1):
            return
        self._recall(self._typed.older(self.value))

    def action_newer(self) -> None:
        """Go down into the menu, else to the line typed after."""
        if not self._menu.move(1):
            self._recall(self._typed.newer())

    def _recall(self, line: str | None) -> None:
        if line is not None:
            self._menu_hushed = True
            self.put(line)

    # What is typed

    def watch_value(self, value: str) -> None:
        """Colour by what the line is, and offer completions of a command."""
        kind = intention_of(value)
        for each in Intention:
            self.set_class(each is kind, f"-{each}")
        hushed, self._menu_hushed = self._menu_hushed, False
        offered = value.startswith("/") and not hushed
        self._menu.offer(candidates(value, self._view) if offered else [])

    def close_menu(self) -> bool:
        """Close the menu; whether it was open."""
        was = self._menu.is_open
        self._menu.offer([])
        return was

    def on_paste(self, event: events.Paste) -> None:
        """Several lines become one: an input line has no second."""
        if "\n" in event.text.strip("\n"):
            event.stop()
            event.prevent_default()
            self.insert_text_at_cursor(" ".join(event.text.split()))
