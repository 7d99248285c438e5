"""Colours of what is typed: the command, the subject and the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from ..commands.registry import FIRST_WORDS
from .own import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator


class LineLexer(Lexer):
    """Colours a line; what is no edit and no command stays plain."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """The coloured pieces of each line."""
        lines = document.lines
        return lambda number: list(_pieces(lines[number])) if number < len(lines) else []


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    if line.lstrip().startswith("#"):
        yield "class:line.comment", line
        return
    blank = line[: len(line) - len(line.lstrip())]
    first = line[len(blank) :].split(maxsplit=1)[:1]
    if first and first[0].removeprefix("/") in FIRST_WORDS | NAMES:
        yield "", blank
        yield "class:line.command", first[0]
        line = line[len(blank) + len(first[0]) :]
    yield from _of_edit(line)


def _of_edit(line: str) -> Iterator[tuple[str, str]]:
    """The parts of `before [subject] after => target`."""
    begin, end = line.find("["), line.find("]")
    if begin < 0 or (begin and line[begin - 1] == "\\"):
        yield "", line
        return
    end = end + 1 if end > begin else len(line)
    yield "", line[:begin]
    yield "class:line.subject", line[begin:end]
    wording, arrow, target = line[end:].rpartition("=>")
    if arrow:
        yield "", wording
        yield "class:line.arrow", arrow
        yield "class:line.target", target
    else:
        yield "", target
