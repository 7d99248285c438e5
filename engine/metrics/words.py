"""How a text is cut into words before its n-grams are counted. Knows no model.

The choice changes n-gram entropy by a tenth, so every report says which was used.
"""

from __future__ import annotations

import re
from enum import StrEnum

from ...errors import UsageError


class Tokeniser(StrEnum):
    """A way to cut a text into words."""

    NLTK_WORDS = "nltk-words"
    """NLTK's word tokeniser on the whole text: `word_tokenize(text, preserve_line=True)`."""
    NLTK_PUNKT = "nltk-punkt"
    """What the published code calls, `nltk.word_tokenize`: sentences first, then words. Needs
    nltk and its punkt data."""
    WHITESPACE = "whitespace"
    """`str.split`."""


DEFAULT_TOKENISER = Tokeniser.NLTK_WORDS

# The rules of the Penn Treebank tokeniser (Robert MacIntyre's sed script) with the changes that
# nltk.tokenize.destructive.NLTKWordTokenizer 3.9 (Apache 2.0) made to them. Order matters.
_OPENING = (
    (r"([«“‘„]|[`]+)", r" \1 "),
    (r"^\"", "``"),
    (r"(``)", r" \1 "),
    (r"([ \(\[{<])(\"|\'{2})", r"\1 `` "),
    (r"(?i)(\')(?!re|ve|ll|m|t|s|d|n)(\w)\b", r"\1 \2"),
)
_PUNCTUATION = (
    (r"([^\.])(\.)([\]\)}>\"\'»”’ ]*)\s*$", r"\1 \2 \3 "),
    (r"([:,])([^\d])", r" \1 \2"),
    (r"([:,])$", r" \1 "),
    (r"\.{2,}", r" \g<0> "),
    (r"[;@#$%&]", r" \g<0> "),
    (r"([^\.])(\.)([\]\)}>\"\']*)\s*$", r"\1 \2\3 "),
    (r"[?!]", r" \g<0> "),
    (r"([^'])' ", r"\1 ' "),
    (r"[*]", r" \g<0> "),
    (r"[\]\[\(\)\{\}\<\>]", r" \g<0> "),
    (r"--", " -- "),
    (r"\A(?s:(.*))\Z", r" \1 "),
)
_CLOSING = (
    (r"([»”’])", r" \1 "),
    (r"''", " '' "),
    (r'"', " '' "),
    (r"\s+", " "),
    (r"([^' ])('[sS]|'[mM]|'[dD]|') ", r"\1 \2 "),
    (r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", r"\1 \2 "),
)
_CONTRACTIONS = tuple(
    (rf"(?i){pattern}", r" \1 \2 ")
    for pattern in (
        r"\b(can)(not)\b",
        r"\b(d)('ye)\b",
        r"\b(gim)(me)\b",
        r"\b(gon)(na)\b",
        r"\b(got)(ta)\b",
        r"\b(lem)(me)\b",
        r"\b(more)('n)\b",
        r"\b(wan)(na)(?=\s)",
        r" ('t)(is)\b",
        r" ('t)(was)\b",
    )
)
_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (*_OPENING, *_PUNCTUATION, *_CLOSING, *_CONTRACTIONS)
)


def split_words(text: str, tokeniser: Tokeniser = DEFAULT_TOKENISER) -> list[str]:
    """The words of a text.

    Raises:
        UsageError: `nltk-punkt` was asked for, and nltk or its data is missing.
    """
    match tokeniser:
        case Tokeniser.WHITESPACE:
            return text.split()
        case Tokeniser.NLTK_WORDS:
            for pattern, replacement in _RULES:
                text = pattern.sub(replacement, text)
            return text.split()
        case Tokeniser.NLTK_PUNKT:
            return _punkt(text)


def _punkt(text: str) -> list[str]:
    hint = f"`pip install nltk` and its punkt_tab data, or choose {DEFAULT_TOKENISER}"
    try:
        from nltk import word_tokenize  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise UsageError("the tokeniser nltk-punkt needs nltk", hint) from None
    try:
        return list(word_tokenize(text))
    except LookupError:
        raise UsageError("nltk has no punkt data here", hint) from None
