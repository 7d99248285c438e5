"""The door between text that others wrote and the terminal.

Model output, prompts and names from files may hold terminal escapes or markup. `visible` turns
every character that would act into one that is seen. Imports nothing, so every front end can use
it anywhere.
"""

from __future__ import annotations

import unicodedata

_KEPT = {"\n": "\n", "\t": "    "}
_PICTURES = 0x2400


def visible(text: str, *, one_line: bool = False) -> str:
    """`text` with every control character shown instead of obeyed.

    C0 controls become their control pictures (escape is ␛), DEL becomes ␡, and C1 controls,
    bidirectional overrides, line separators, private-use characters and lone surrogates become
    escapes such as ⟨U+202E⟩. Newlines stay unless `one_line`; a tab becomes four spaces.

    >>> visible("a\\x1b[31mb")
    'a␛[31mb'
    >>> visible("two\\nlines", one_line=True)
    'two␤lines'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char, one_line) for char in text)


def _shown(char: str, one_line: bool) -> str:
    code = ord(char)
    if code >= 0xA0 and char.isprintable():
        return char
    if not one_line and char in _KEPT:
        return _KEPT[char]
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    if char == _ZERO_WIDTH_JOINER:
        return char
    return f"⟨U+{code:04X}⟩"


_ZERO_WIDTH_JOINER = "\N{ZERO WIDTH JOINER}"
"""Kept: emoji and several scripts are spelled with it, and it moves nothing."""


def shortened(text: str, width: int) -> str:
    """`visible(text)` on one line, cut to `width` characters with an ellipsis.

    >>> shortened("The Eiffel Tower", 8)
    'The Eif…'
    """
    line = visible(text, one_line=True)
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"
