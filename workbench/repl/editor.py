"""The line editor itself: prompt-toolkit with history, completion and the toolbar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from ..commands.complete import complete
from ..render.text import shortened
from .lines import OWN_WORDS
from .toolbar import toolbar

if TYPE_CHECKING:
    from ..bench import Bench


class LineCompleter(Completer):
    """Completes from the registry and from live state.

    Args:
        bench: What is open.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """The candidates at the cursor."""
        line = document.text_before_cursor
        # Whoever types prose wants no menu under it; Tab still asks for one.
        if not complete_event.completion_requested and not line.strip():
            return
        if " " not in line:
            for word in sorted(OWN_WORDS):
                if line and word.startswith(line):
                    yield Completion(word, -len(line))
        for found in complete(line, self._bench):
            yield Completion(
                found.text,
                found.start - len(line),
                display_meta=shortened(found.about, 60),
            )


def make_editor(bench: Bench, history: Path) -> PromptSession[str]:
    """A prompt on the terminal.

    Args:
        bench: Completion and toolbar tell of it.
        history: File that keeps what was typed; its folder is made.
    """
    return PromptSession(
        message=FormattedText([("bold", "rome"), ("", "> ")]),
        history=_history(history),
        completer=LineCompleter(bench),
        complete_while_typing=True,
        auto_suggest=AutoSuggestFromHistory(),
        bottom_toolbar=lambda: toolbar(bench),
        enable_suspend=True,
        enable_open_in_editor=True,
    )


def _history(path: Path) -> History:
    """What was typed before; kept in memory only where the file can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
