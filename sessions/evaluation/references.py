"""Reference texts of the consistency and essence scores, and where they came from.

CounterFact's are Wikipedia snippets about subjects that have the new target under the relation
(`attribute_snippets.json`). Knows no model.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...engine.metrics.tfidf import TfidfTable
from ...engine.texts import open_texts
from ...errors import FileFormatError
from ...store.records import Json
from .cases import POCKET_DATA

Snippet = tuple[str, str]
"""A subject's name and a text about it."""


@dataclass(frozen=True, slots=True)
class References:
    """Texts by relation and target, and the table they are compared with.

    Attributes:
        snippets: By (relation id, target id; the target's text where it has no id).
        table: Word weights.
        source: Where the snippets came from.
        weights: Where the table came from; None where it was fitted to the snippets.
    """

    snippets: Mapping[tuple[str, str], tuple[Snippet, ...]]
    table: TfidfTable
    source: str
    weights: str | None = None

    def texts(self, rewrite: Json) -> tuple[Snippet, ...]:
        """The snippets of a record's relation and new target; none where none are known."""
        new = rewrite.get("target_new")
        if not isinstance(new, Mapping):
            return ()
        relation = str(rewrite.get("relation_id"))
        by_id = self.snippets.get((relation, str(new.get("id"))), ())
        return by_id or self.snippets.get((relation, str(new.get("str"))), ())

    def to_json(self) -> Json:
        """What a report says of them."""
        own = {} if self.weights is None else {"weights": self.weights}
        return {"snippets": self.source, "tfidf": self.table.provenance, **own}


def read_references(snippets: str, table: str | None = None) -> References:
    """References from a file in the form of `attribute_snippets.json`, or the embedded world's.

    Args:
        snippets: The file; "pocket" for what the embedded world says of each subject.
        table: A folder with `idf.npy` and `tfidf_vocab.json`, or a file of texts to fit a table to
            (plain text, JSON or JSONL with "text"); None to fit one to the snippets.

    Raises:
        FileFormatError: A file can't be read or isn't what it should be.
        UsageError: scikit-learn isn't installed.
    """
    known = _pocket() if snippets == POCKET_DATA else _read(Path(snippets).expanduser())
    if table is not None:
        return References(known, _table(Path(table).expanduser()), snippets, table)
    documents = [text for group in known.values() for _, text in group]
    return References(known, TfidfTable.fitted(documents, f"the snippets of {snippets}"), snippets)


def _table(path: Path) -> TfidfTable:
    """A published table, or one fitted to a corpus."""
    if path.is_dir():
        return TfidfTable.read(path)
    if not path.is_file():
        raise FileFormatError(f"{path}: no such file", "name a file of texts, or a table's folder")
    corpus = open_texts(str(path))
    return TfidfTable.fitted(list(corpus.documents()), f"the corpus {corpus.name}")


def _read(path: Path) -> dict[tuple[str, str], tuple[Snippet, ...]]:
    found: dict[tuple[str, str], list[Snippet]] = defaultdict(list)
    try:
        for entry in json.loads(path.read_text(encoding="utf-8")):
            key = (str(entry["relation_id"]), str(entry["target_id"]))
            found[key] += [(str(each["name"]), str(each["text"])) for each in entry["samples"]]
    except OSError as error:
        raise FileFormatError(f"{path}: {error.strerror or error}", "name a file") from None
    except (ValueError, KeyError, TypeError) as error:
        raise FileFormatError(
            f"{path}: not attribute snippets ({type(error).__name__} {error})",
            "a list of objects with relation_id, target_id and samples of name and text",
        ) from None
    return {key: tuple(group) for key, group in found.items()}


def _pocket() -> dict[tuple[str, str], tuple[Snippet, ...]]:
    """For each relation and object, all that the world says of each subject that has it."""
    from ...engine.pocket import load_world

    world = load_world()
    about = {
        name: " ".join(f"{fact.prompt.format(name)} {fact.object}." for fact in facts)
        for name, facts in world.by_subject.items()
    }
    found: dict[tuple[str, str], list[Snippet]] = defaultdict(list)
    for fact in world.facts:
        found[fact.relation, fact.object].append((fact.subject, about[fact.subject]))
    return {key: tuple(group) for key, group in found.items()}
