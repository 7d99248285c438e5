"""How varied a text is: n-gram entropy (fluency) and the entropy of generated words.

Knows no model. Sources: kmeng01/rome `eval_utils_counterfact.py`, rebuilding-rome
`disable_edits_plots.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from math import fsum, log2

from .words import DEFAULT_TOKENISER, Tokeniser, split_words

NGRAM_WEIGHTS = {2: 2 / 3, 3: 4 / 3}
"""Weight of each n in the published fluency score; the mean over both follows."""


def entropy_bits(items: Iterable[Hashable]) -> float:
    """Shannon entropy of the frequencies of `items`, in bits; 0 where there are none.

    >>> entropy_bits("aabb")
    1.0
    """
    counts = Counter(items)
    total = counts.total()
    return fsum(-n / total * log2(n / total) for n in counts.values()) + 0.0


def ngram_entropy(text: str, n: int, tokeniser: Tokeniser = DEFAULT_TOKENISER) -> float:
    """Entropy of the n-grams of the words of a text, in bits."""
    words = split_words(text, tokeniser)
    return entropy_bits(zip(*(words[i:] for i in range(n)), strict=False))


def fluency(text: str, tokeniser: Tokeniser = DEFAULT_TOKENISER) -> float:
    """The published weighted n-gram entropy of one text: H₂/3 + 2·H₃/3, in bits."""
    parts = [w * ngram_entropy(text, n, tokeniser) for n, w in NGRAM_WEIGHTS.items()]
    return sum(parts) / len(parts)


def mean_fluency(texts: Sequence[str], tokeniser: Tokeniser = DEFAULT_TOKENISER) -> float:
    """GE: mean of `fluency` over texts, in bits; tables show it times 100.

    Raises:
        ValueError: There are no texts.
    """
    if not texts:
        raise ValueError("no texts")
    return fsum(fluency(text, tokeniser) for text in texts) / len(texts)


def generation_entropy(texts: Iterable[str]) -> float:
    """Normalised entropy of the words of some texts: H₁ / log₂(number of distinct words).

    1 where every word is new, near 0 where one repeats: how rebuilding-rome shows a model that an
    edit has disabled. Words are lower case, cut at blanks, full stops removed. A text of one
    distinct word gives 0 (the published code divides by zero there).

    >>> generation_entropy(["a b a b"])
    1.0
    >>> generation_entropy(["no no no"])
    0.0
    """
    words = [word for text in texts for word in text.lower().replace(".", "").split(" ")]
    distinct = len(set(words))
    return entropy_bits(words) / log2(distinct) if distinct > 1 else 0.0
