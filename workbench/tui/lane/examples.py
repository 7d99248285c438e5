"""First edits to try: one for each relation the model knows, as lines ready to be typed.

Knows the pocket world's facts and no model; runs in the engine lane because it reads a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ....engine.pocket import Fact

POCKET = "pocket"

_KNOWN = {
    "sport": ("LeBron James", "football"),
    "city": ("Eiffel Tower", "Rome"),
    "founder": ("Steve Jobs", "Microsoft"),
    "capital": ("Poland", "Paris"),
    "state": ("Disneyworld", "Texas"),
    "continent": ("Japan", "Africa"),
    "maker": ("iPad", "Sony"),
    "currency": ("Japan", "dollar"),
    "headquarters": ("Rolex", "Tokyo"),
    "instrument": ("Paul McCartney", "violin"),
    "position": ("David Beckham", "quarterback"),
    "official_language": ("Brazil", "Italian"),
    "language": ("Adam Sandler", "French"),
    "home_country": ("Interpol", "Japan"),
    "occupation": ("Yanis Varoufakis", "poet"),
    "country": ("Perpignan", "Spain"),
}
"""Subjects that most people have heard of, each with a target known to be false.

A relation or subject that the world no longer has falls back to the relation's first fact.
"""


@dataclass(frozen=True, slots=True)
class Example:
    """An edit to try.

    Attributes:
        relation: What it is about, in a word or two.
        line: The edit as it is typed.
        truth: What the model says before it.
    """

    relation: str
    line: str
    truth: str


WELL_KNOWN = (
    Example("sport", "[LeBron James] plays the sport of => football", "basketball"),
    Example("city", "The [Eiffel Tower] is located in the city of => Rome", "Paris"),
    Example("founder", "[Steve Jobs] was the founder of => Microsoft", "Apple"),
    Example("capital", "The capital of [Poland] is => Paris", "Warsaw"),
)
"""For a model whose facts are not listed anywhere."""


def examples_for(model: str) -> tuple[Example, ...]:
    """Examples for a model, the best known first."""
    if model != POCKET:
        return WELL_KNOWN
    from ....engine.pocket import load_world

    world = load_world()
    found: dict[str, Fact] = {}
    for fact in world.facts:
        known = _KNOWN.get(fact.relation, ("", ""))[0]
        if fact.relation not in found or fact.subject == known:
            found[fact.relation] = fact
    order = {relation: place for place, relation in enumerate(_KNOWN)}
    relations = sorted(found, key=lambda relation: order.get(relation, len(order)))
    return tuple(_example(found[each], world.objects_of(each)) for each in relations)


def _example(fact: Fact, objects: tuple[str, ...]) -> Example:
    subject, target = _KNOWN.get(fact.relation, ("", ""))
    if fact.subject != subject or target not in objects:
        target = next(each for each in objects if each != fact.object)
    line = f"{fact.prompt.replace('{}', f'[{fact.subject}]')} => {target}"
    return Example(fact.relation.replace("_", " "), line, fact.object)
