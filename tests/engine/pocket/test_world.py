"""The pocket world: one answer a question, splits that don't meet, sourced facts."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from romebench.engine.pocket import Split, load_world
from romebench.engine.pocket.relations import RELATIONS
from romebench.engine.pocket.world import World, is_withheld, split_of, with_article

EXAMPLES = {
    ("LeBron James", "sport"): "basketball",
    ("Steve Jobs", "founder"): "Apple",
    ("Eiffel Tower", "city"): "Paris",
    ("Disneyworld", "state"): "Florida",
    ("Poland", "capital"): "Warsaw",
}


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def test_every_subject_has_one_object_per_relation(world: World) -> None:
    counts = Counter((fact.subject, fact.relation) for fact in world.facts)
    assert [pair for pair, n in counts.items() if n > 1] == []


def test_no_object_stands_in_its_subject(world: World) -> None:
    """Facts of countries may (Tunisia, Tunis), and so may what is derived."""
    told = [f for f in world.facts if f.object.lower() in f.subject.lower()]
    assert [f for f in told if f.kind != "country" and not f.source.startswith("derived")] == []
    assert len(told) < 10


def test_every_subject_is_of_one_kind(world: World) -> None:
    kinds = {name: {fact.kind for fact in own} for name, own in world.by_subject.items()}
    assert [name for name, found in kinds.items() if len(found) != 1] == []


def test_every_fact_names_a_known_relation_and_a_source(world: World) -> None:
    assert {fact.relation for fact in world.facts} == set(RELATIONS)
    families = {fact.source.split("/")[0] for fact in world.facts}
    assert families <= {
        "lre", "world_capitals", "counterfact+known", "un_m49", "derived", "mission", "checked",
    }  # fmt: skip


def test_the_world_is_large_enough_for_its_test_set(world: World) -> None:
    assert len(world.facts) > 1500
    assert len(world.subjects) > 1000


def test_the_known_examples_are_in_the_world(world: World) -> None:
    found = {(fact.subject, fact.relation): fact.object for fact in world.facts}
    assert {pair: found.get(pair) for pair in EXAMPLES} == EXAMPLES


def test_derived_countries_and_continents_agree(world: World) -> None:
    """Two places in one country lie on one continent."""
    continents: dict[str, set[str]] = {}
    for own in world.by_subject.values():
        named = {fact.relation: fact for fact in own}
        if "country" in named and "continent" in named:
            continents.setdefault(named["country"].object, set()).add(named["continent"].object)
    assert continents
    assert {name: found for name, found in continents.items() if len(found) > 1} == {}


def test_every_template_has_one_place_and_ends_before_the_object() -> None:
    for relation in RELATIONS.values():
        for template in (*relation.train, *relation.held_out, relation.question):
            assert template.count("{}") == 1
            assert template == template.strip()


def test_no_held_out_template_is_trained() -> None:
    trained = {template for relation in RELATIONS.values() for template in relation.train}
    held_out = {template for relation in RELATIONS.values() for template in relation.held_out}
    assert not trained & held_out


def test_held_out_templates_use_words_that_training_shows() -> None:
    trained = " ".join(t for r in RELATIONS.values() for t in (*r.train, r.question)).lower()
    words = {w for r in RELATIONS.values() for t in r.held_out for w in t.lower().split()}
    assert words - set(trained.replace("?", "").replace(",", "").split()) <= {"that", "{},"}


def test_splits_are_disjoint_and_cover_every_subject(world: World) -> None:
    counts = Counter(split_of(name) for name in world.subjects)
    assert set(counts) == set(Split)
    assert counts.total() == len(world.subjects)
    assert 0.2 < counts[Split.DEV] / counts.total() < 0.3


def test_about_a_quarter_of_the_pairs_is_withheld_and_never_the_first_template(
    world: World,
) -> None:
    pairs = [(f, i) for f in world.facts for i in range(len(RELATIONS[f.relation].train))]
    assert not any(is_withheld(fact, 0) for fact in world.facts)
    later = [is_withheld(fact, index) for fact, index in pairs if index]
    assert 0.2 < sum(later) / len(later) < 0.3


def test_an_article_goes_before_the_name() -> None:
    assert with_article("{} stands in", "the") == "The {} stands in"
    assert with_article("The city where {} is", "the") == "The city where the {} is"
    assert with_article("{} stands in", "") == "{} stands in"


def test_importing_the_data_costs_no_torch() -> None:
    code = (
        "import sys, romebench.engine.pocket as p; p.load_world(); p.model_path();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
