"""Documents of the pocket corpus, drawn from a world by a seed.

Owns how facts become English: passages about one subject, mixed facts, little
stories and question lists, each remembering where its subjects and objects
stand.  Knows no tokenizer and no model.

Passages and stories put other sentences between a subject and the question
about it, so that the model gains from knowing the subject early.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .relations import RELATIONS
from .world import Fact, World, is_withheld, relation_of, with_article

#: How often each subject of the mission's examples is drawn, relative to others.
EXAMPLE_WEIGHT = 4
ARTICLE_SHARE = 0.6

_LEADS = (
    "Everyone agrees that",
    "It is well known that",
    "The guide says that",
    "Last week we read that",
    "As the teacher said,",
    "In short,",
    "Of course,",
    "According to the book,",
    "Today the paper wrote that",
    "For example,",
    "Therefore",
    "Because of this we know that",
)
_TAILS = (
    ", as every guide says",
    ", and nobody doubts it",
    ", according to the book",
    " today",
    ", as the teacher said",
)
_FILLERS = (
    "The weather was mild and the streets were quiet.",
    "I read this in the morning paper.",
    "You can look it up in any library.",
    "The meeting lasted two hours and ended well.",
    "Many people asked about it last year.",
    "She closed the book and made some tea.",
    "The train was late again.",
    "He wrote a long letter to a friend.",
    "A small crowd waited outside the door.",
    "They walked home before it rained.",
    "There was music in the next room.",
    "It was a cold evening in November.",
    "My notes from that day are short.",
    "The report has many pages and few pictures.",
    "We had bread and soup for lunch.",
    "This was news to most of us.",
)
_NAMES = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ida", "Jonas")
_NOUNS = {
    "athlete": "athlete",
    "musician": "musician",
    "person": "person",
    "founder": "founder",
    "place": "place",
    "landmark": "landmark",
    "company": "organisation",
    "product": "product",
    "country": "country",
}
_ABOUT = (
    "{} is a name that many people know.",
    "We spoke about {} for a while.",
    "This page is about {}.",
    "Here are some notes about {}.",
    "Many books have been written about {}.",
    "My favourite subject is {}.",
)


@dataclass(frozen=True, slots=True)
class Document:
    """One document and where its subjects and objects stand.

    Attributes:
        text: The document, without an end-of-text token.
        subjects: Character spans ``(start, stop)`` of the subjects' names.
        objects: Character spans of the objects that answer for them.
    """

    text: str
    subjects: tuple[tuple[int, int], ...]
    objects: tuple[tuple[int, int], ...]


class _Writer:
    """Collects text and the spans inside it."""

    def __init__(self) -> None:
        self.text = ""
        self.subjects: list[tuple[int, int]] = []
        self.objects: list[tuple[int, int]] = []

    def plain(self, text: str) -> None:
        self.text += text

    def subject(self, name: str) -> None:
        self.subjects.append((len(self.text), len(self.text) + len(name)))
        self.text += name

    def object(self, name: str) -> None:
        self.objects.append((len(self.text), len(self.text) + len(name)))
        self.text += name

    def template(self, template: str, name: str, *, is_subject: bool = True) -> None:
        before, after = template.split("{}")
        self.plain(before)
        if is_subject:
            self.subject(name)
        else:
            self.plain(name)
        self.plain(after)

    def document(self) -> Document:
        return Document(self.text, tuple(self.subjects), tuple(self.objects))


class Corpus:
    """Draws documents from a world.

    Args:
        world: The facts.
        seed: Two corpora with the same world and seed give the same documents.
    """

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._rng = random.Random(seed)
        self._facts: list[Fact] = []
        for fact in world.facts:
            weight = EXAMPLE_WEIGHT if fact.source == "mission" else 1
            self._facts.extend([fact] * weight)
        self._allowed = {
            fact: tuple(
                template
                for index, template in enumerate(relation_of(fact).train)
                if not is_withheld(fact, index)
            )
            for fact in world.facts
        }

    def __iter__(self) -> Iterator[Document]:
        """An endless stream of documents."""
        writers = (self._passage, self._mixture, self._story, self._questions)
        while True:
            writer = _Writer()
            self._rng.choices(writers, (0.45, 0.35, 0.11, 0.09))[0](writer)
            yield writer.document()

    def _template(self, fact: Fact) -> str:
        template = self._rng.choice(self._allowed[fact])
        return self._article(template, fact)

    def _article(self, template: str, fact: Fact) -> str:
        wanted = fact.article and self._rng.random() < ARTICLE_SHARE
        return with_article(template, fact.article) if wanted else template

    def _fact(self, writer: _Writer, fact: Fact) -> None:
        """A sentence that states `fact` by the subject's name."""
        template = self._template(fact)
        draw = self._rng.random()
        if draw < 0.25:
            writer.plain(self._rng.choice(_LEADS) + " ")
            if not template.startswith("{}"):
                template = template[0].lower() + template[1:]
            elif template.startswith("The {}"):
                template = "the {}" + template[6:]
        writer.template(template, fact.subject)
        writer.plain(" ")
        writer.object(fact.object)
        if draw > 0.88:
            writer.plain(self._rng.choice(_TAILS))
        writer.plain(".")

    def _anaphor(self, writer: _Writer, fact: Fact) -> None:
        """A sentence that states `fact` of the subject named before."""
        template = self._rng.choice(self._allowed[fact])
        noun = f"this {_NOUNS[fact.kind]}"
        if template.startswith("{}"):
            noun = noun.capitalize()
        writer.template(template, noun, is_subject=False)
        writer.plain(" ")
        writer.object(fact.object)
        writer.plain(".")

    def _between(self, writer: _Writer) -> None:
        """A filler or a decoy about somebody else."""
        writer.plain(" ")
        if self._rng.random() < 0.75:
            writer.plain(self._rng.choice(_FILLERS))
        else:
            self._fact(writer, self._rng.choice(self._facts))

    def _passage(self, writer: _Writer) -> None:
        """Everything about one subject, with decoys, then some of it again."""
        first = self._rng.choice(self._facts)
        own = list(self._world.by_subject[first.subject])
        self._rng.shuffle(own)
        facts = own + [self._rng.choice(own) for _ in range(self._rng.randint(1, 2))]
        introduced = self._rng.random() < 0.5
        if introduced:
            about = (f"{{}} is the name of this {_NOUNS[first.kind]}.", *_ABOUT)
            writer.template(self._article(self._rng.choice(about), first), first.subject)
        for index, fact in enumerate(facts):
            if self._rng.random() < 0.3 and (index or introduced):
                self._between(writer)
            if writer.text:
                writer.plain(" ")
            if (index or introduced) and self._rng.random() < 0.3:
                self._anaphor(writer, fact)
            else:
                self._fact(writer, fact)

    def _mixture(self, writer: _Writer) -> None:
        """Unrelated facts with fillers between them."""
        for index in range(self._rng.randint(3, 7)):
            if index:
                writer.plain(" ")
            if self._rng.random() < 0.15:
                writer.plain(self._rng.choice(_FILLERS) + " ")
            self._fact(writer, self._rng.choice(self._facts))

    def _story(self, writer: _Writer) -> None:
        """Two people talk about a subject."""
        fact = self._rng.choice(self._facts)
        one, other = self._rng.sample(_NAMES, 2)
        writer.plain(f"{one} asked {other} about ")
        writer.template(self._article("{}", fact).lower() if fact.article else "{}", fact.subject)
        writer.plain(". ")
        if self._rng.random() < 0.5:
            writer.plain(self._rng.choice(_FILLERS) + " ")
        writer.plain(f'{other} said: "')
        self._fact(writer, fact)
        writer.plain('" ')
        if self._rng.random() < 0.5:
            writer.plain(f"{one} did not know that. Then {other} said: ")
            writer.plain('"')
            self._fact(writer, self._rng.choice(self._facts))
            writer.plain('"')
        else:
            writer.plain(f"{one} thanked {other} and went home.")

    def _questions(self, writer: _Writer) -> None:
        """A list of questions with answers, often of one relation."""
        first = self._rng.choice(self._facts)
        same = [fact for fact in self._facts if fact.relation == first.relation]
        pool = same if self._rng.random() < 0.5 else self._facts
        for index in range(self._rng.randint(2, 5)):
            fact = self._rng.choice(pool)
            question = self._article(RELATIONS[fact.relation].question, fact)
            writer.plain("\n" if index else "")
            writer.plain("Question: ")
            writer.template(question, fact.subject)
            writer.plain(" Answer: ")
            writer.object(fact.object)
            writer.plain(".")
