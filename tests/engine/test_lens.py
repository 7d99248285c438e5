"""The logit lens agrees with the published code and with the model's own answer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from romebench.engine.lens import compare, lens, lens_from_json, prompt_ids, settles
from romebench.engine.model import LoadedModel
from romebench.errors import RequestError
from romebench.workbench.commands.results import plain

from .inspecting import FAMILIES, PROMPT, tiny

LoadSmall = Callable[..., LoadedModel]


@pytest.mark.parametrize(
    ("name", "dtype", "bound"),
    [
        ("gpt2", "float64", 1e-15),
        ("gptj", "float64", 1e-8),
        ("gpt2", "float32", 1e-6),
        ("gptj", "float32", 1e-6),
    ],
)
def test_agrees_with_the_published_lens(
    goldens: Path, load_small: LoadSmall, name: str, dtype: str, bound: float
) -> None:
    model = load_small(name, dtype)
    key = f"{name}.f{dtype[-2:]}"
    expected = json.loads((goldens / "other" / "other.json").read_text())[key]["logit_lens"]
    arrays = np.load(goldens / "other" / "other.npz")
    for j, case in enumerate(expected):
        found = lens(model, case["prompt"], top_k=10_000)
        for row, line in zip(found.rows, case["layers"], strict=True):
            probs = np.zeros(len(row.ids))
            probs[list(row.ids)] = row.probs
            assert np.abs(probs - arrays[f"{key}.lens{j}.layer{row.layer}"]).max() < bound
            assert list(row.ids[:5]) == line["ids"]
            assert list(row.tokens[:5]) == line["tokens"]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_last_row_is_the_models_own_answer(goldens: Path, name: str) -> None:
    model = tiny(name, goldens / "models" / "gpt2")
    found = lens(model, PROMPT, watch=["sport"], top_k=3)
    with torch.no_grad():
        logits = model.model(torch.tensor([prompt_ids(model, PROMPT)])).logits[0, -1]
    probs = logits.double().softmax(-1)
    top = probs.topk(3)
    assert found.rows[-1].ids == tuple(top.indices.tolist())
    assert found.rows[-1].probs == pytest.approx(top.values.tolist(), rel=1e-5)
    watched = found.watched_ids[0]
    assert found.rows[-1].watched_probs[0] == pytest.approx(float(probs[watched]), rel=1e-5)
    assert found.rows[-1].watched_ranks[0] == int((probs > probs[watched]).sum()) + 1
    assert found.rows[-1].entropy == pytest.approx(float(-(probs * probs.log()).sum()), rel=1e-5)


def test_any_position_reads_what_the_prompt_up_to_there_reads(tiny_gpt2: LoadedModel) -> None:
    whole = lens(tiny_gpt2, PROMPT, position=2)
    cut = lens(tiny_gpt2, "Steve Jobs was")
    assert [row.ids for row in whole.rows] == [row.ids for row in cut.rows]
    assert whole.position == 2
    assert lens(tiny_gpt2, PROMPT, position=-4).position == 2
    for beyond in (6, -7):
        with pytest.raises(RequestError, match=f"no position {beyond}: the prompt has 6 tokens"):
            lens(tiny_gpt2, PROMPT, position=beyond)
    with pytest.raises(RequestError, match="the prompt is empty"):
        lens(tiny_gpt2, "")


def test_a_comparison_marks_the_rows_that_changed(tiny_gpt2: LoadedModel) -> None:
    before = lens(tiny_gpt2, PROMPT)
    same = compare(before, before)
    assert same.changed == (False,) * 4
    assert same.flip is None
    with torch.no_grad():
        tiny_gpt2.linear_view(tiny_gpt2.weight_name(2)).add_(torch.randn(64, 256) * 3)
    changed = compare(before, lens(tiny_gpt2, PROMPT))
    assert not any(changed.changed[:2]), "nothing below the changed layer moves"
    assert changed.changed[3]
    assert changed.flip is not None
    assert changed.flip >= 2
    assert all(changed.changed[changed.flip :])


def test_settling() -> None:
    assert settles([3, 7, 5, 7, 7], 7) == 3
    assert settles([7, 7], 7) == 0
    assert settles([7, 3], 7) == 2


def test_a_lens_survives_json(tiny_gpt2: LoadedModel) -> None:
    found = lens(tiny_gpt2, PROMPT, watch=["sport"])
    assert lens_from_json(json.loads(json.dumps(plain(found)))) == found


def test_one_sure_token_has_no_entropy(tiny_gpt2: LoadedModel) -> None:
    with torch.no_grad():
        tiny_gpt2.model.get_submodule("transformer.ln_f").weight.mul_(1e6)
    entropy = lens(tiny_gpt2, PROMPT).rows[-1].entropy
    assert entropy == 0.0
    assert not math.isnan(entropy)
