"""What belongs together of the lines that are typed, pasted or read: one entry is one thing to do.

A backslash at the end of a line takes the next one in, and so does a command's quote that is not
closed. Knows no line editor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..commands.registry import FIRST_WORDS
from ..commands.words import words_of
from .own import NAMES


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to do.

    Attributes:
        text: Its lines, joined.
        number: The line it begins in, from 1.
        whole: Nothing is missing at its end.
    """

    text: str
    number: int
    whole: bool = True


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """The entries of a text, given line by line."""
    text, began = "", 0
    for number, raw in enumerate(lines, start=1):
        line = raw.rstrip("\r\n")
        text, began = (text + line, began) if began else (line, number)
        missing = _missing(text)
        if not missing:
            yield Entry(text, began)
            text, began = "", 0
        elif missing == "\\":
            text = text[:-1]
        else:
            text += "\n"
    if began:
        yield Entry(text.removesuffix("\n"), began, whole=False)


def is_whole(text: str) -> bool:
    """Whether nothing is missing at the end of what is typed."""
    return all(entry.whole for entry in entries(text.split("\n")))


def _missing(text: str) -> str:
    """What keeps an entry open: a backslash, a quote, or nothing."""
    begun = text.lstrip()
    if begun.startswith("#"):
        return ""
    if (len(text) - len(text.rstrip("\\"))) % 2:
        return "\\"
    slash = begun.startswith("/") and not begun.startswith("//")
    first = begun.removeprefix("/").split(maxsplit=1)[:1]
    if not (slash or (first and first[0] in FIRST_WORDS | NAMES)):
        return ""
    words = words_of(begun)
    return words[-1].open_quote if words else ""
