"""The pocket world: its facts, who they are about, and the published splits.

Owns loading and querying `data/facts.jsonl`.  Imports no torch: front ends may
list facts without paying for a model.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files

from .relations import RELATIONS, Relation

#: One in this many (subject, template) pairs is kept from training.
WITHHELD_ONE_IN = 4


class Split(StrEnum):
    """Which published part a subject's requests belong to."""

    DEV = "dev"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Fact:
    """One subject, one relation, one object, and where it was read.

    Attributes:
        subject: Name as written, without an article.
        relation: Key of `RELATIONS`.
        object: The one right continuation, without a leading space.
        kind: What the subject is (``athlete``, ``country`` …).
        source: Where the fact comes from; the data README explains the names.
        article: ``"the"`` where English wants one before the name, else empty.
    """

    subject: str
    relation: str
    object: str
    kind: str
    source: str
    article: str = ""

    @property
    def prompt(self) -> str:
        """The request prompt with ``{}`` for the subject, its article included."""
        return with_article(RELATIONS[self.relation].prompt, self.article)

    def held_out_prompts(self) -> tuple[str, str]:
        """The two paraphrase templates, with the article where one is needed."""
        first, second = RELATIONS[self.relation].held_out
        return with_article(first, self.article), with_article(second, self.article)


@dataclass(frozen=True, slots=True)
class World:
    """All facts, with the look-ups the corpus and the evaluation need."""

    facts: tuple[Fact, ...]
    by_subject: Mapping[str, tuple[Fact, ...]] = field(repr=False)

    @classmethod
    def from_facts(cls, facts: Iterable[Fact]) -> World:
        """Index `facts`; the order of subjects is that of first appearance."""
        listed = tuple(facts)
        grouped: dict[str, list[Fact]] = defaultdict(list)
        for fact in listed:
            grouped[fact.subject].append(fact)
        return cls(listed, {name: tuple(own) for name, own in grouped.items()})

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every subject, in order of first appearance."""
        return tuple(self.by_subject)

    @property
    def objects(self) -> tuple[str, ...]:
        """Every object, sorted."""
        return tuple(sorted({fact.object for fact in self.facts}))

    def objects_of(self, relation: str) -> tuple[str, ...]:
        """Every object that occurs under `relation`, sorted."""
        return tuple(sorted({f.object for f in self.facts if f.relation == relation}))

    def neighbours(self, fact: Fact) -> tuple[Fact, ...]:
        """Facts of other subjects with the same relation and the same object."""
        return tuple(
            other
            for other in self.facts
            if other.relation == fact.relation
            and other.object == fact.object
            and other.subject != fact.subject
        )

    def siblings(self, fact: Fact) -> tuple[Fact, ...]:
        """The other facts of the same subject."""
        own = self.by_subject[fact.subject]
        return tuple(other for other in own if other.relation != fact.relation)


def with_article(template: str, article: str) -> str:
    """Put `article` before the ``{}`` of `template`, capitalised at the start."""
    if not article:
        return template
    word = article.capitalize() if template.startswith("{}") else article
    return template.replace("{}", f"{word} {{}}", 1)


def load_world() -> World:
    """Read the facts that ship with the package."""
    text = files(__package__).joinpath("data", "facts.jsonl").read_text(encoding="utf-8")
    return World.from_facts(Fact(**json.loads(line)) for line in text.splitlines())


def relation_of(fact: Fact) -> Relation:
    """The wordings of a fact's relation."""
    return RELATIONS[fact.relation]


def stable_number(*parts: str) -> int:
    """A number that depends on `parts` alone, the same on every machine."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def is_withheld(fact: Fact, template: int) -> bool:
    """Whether training never shows this fact in this training template.

    The first template is never withheld, so that every fact is shown at all.
    """
    if template == 0:
        return False
    return stable_number(fact.subject, fact.relation, str(template)) % WITHHELD_ONE_IN == 0


def split_of(subject: str) -> Split:
    """A quarter of the subjects form the development set, the rest the test set."""
    return Split.DEV if stable_number("split", subject) % 4 == 0 else Split.TEST
