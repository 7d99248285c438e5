"""The pocket evaluation set: requests in CounterFact's format.

Owns which facts become requests, what each is changed to, and the prompts that
measure it.  Only facts that the model answers right become requests.  Knows no
model: it is told which facts are recalled.

Beside CounterFact's keys each record has ``subject_facts``: the other facts of
the same subject, which an edit should leave alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from .world import Fact, Split, World, split_of, stable_number

NEIGHBOURS = 5
ATTRIBUTES = 5
#: Requests per relation, so that no relation makes up the set.
PER_RELATION = {Split.DEV: 10, Split.TEST: 32}
#: The requests a newcomer meets first: subject, relation and the new object.
EXAMPLES = (
    ("LeBron James", "sport", "football"),
    ("Steve Jobs", "founder", "Microsoft"),
    ("Eiffel Tower", "city", "Rome"),
    ("Disneyworld", "state", "California"),
    ("Poland", "capital", "Paris"),
)
_FILLERS = (
    "The report has many pages and few pictures.",
    "It was a cold evening in November.",
    "There was music in the next room.",
    "The train was late again.",
)
_OPENINGS = (
    "{} is a name that many people know.",
    "Here are some notes about {}.",
    "Anna asked Ben about {}.",
)


def build_records(world: World, recalled: Collection[Fact], split: Split) -> list[dict[str, Any]]:
    """All requests of a split, at most one a subject.

    Args:
        world: The facts.
        recalled: Facts that the unedited model answers right at the request prompt.
        split: Which part to build.
    """
    known = frozenset(recalled)
    subjects = [name for name in world.subjects if split_of(name) is split]
    subjects.sort(key=lambda name: stable_number("order", name))
    used: Counter[str] = Counter()
    records: list[dict[str, Any]] = []
    for name in subjects:
        own = [fact for fact in world.by_subject[name] if fact in known]
        own = [f for f in own if _neighbours(world, f, known) and _others(world, f)]
        own = [fact for fact in own if used[fact.relation] < PER_RELATION[split]]
        if own:
            fact = min(own, key=lambda f: (used[f.relation], f.relation))
            used[fact.relation] += 1
            records.append(_record(world, fact, _new_object(world, fact), known, len(records)))
    return records


def build_examples(world: World, recalled: Collection[Fact]) -> list[dict[str, Any]]:
    """The requests a newcomer meets first."""
    known = frozenset(recalled)
    records: list[dict[str, Any]] = []
    for name, relation, new in EXAMPLES:
        fact = next(f for f in world.by_subject[name] if f.relation == relation)
        records.append(_record(world, fact, new, known, len(records)))
    return records


def _others(world: World, fact: Fact) -> list[str]:
    """Objects that a request can be changed to: true of two subjects at least."""
    counts = Counter(other.object for other in world.facts if other.relation == fact.relation)
    return sorted(name for name, n in counts.items() if n > 1 and name != fact.object)


def _new_object(world: World, fact: Fact) -> str:
    others = _others(world, fact)
    return others[stable_number("target", fact.subject, fact.relation) % len(others)]


def _neighbours(world: World, fact: Fact, known: Collection[Fact]) -> list[Fact]:
    """Recalled facts with the same relation and object, in an order of their own."""
    found = [other for other in world.neighbours(fact) if other in known]
    return sorted(found, key=lambda f: stable_number("near", fact.subject, f.subject))


def _text(fact: Fact, template: str) -> str:
    return template.format(fact.subject)


def _record(
    world: World, fact: Fact, new: str, known: Collection[Fact], number: int
) -> dict[str, Any]:
    first, second = (_text(fact, prompt) for prompt in fact.held_out_prompts())
    filler = _FILLERS[stable_number("filler", fact.subject) % len(_FILLERS)]
    attributes = [
        other for other in world.facts if other.relation == fact.relation and other.object == new
    ]
    attributes.sort(key=lambda f: stable_number("attribute", fact.subject, f.subject))
    return {
        "case_id": number,
        "requested_rewrite": {
            "prompt": fact.prompt,
            "relation_id": fact.relation,
            "subject": fact.subject,
            "target_new": {"str": new},
            "target_true": {"str": fact.object},
        },
        "paraphrase_prompts": [first, f"{filler} {second}"],
        "neighborhood_prompts": [
            _text(other, other.prompt) for other in _neighbours(world, fact, known)[:NEIGHBOURS]
        ],
        "attribute_prompts": [_text(other, other.prompt) for other in attributes[:ATTRIBUTES]],
        "generation_prompts": [opening.format(fact.subject) for opening in _OPENINGS],
        "subject_facts": [
            {"prompt": _text(other, other.prompt), "target": other.object}
            for other in world.siblings(fact)
            if other in known
        ],
    }
