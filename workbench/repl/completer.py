"""Completion and suggestions for prompt-toolkit, from the registry and from live state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.auto_suggest import AutoSuggest, AutoSuggestFromHistory, Suggestion
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ...errors import RomebenchError
from ..commands.known import prompts
from ..commands.registry import FIRST_WORDS
from ..commands.typed import looks_like_edit
from ..render.text import shortened
from .entries import entries
from .own import NAMES, complete_line

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer

    from ..bench import Bench

_ABOUT = 60
"""Columns of the remark beside a candidate."""

_LEAST = 3
"""Characters of a prompt from which its end is suggested."""


def current_entry(text: str) -> str:
    """What the cursor is in, of several lines that are typed."""
    *_, last = entries(text.split("\n"))
    return last.text


class LineCompleter(Completer):
    """Completes the entry that the cursor is in.

    Args:
        bench: What is open.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """The candidates at the cursor."""
        line = current_entry(document.text_before_cursor)
        # Whoever types prose wants no menu under it; Tab still asks for one.
        if not complete_event.completion_requested and not _wants_menu(line):
            return
        for found in complete_line(line, self._bench):
            yield Completion(
                found.text,
                found.start - len(line),
                display=shortened(found.text.strip(), _ABOUT),
                display_meta=shortened(found.about, _ABOUT),
            )


def _wants_menu(line: str) -> bool:
    typed = line.strip()
    if not typed:
        return False
    first = typed.removeprefix("/").split(maxsplit=1)[0]
    return (
        typed.startswith("/")
        or looks_like_edit(typed)
        or "[" in typed
        or (" " not in line and any(name.startswith(first) for name in FIRST_WORDS | NAMES))
        or first in FIRST_WORDS | NAMES
    )


class Suggest(AutoSuggest):
    """Suggests the end of an earlier line, else of a prompt that is known.

    Args:
        bench: What is open.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._earlier = AutoSuggestFromHistory()
        self._known: tuple[object, list[str]] = (None, [])

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """How the line may go on; nothing in the midst of a line."""
        if not document.is_cursor_at_the_end:
            return None
        found = self._earlier.get_suggestion(buffer, document)
        typed = document.text
        if found is not None or len(typed) < _LEAST or "\n" in typed:
            return found
        rest = next((text for text in self._prompts() if text.startswith(typed)), typed)
        return Suggestion(rest[len(typed) :]) if rest != typed else None

    def _prompts(self) -> list[str]:
        """Every known prompt, read again where the session has changed."""
        status = self._bench.status()
        state = None if status is None else (status.session, status.total)
        if self._known[0] != (state,):
            try:
                found = [text for text, _ in prompts(self._bench)]
            except RomebenchError:
                found = []
            self._known = ((state,), found)
        return self._known[1]
