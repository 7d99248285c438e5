"""Consistency (RS): cosine of tf-idf vectors of what was written and of reference texts.

The table is scikit-learn's unigram `TfidfVectorizer`, fitted on a corpus that the caller names;
the published one (`idf.npy`, `tfidf_vocab.json`, made from Wikipedia snippets) can be read too.
scikit-learn is imported when a table is made. Source: kmeng01/rome `dsets/tfidf_stats.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import FileFormatError, UsageError


@dataclass(frozen=True, eq=False)
class TfidfTable:
    """Word weights of a corpus.

    Attributes:
        vectorizer: A fitted scikit-learn vectorizer.
        provenance: What it was made from: source, documents, words, sha256 of the table.
    """

    vectorizer: Any
    provenance: dict[str, Any]

    @classmethod
    def fitted(cls, documents: Sequence[str], source: str) -> TfidfTable:
        """A table of a corpus.

        Args:
            source: What the corpus is called in reports.

        Raises:
            UsageError: scikit-learn isn't installed, or the corpus has no word.
        """
        vectorizer = _vectorizer_class()()
        try:
            vectorizer.fit(documents)
        except ValueError as error:
            raise UsageError(f"no tf-idf table from {source}: {error}", "give texts") from None
        return cls(vectorizer, _provenance(vectorizer, source, len(documents)))

    @classmethod
    def read(cls, folder: Path) -> TfidfTable:
        """The published table: `idf.npy` and `tfidf_vocab.json` in a folder.

        Raises:
            FileFormatError: They can't be read, or don't fit each other.
            UsageError: scikit-learn isn't installed.
        """
        vectorizer = _vectorizer_class()()
        try:
            idf = np.load(folder / "idf.npy", allow_pickle=False)
            vocabulary = json.loads((folder / "tfidf_vocab.json").read_text(encoding="utf-8"))
            vectorizer.vocabulary_ = {str(word): int(i) for word, i in vocabulary.items()}
            vectorizer.fixed_vocabulary_ = True
            vectorizer.vocabulary = vectorizer.vocabulary_
            vectorizer.idf_ = idf
        except (OSError, ValueError, AttributeError) as error:
            raise FileFormatError(f"{folder}: no tf-idf table ({error})", _FORM) from None
        return cls(vectorizer, _provenance(vectorizer, str(folder), None))

    def similarity(self, text: str, reference: str) -> float:
        """Cosine of two texts' vectors, 0 to 1; 0 where one has no word of the table (the
        published code gives NaN there)."""
        a, b = self.vectorizer.transform([text, reference]).toarray()
        norms = float(np.linalg.norm(a) * np.linalg.norm(b))
        return float(np.dot(a, b)) / norms if norms else 0.0


_FORM = "a table is a folder with idf.npy and tfidf_vocab.json; or give a corpus of texts"


def _vectorizer_class() -> Any:
    try:
        from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]
            TfidfVectorizer,
        )
    except ImportError:
        raise UsageError(
            "consistency needs scikit-learn", "pip install 'romebench[eval]'"
        ) from None
    return TfidfVectorizer


def _provenance(vectorizer: Any, source: str, documents: int | None) -> dict[str, Any]:
    digest = hashlib.sha256()
    for word, i in sorted(vectorizer.vocabulary_.items()):
        digest.update(f"{word} {vectorizer.idf_[i]:.12g}\n".encode())
    return {
        "source": source,
        "documents": documents,
        "words": len(vectorizer.vocabulary_),
        "sha256": digest.hexdigest(),
    }
