"""Edited weights are a function of the history, to the bit; numpy alone can recompute the hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from romebench.engine import weights as weights_module
from romebench.engine.delta import RankOneDelta
from romebench.engine.model import LoadedModel
from romebench.engine.weights import EditedWeights
from romebench.errors import EditError

NAME = "transformer.h.1.mlp.c_proj.weight"
OTHER = "transformer.h.2.mlp.c_proj.weight"


def delta_of(step: int, name: str = NAME) -> RankOneDelta:
    """A delta that is a function of its step, with a wide range of magnitudes."""
    generator = torch.Generator().manual_seed(step)
    left = torch.randn(256, generator=generator)
    right = torch.randn(64, generator=generator) * 10.0 ** (step % 5 - 2)
    return RankOneDelta(name, left, right)


def numpy_state(base: np.ndarray, path: list[int]) -> np.ndarray:
    """The state by the definition, in numpy."""
    out = base.copy()
    for step in path:
        delta = delta_of(step)
        product = delta.right.numpy()[:, None] * delta.left.numpy()[None, :]
        out += product
    return out


def numpy_hash(name: str, matrix: np.ndarray) -> str:
    header = f"{name} {matrix.dtype} {matrix.shape[0]} {matrix.shape[1]}\n".encode()
    return hashlib.sha256(header + matrix.astype("<f4").tobytes(order="C")).hexdigest()


def base_of(model: LoadedModel) -> np.ndarray:
    return model.linear_view(NAME).numpy().copy(order="C")


def goto(weights: EditedWeights, path: list[int]) -> None:
    weights.goto([(step, NAME) for step in path], delta_of)


def test_the_hash_is_the_documented_one(tiny_gpt2: LoadedModel) -> None:
    base = base_of(tiny_gpt2)
    weights = EditedWeights(tiny_gpt2)
    assert base.shape == (64, 256), "Linear orientation, whatever way round Conv1D keeps it"
    assert weights.sha256(NAME) == numpy_hash(NAME, base)
    for step in (1, 2, 3):
        weights.apply(step, delta_of(step))
    assert weights.sha256(NAME) == numpy_hash(NAME, numpy_state(base, [1, 2, 3]))
    assert np.array_equal(tiny_gpt2.linear_view(NAME).numpy(), numpy_state(base, [1, 2, 3]))


def test_subtracting_would_not_be_exact(tiny_gpt2: LoadedModel) -> None:
    """The reason for all this: adding and subtracting a delta doesn't give the base back."""
    base = base_of(tiny_gpt2)
    delta = delta_of(4)
    product = delta.right.numpy()[:, None] * delta.left.numpy()[None, :]
    assert not np.array_equal((base + product) - product, base)


paths = st.lists(st.lists(st.integers(1, 30), max_size=12, unique=True), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None)
@given(paths, st.integers(2, 4))
def test_any_walk_through_paths_gives_the_same_bits(
    shared_gpt2: LoadedModel, walk: list[list[int]], room: int
) -> None:
    model = shared_gpt2
    base = base_of(model)
    weights = EditedWeights(model)
    held = weights_module.CHECKPOINT_BYTES
    weights_module.CHECKPOINT_BYTES = room * base.nbytes
    try:
        for path in walk:
            goto(weights, path)
            assert np.array_equal(model.linear_view(NAME).numpy(), numpy_state(base, path))
            assert weights.path().get(NAME, ()) == tuple(path)
        goto(weights, [])
        assert np.array_equal(model.linear_view(NAME).numpy(), base)
    finally:
        weights_module.CHECKPOINT_BYTES = held
        model.linear_view(NAME).copy_(torch.from_numpy(base))


@pytest.fixture(scope="module")
def shared_gpt2(goldens: object) -> LoadedModel:
    from romebench.engine.loading import load_model

    return load_model(f"{goldens}/models/gpt2", device="cpu")


def test_checkpoints_are_bounded_and_save_work(
    tiny_gpt2: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_module, "CHECKPOINT_BYTES", 12 * 64 * 256 * 4)
    base = base_of(tiny_gpt2)
    weights = EditedWeights(tiny_gpt2)
    loaded: list[int] = []

    def load(step: int) -> RankOneDelta:
        loaded.append(step)
        return delta_of(step)

    path = list(range(1, 301))
    weights.goto([(s, NAME) for s in path], load)
    loaded.clear()
    for depth in range(299, 279, -1):  # twenty single undos
        weights.goto([(s, NAME) for s in path[:depth]], load)
    assert len(loaded) < 20 * 30, "undo starts from a checkpoint, not from the base"
    assert np.array_equal(tiny_gpt2.linear_view(NAME).numpy(), numpy_state(base, path[:280]))
    masters = weights._masters[NAME]
    assert len(masters.checkpoints) <= 12


def test_several_weights_on_one_path(tiny_gpt2: LoadedModel) -> None:
    base_hash = EditedWeights(tiny_gpt2).base_sha256(NAME)
    weights = EditedWeights(tiny_gpt2)
    load = {1: delta_of(1), 2: delta_of(2, OTHER), 3: delta_of(3)}.__getitem__
    full = [(1, NAME), (2, OTHER), (3, NAME)]
    hashes = []
    for end in range(4):
        weights.goto(full[:end], load)
        hashes.append(weights.sha256(NAME))
    assert len(set(hashes)) == 4
    assert hashes[0] == base_hash
    weights.goto(full[:1], load)
    assert weights.sha256(NAME) == hashes[1], "a weight that is back at its base doesn't count"


def test_at_base_shows_the_base_and_comes_back(tiny_gpt2: LoadedModel) -> None:
    base = base_of(tiny_gpt2)
    weights = EditedWeights(tiny_gpt2)
    weights.apply(1, delta_of(1))

    def look_and_fail() -> None:
        with weights.at_base():
            assert np.array_equal(tiny_gpt2.linear_view(NAME).numpy(), base)
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        look_and_fail()
    assert np.array_equal(tiny_gpt2.linear_view(NAME).numpy(), numpy_state(base, [1]))


def test_a_failed_move_ends_where_it_began(tiny_gpt2: LoadedModel) -> None:
    weights = EditedWeights(tiny_gpt2)
    goto(weights, [1, 2, 3])
    before = weights.sha256(NAME)

    def load(step: int) -> RankOneDelta:
        if step == 9:
            raise OSError("the disk is gone")
        return delta_of(step)

    with pytest.raises(OSError, match="gone"):
        weights.goto([(s, NAME) for s in (1, 7, 8, 9)], load)
    assert weights.path()[NAME] == (1, 2, 3)
    assert weights.sha256(NAME) == before


def test_deltas_that_do_not_fit_are_refused(tiny_gpt2: LoadedModel) -> None:
    weights = EditedWeights(tiny_gpt2)
    before = weights.base_sha256(NAME)
    wrong = RankOneDelta(NAME, torch.zeros(64), torch.zeros(256))
    with pytest.raises(EditError, match=r"delta is \(256, 64\), .* is \(64, 256\)") as caught:
        weights.apply(1, wrong)
    assert caught.value.hint == "it belongs to another model"
    broken = RankOneDelta(NAME, torch.full((256,), float("inf")), torch.zeros(64))
    with pytest.raises(EditError, match="not finite"):
        weights.apply(1, broken)
    assert weights.sha256(NAME) == before


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_keeps_an_fp32_master(
    load_small: Callable[..., LoadedModel], dtype: str
) -> None:
    model = load_small("gpt2", dtype)
    start = base_of(load_small("gpt2", "float32"))
    weights = EditedWeights(model)
    live = model.linear_view(NAME)
    rounded = live.float().numpy().copy()
    assert not np.array_equal(rounded, start)
    for step in (1, 2, 6):
        weights.apply(step, delta_of(step))
    master = numpy_state(rounded, [1, 2, 6])
    assert weights.sha256(NAME) == numpy_hash(NAME, master)
    assert torch.equal(live, torch.from_numpy(master).to(live.dtype))
    weights.goto([], delta_of)
    assert np.array_equal(live.float().numpy(), rounded)


def test_a_square_linear_weight_is_not_transposed(load_small: Callable[..., LoadedModel]) -> None:
    model = load_small("llama")
    name = "model.layers.1.self_attn.o_proj.weight"
    view = model.linear_view(name)
    assert view.shape[0] == view.shape[1]
    assert view.data_ptr() == model.model.get_parameter(name).data_ptr()
    assert view.stride() == model.model.get_parameter(name).stride()
