"""Splitting a typed command line into words, and telling which word the cursor is in.

Quotes count only where they begin a word, so that `generate Steve Jobs' company` needs none;
a backslash takes the next space, quote or backslash literally and is itself elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import UsageError

_QUOTES = "'\""
_ESCAPED = " \t'\"\\"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line.

    Attributes:
        text: Without quotes and backslashes.
        start: Where it begins in the line, its quote included.
        end: Where it ends.
        open_quote: The quote that was never closed; empty for a whole word.
    """

    text: str
    start: int
    end: int
    open_quote: str = ""


def words_of(line: str) -> list[Word]:
    """The words of a line; a quote that isn't closed lasts to its end."""
    words: list[Word] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        word = _word(line, at)
        words.append(word)
        at = word.end
    return words


def split_words(line: str) -> list[str]:
    """The words of a line as plain text.

    Raises:
        UsageError: A quote is not closed.

    >>> split_words('edit "[a b] is => c" --rule rome')
    ['edit', '[a b] is => c', '--rule', 'rome']
    """
    words = words_of(line)
    if words and words[-1].open_quote:
        raise UsageError(
            f"the quote in {line[words[-1].start :]!r} is not closed",
            "close it, or put a backslash before it",
        )
    return [word.text for word in words]


def _word(line: str, start: int) -> Word:
    quote, text, at = "", "", start
    while at < len(line):
        char = line[at]
        if char == "\\" and quote != "'" and line[at + 1 : at + 2] in tuple(_ESCAPED):
            text += line[at + 1]
            at += 1
        elif quote:
            if char == quote:
                quote = ""
            else:
                text += char
        elif char in _QUOTES and (at == start or line[at - 1] == "="):
            quote = char
        elif char.isspace():
            break
        else:
            text += char
        at += 1
    return Word(text, start, at, quote)


def quoted(text: str) -> str:
    """`text` as one word of a line.

    >>> quoted("my file.json")
    '"my file.json"'
    """
    if text and not any(char.isspace() or char in _QUOTES or char == "\\" for char in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
