"""Vector arithmetic: identities, what each way of pushing writes, controls and their p-values."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from romebench.engine.arithmetic import Act, Push, arithmetic, sweep
from romebench.engine.lens import first_token, lens, prompt_ids
from romebench.engine.model import LoadedModel
from romebench.engine.passes import Part, record
from romebench.engine.vectors import SEVERAL, Control, control_vectors, mlp_vector, read_vector
from romebench.errors import FileFormatError, ModelError, UsageError

from .inspecting import PROMPT

LoadSmall = Callable[..., LoadedModel]


@pytest.fixture
def model(load_small: LoadSmall) -> LoadedModel:
    return load_small("gpt2", "float64")


@pytest.mark.parametrize("act", Act)
def test_a_push_of_zero_changes_nothing(model: LoadedModel, act: Act) -> None:
    vector = mlp_vector(model, [PROMPT], 2)
    push = Push(act=act, layer=1, scale=0.0)
    found = arithmetic(model, PROMPT, vector, push, controls=())
    if act is not Act.FFN:  # there zero takes the place of what the MLP adds
        assert found.changed == (False,) * 4
        for before, after in zip(found.before.rows, found.after, strict=True):
            assert after.ids == before.ids
            assert after.probs == pytest.approx(before.probs, rel=1e-12)
        assert not any(s.score.before + s.score.after for s in found.scores)


def test_the_mlps_own_output_in_its_place_changes_nothing(model: LoadedModel) -> None:
    vector = mlp_vector(model, [PROMPT], 2)
    push = Push(act=Act.FFN, layer=2)
    found = arithmetic(model, PROMPT, vector, push, controls=())
    for before, after in zip(found.before.rows, found.after, strict=True):
        assert after.probs == pytest.approx(before.probs, rel=1e-12)


def test_taking_the_mlps_output_away_is_a_mlp_that_adds_nothing(model: LoadedModel) -> None:
    vector = mlp_vector(model, [PROMPT], 2)
    away = arithmetic(
        model, PROMPT, vector, Push(act=Act.RESIDUAL, layer=2, scale=-1.0), controls=()
    )
    nothing = arithmetic(
        model, PROMPT, torch.zeros(64).double(), Push(act=Act.FFN, layer=2), controls=()
    )
    for one, other in zip(away.after, nothing.after, strict=True):
        assert one.probs == pytest.approx(other.probs, rel=1e-9)
    assert any(away.changed) or away.after[3].probs != away.before.rows[3].probs


def test_an_earlier_position_is_pushed_and_the_last_is_read(model: LoadedModel) -> None:
    vector = 5 * mlp_vector(model, [PROMPT], 0, position=1)
    push = Push(act=Act.RESIDUAL, layer=0, position=1)
    found = arithmetic(model, PROMPT, vector, push, controls=())
    ids = prompt_ids(model, PROMPT)

    def add(_m: object, _a: object, out: torch.Tensor) -> torch.Tensor:
        moved = out.clone()
        moved[0, 1] += vector
        return moved

    handle = model.adapter.block(model.model, 0).register_forward_hook(add)
    with torch.no_grad():
        logits = model.model(torch.tensor([ids])).logits[0, -1]
    handle.remove()
    top = logits.softmax(-1).topk(5)
    assert found.after[-1].ids == tuple(top.indices.tolist())
    assert found.after[-1].probs == pytest.approx(top.values.tolist(), rel=1e-9)
    assert found.after[0].probs == pytest.approx(found.before.rows[0].probs, rel=1e-12)


def test_reading_moves_each_layer_by_itself(model: LoadedModel) -> None:
    """A vector that points at a token's unembedding turns the layers before the boundary into it,
    and its opposite, growing behind the boundary, the others away from it."""
    head = model.model.get_output_embeddings().weight.detach()
    final = lens(model, PROMPT)
    answer = final.rows[-1].ids[0]
    copied = first_token(model, "football")
    direction = head[answer] - head[copied]
    found = arithmetic(
        model, PROMPT, 1e3 * direction / direction.norm(), Push(), copied="football", count=20,
        controls=[Control.RANDOM, Control.SHUFFLED],
    )  # fmt: skip
    assert found.boundary == final.settled
    assert found.score.score.of_after == 4 - found.boundary
    assert found.score.score.after == found.score.score.of_after, "all became the copied input"
    assert [s.offset for s in found.scores] == [0, 1, 2, 3, 4, 5]
    assert found.scores[0].score == found.scores[1].score, "offset 1 is the push as a whole"
    real = found.score.score.value
    assert real > 0
    for control in found.score.controls:
        assert len(control.scores) == 20
        at_least = sum(score >= real for score in control.scores)
        assert control.p_value == (1 + at_least) / 21
        assert control.mean_low <= control.mean <= control.mean_high
        assert control.low <= control.mean <= control.high
        assert control.mean == pytest.approx(sum(control.scores) / 20)
    again = arithmetic(
        model, PROMPT, 1e3 * direction / direction.norm(), Push(), copied="football", count=20,
        controls=[Control.RANDOM, Control.SHUFFLED],
    )  # fmt: skip
    assert again == found, "the same seed gives the same controls"


def test_a_vector_that_is_random_itself_is_nothing_special(model: LoadedModel) -> None:
    torch.manual_seed(11)
    vector = torch.randn(64).double() * 30
    found = arithmetic(model, PROMPT, vector, Push(), count=40, controls=[Control.RANDOM])
    assert found.score.controls[0].p_value > 0.02


@pytest.mark.parametrize("kind", Control)
def test_controls_are_what_they_say(kind: Control) -> None:
    vector = torch.randn(64, generator=torch.Generator().manual_seed(1)).double()
    drawn = control_vectors(vector, kind, 50, 7)
    assert torch.equal(drawn, control_vectors(vector, kind, 50, 7))
    assert not torch.equal(drawn, control_vectors(vector, kind, 50, 8))
    norms = drawn.norm(dim=1)
    cosines = drawn @ vector / (norms * vector.norm())
    match kind:
        case Control.RANDOM:
            assert torch.allclose(norms, vector.norm())
            assert 0.05 < float(cosines.std()) < 0.25
        case Control.LOW_COSINE:
            assert torch.allclose(norms, vector.norm())
            assert float(cosines.abs().max()) < 1e-12
        case Control.SHUFFLED:
            assert torch.equal(drawn.sort(1).values, vector.sort().values.expand(50, -1))
        case Control.SEVERAL:
            assert float(norms.mean() / vector.norm()) == pytest.approx(math.sqrt(SEVERAL), rel=0.1)


def test_a_vector_is_the_mean_over_prompts(model: LoadedModel) -> None:
    prompts = [PROMPT, "France is a"]
    each = [mlp_vector(model, [prompt], 1) for prompt in prompts]
    assert torch.allclose(mlp_vector(model, prompts, 1), (each[0] + each[1]) / 2)
    run = record(model, prompt_ids(model, PROMPT), parts=(Part.MLP, Part.ATTENTION))
    added = run.states[2] - run.states[1] - run.parts[Part.ATTENTION][1]
    assert torch.allclose(each[0], added[0, -1], rtol=1e-9), "what the MLP adds"
    with pytest.raises(UsageError, match="no prompt"):
        mlp_vector(model, [], 1)
    with pytest.raises(ModelError, match="no layer 9"):
        mlp_vector(model, prompts, 9)


def test_a_vector_is_read_from_a_file(model: LoadedModel, tmp_path: Path) -> None:
    path = tmp_path / "o.npy"
    vector = np.arange(64, dtype=np.float32)[None]
    np.save(path, vector)
    assert torch.equal(read_vector(path, model), torch.arange(64).double())
    np.save(path, vector[:, :10])
    with pytest.raises(FileFormatError, match="has 10 numbers"):
        read_vector(path, model)
    path.write_text("no array")
    with pytest.raises(FileFormatError, match=r"o\.npy is no \.npy file"):
        read_vector(path, model)
    with pytest.raises(FileFormatError):
        read_vector(tmp_path / "missing.npy", model)


def test_a_sweep_is_each_push_by_itself(model: LoadedModel) -> None:
    vector = mlp_vector(model, [PROMPT], 3)
    push = Push(act=Act.RESIDUAL)
    found = sweep(model, PROMPT, vector, push, [-2.0, 0.0, 2.0], answer="football")
    assert found.layers == (0, 1, 2, 3)
    plain = lens(model, PROMPT, watch=["football"]).rows[-1].watched_probs[0]
    assert [row[1] for row in found.probs] == pytest.approx([plain] * 4, rel=1e-12)
    one = arithmetic(
        model, PROMPT, vector, Push(act=Act.RESIDUAL, layer=2, scale=2.0), controls=(),
        answer="football",
    )  # fmt: skip
    token = first_token(model, "football")
    if token in one.after[-1].ids:
        place = one.after[-1].ids.index(token)
        assert found.probs[2][2] == pytest.approx(one.after[-1].probs[place])
    value = one.score.score.value
    assert found.scores[2][2] == value or math.isnan(value)
    with pytest.raises(UsageError, match="a sweep needs scales"):
        sweep(model, PROMPT, vector, Push(), [1.0])


def test_pushes_that_mean_nothing_are_refused(model: LoadedModel) -> None:
    vector = mlp_vector(model, [PROMPT], 3)
    with pytest.raises(ModelError, match="no layer 4"):
        arithmetic(model, PROMPT, vector, Push(act=Act.FFN, layer=4))
    with pytest.raises(UsageError, match="passes nothing on"):
        arithmetic(model, PROMPT, vector, Push(position=0))
    with pytest.raises(UsageError, match="out of range"):
        arithmetic(model, PROMPT, vector, Push(scale=math.inf))
    with pytest.raises(UsageError, match="the vector is zero"):
        arithmetic(model, PROMPT, 0 * vector, Push())
