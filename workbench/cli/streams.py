"""The standard streams: input is UTF-8 or refused, output never fails for a character."""

from __future__ import annotations

import io
import sys

from ...errors import FileFormatError, UsageError


def prepare() -> None:
    """Let no character that the output's encoding lacks end a command, and read strictly."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="strict")


def check_words(words: list[str]) -> None:
    """Refuse words that are no text.

    Raises:
        UsageError: Names the word.
    """
    for word in words:
        try:
            word.encode("utf-8")
        except UnicodeEncodeError:
            raise UsageError(f"{word!r} is not UTF-8 text", "type it in UTF-8") from None


def read_input() -> str:
    """All of standard input.

    Raises:
        FileFormatError: It is not UTF-8 text.
    """
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise FileFormatError(f"standard input: not UTF-8 text (byte {error.start})") from None
