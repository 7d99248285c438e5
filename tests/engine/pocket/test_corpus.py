"""Documents and tokenizer: seeded, spans where they say, objects whole."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest

from romebench.engine.pocket import held_out_documents, load_world
from romebench.engine.pocket.corpus import Corpus, Document
from romebench.engine.pocket.relations import RELATIONS
from romebench.engine.pocket.world import World, is_withheld


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def drawn(world: World, seed: int, count: int = 400) -> list[Document]:
    return list(islice(iter(Corpus(world, seed)), count))


def test_a_seed_gives_the_same_documents(world: World) -> None:
    assert drawn(world, 3) == drawn(world, 3)
    assert drawn(world, 3) != drawn(world, 4)


def test_spans_hold_subjects_and_objects(world: World) -> None:
    subjects, objects = set(world.subjects), set(world.objects)
    for document in drawn(world, 5):
        assert document.subjects
        assert {document.text[a:b] for a, b in document.subjects} <= subjects
        assert {document.text[a:b] for a, b in document.objects} <= objects


def test_spans_are_in_order_and_apart(world: World) -> None:
    for document in drawn(world, 6):
        for spans in (document.subjects, document.objects):
            assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_withheld_pairs_and_held_out_templates_never_appear(world: World) -> None:
    text = "\n".join(document.text for document in drawn(world, 7, 3000)).lower()
    for fact in world.facts:
        relation = RELATIONS[fact.relation]
        hidden = [t for i, t in enumerate(relation.train) if is_withheld(fact, i)]
        for template in (*hidden, *relation.held_out):
            sentence = f"{template.format(fact.subject)} {fact.object}.".lower()
            assert sentence not in text


def test_held_out_documents_are_not_those_of_training(world: World) -> None:
    held_out = held_out_documents()
    assert len(held_out) >= 200
    trained = {document.text for document in drawn(world, 10, 20_000)}
    shared = [text for text in held_out if text in trained]
    # A short document can be drawn twice by chance; a leak would share nearly all.
    assert len(shared) < 0.05 * len(held_out)
