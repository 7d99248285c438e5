"""The training command trains, resumes to the same losses, and masks names as it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from romebench.engine.pocket.tokenizer import split_objects, train_tokenizer
from romebench.engine.pocket.train import Recipe, Trainer
from romebench.engine.pocket.windows import attention_mask, build_stream
from romebench.engine.pocket.world import World, load_world

TINY = Recipe(
    steps=16,
    batch=4,
    length=64,
    documents=200,
    width=32,
    layers=1,
    heads=2,
    warmup=2,
    bfloat16=False,
)


@pytest.fixture(scope="module")
def small_world() -> World:
    facts = load_world().facts
    return World.from_facts([fact for fact in facts if fact.relation == "sport"][:40])


def test_training_lowers_the_loss_and_resumes_to_the_same_losses(
    small_world: World, tmp_path: Path
) -> None:
    whole = Trainer(TINY, small_world, tmp_path / "whole").run(16)
    assert sum(whole[-4:]) < 0.9 * sum(whole[:4])

    first = Trainer(TINY, small_world, tmp_path / "parts")
    begun = first.run(9)
    first.save_checkpoint()
    second = Trainer(TINY, small_world, tmp_path / "parts")
    second.load_checkpoint()
    assert second.step == 9
    assert [*begun, *second.run(16)] == pytest.approx(whole, abs=1e-6)


def test_a_checkpoint_of_another_recipe_is_refused(small_world: World, tmp_path: Path) -> None:
    trainer = Trainer(TINY, small_world, tmp_path)
    trainer.save_checkpoint()
    other = Trainer(replace(TINY, seed=1), small_world, tmp_path)
    with pytest.raises(ValueError, match="another recipe"):
        other.load_checkpoint()


def test_a_saved_model_loads_by_from_pretrained(small_world: World, tmp_path: Path) -> None:
    trainer = Trainer(TINY, small_world, tmp_path)
    trainer.save_model(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    text = "LeBron James plays the sport of basketball"
    assert tokenizer(text)["input_ids"] == trainer.tokenizer(text)["input_ids"]
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    with torch.no_grad():
        gap = (model(ids).logits - trainer.model.eval()(ids).logits).abs().max()
    assert float(gap) < 0.05  # fp16 on disk


def test_the_tokenizer_keeps_objects_whole_and_text_intact(small_world: World) -> None:
    tokenizer = train_tokenizer(small_world, seed=0, vocabulary=600)
    assert split_objects(tokenizer, small_world) == ()
    text = 'Question: "Jiří Šlégr"\n Malmö, 東京?'
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_a_name_is_hidden_behind_its_last_token() -> None:
    # Tokens: 0, a name at 1..3, then 4 and 5.
    reach = np.array([[0, 2, 1, 0, 0, 0]])
    mask = attention_mask(reach)[0, 0].tolist()
    assert mask[3] == [True, True, True, True, False, False]
    assert mask[4] == [True, False, False, True, True, False]
    assert mask[5] == [True, False, False, True, True, True]


def test_the_stream_marks_names_up_to_their_last_token(small_world: World) -> None:
    tokenizer = train_tokenizer(small_world, seed=0, vocabulary=600)
    stream = build_stream(small_world, tokenizer, seed=2, documents=60)
    ends = np.flatnonzero((stream.reach[:-1] == 1) & (stream.reach[1:] == 0)) + 1
    assert len(ends) > 30
    spelled = {name: tokenizer(f" {name}")["input_ids"][-1] for name in small_world.subjects}
    assert {int(stream.tokens[at]) for at in ends} <= set(spelled.values())
    assert np.all(stream.tokens[stream.starts[1:] - 1] == tokenizer.eos_token_id)
