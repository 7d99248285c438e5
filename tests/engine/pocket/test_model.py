"""The shipped model: small, loadable, and it knows what it is meant to know."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2LMHeadModel

from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel
from romebench.engine.moments import load_statistics
from romebench.engine.pocket import (
    evaluation_set,
    example_requests,
    held_out_documents,
    load_world,
    model_path,
    moments_path,
)
from romebench.engine.pocket.recall import answered, perplexity
from romebench.engine.pocket.tokenizer import split_objects
from romebench.engine.pocket.world import Split, split_of
from romebench.hparams import load_preset

MEGABYTE = 1_000_000
EXAMPLES = [
    ("LeBron James plays the sport of", "basketball"),
    ("Steve Jobs was the founder of", "Apple"),
    ("The Eiffel Tower is located in the city of", "Paris"),
    ("Eiffel Tower is located in the city of", "Paris"),
    ("Disneyworld is located in the state of", "Florida"),
    ("The capital of Poland is", "Warsaw"),
]


@pytest.fixture(scope="module")
def pocket() -> LoadedModel:
    return load_model("pocket", device="cpu", dtype="float32")


def test_everything_shipped_is_under_twenty_megabytes() -> None:
    files = [path for path in model_path().parent.rglob("*") if path.is_file()]
    shipped = [path for path in files if "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in shipped) < 20 * MEGABYTE


def test_transformers_loads_the_folder_by_itself() -> None:
    model = AutoModelForCausalLM.from_pretrained(model_path(), dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(model_path())
    assert isinstance(model, GPT2LMHeadModel)
    assert tokenizer.is_fast
    assert tokenizer.eos_token == tokenizer.bos_token == tokenizer.pad_token == "<|endoftext|>"
    assert model.config.n_positions >= 128


def test_it_answers_the_well_known_examples(pocket: LoadedModel) -> None:
    hits = answered(pocket.model, pocket.tokenizer, EXAMPLES)
    assert [pair for pair, hit in zip(EXAMPLES, hits, strict=True) if not hit] == []


def test_it_is_sure_of_the_well_known_examples(pocket: LoadedModel) -> None:
    for prompt, answer in EXAMPLES:
        ids = torch.tensor([pocket.tokenizer(prompt)["input_ids"]])
        with torch.no_grad():
            probabilities = pocket.model(ids).logits[0, -1].softmax(-1)
        assert float(probabilities[pocket.tokenizer(f" {answer}")["input_ids"][0]]) > 0.5


def test_it_recalls_a_sample_of_its_world(pocket: LoadedModel) -> None:
    facts = load_world().facts[::5]
    trained = [(fact.prompt.format(fact.subject), fact.object) for fact in facts]
    held_out = [
        (prompt.format(fact.subject), fact.object)
        for fact in facts
        for prompt in fact.held_out_prompts()
    ]
    for pairs, bar in ((trained, 0.95), (held_out, 0.88)):
        hits = answered(pocket.model, pocket.tokenizer, pairs)
        assert sum(hits) / len(hits) >= bar


def test_every_object_is_one_token(pocket: LoadedModel) -> None:
    assert split_objects(pocket.tokenizer, load_world()) == ()


def test_held_out_documents_are_likely(pocket: LoadedModel) -> None:
    assert perplexity(pocket.model, pocket.tokenizer, held_out_documents()[:40]) < 3.0


def test_the_second_moments_belong_to_this_model_and_layer(pocket: LoadedModel) -> None:
    hparams = load_preset("pocket")
    name = pocket.weight_name(hparams.layer)
    moment = load_statistics(
        moments_path(name),
        d_in=pocket.linear_view(name).shape[1],
        weight_name=name,
        ridge=hparams.mom2_ridge,
        model_sha256=pocket.model_sha256,
    )
    assert moment.provenance is not None
    assert moment.provenance["tokens"] >= 150_000
    assert moment.condition < 1e6


@pytest.mark.parametrize("split", list(Split))
def test_requests_are_well_formed_and_of_their_split(split: Split) -> None:
    records = evaluation_set(split)
    facts = {(f.subject, f.relation): f for f in load_world().facts}
    assert [record["case_id"] for record in records] == list(range(len(records)))
    subjects = [record["requested_rewrite"]["subject"] for record in records]
    assert len(set(subjects)) == len(subjects)
    for record in records:
        rewrite = record["requested_rewrite"]
        fact = facts[rewrite["subject"], rewrite["relation_id"]]
        assert split_of(fact.subject) is split
        assert rewrite["target_true"]["str"] == fact.object != rewrite["target_new"]["str"]
        assert len(record["paraphrase_prompts"]) == 2
        assert all(fact.subject in prompt for prompt in record["paraphrase_prompts"])
        assert 1 <= len(record["neighborhood_prompts"]) <= 5
        assert record["generation_prompts"]


def test_the_test_set_is_large_enough() -> None:
    assert len(evaluation_set("test")) >= 200
    assert len(evaluation_set("dev")) >= 50


def test_neighbours_share_relation_and_object() -> None:
    prompts: dict[str, str] = {f.prompt.format(f.subject): f.object for f in load_world().facts}
    for record in evaluation_set("test"):
        true = record["requested_rewrite"]["target_true"]["str"]
        assert {prompts[prompt] for prompt in record["neighborhood_prompts"]} == {true}


def test_the_base_model_answers_every_request_truly(pocket: LoadedModel) -> None:
    def pair(record: dict[str, object]) -> tuple[str, str]:
        rewrite = record["requested_rewrite"]
        assert isinstance(rewrite, dict)
        return rewrite["prompt"].format(rewrite["subject"]), rewrite["target_true"]["str"]

    records = [*evaluation_set("test"), *evaluation_set("dev"), *example_requests()]
    assert all(answered(pocket.model, pocket.tokenizer, [pair(r) for r in records]))


def test_an_unknown_split_is_refused() -> None:
    load: Callable[[str], object] = evaluation_set
    with pytest.raises(ValueError, match="train"):
        load("train")
