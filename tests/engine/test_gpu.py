"""On CUDA: the same deltas as on the CPU, the same hash for the same deltas, undone to the bit.

Marked `gpu`: skipped, and said so, where there is no CUDA device.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from romebench.benchmarks.families import CONTEXTS, REQUEST, hparams_of, moment_of, relative
from romebench.benchmarks.zoo import LAYER, ZOO, Variant, load_variant
from romebench.engine.delta import RankOneDelta
from romebench.engine.editor import compute_edit
from romebench.engine.model import LoadedModel
from romebench.engine.preflight import free_bytes
from romebench.engine.rules import Rule
from romebench.engine.sums import MomentSums
from romebench.engine.weights import EditedWeights

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]

XL = Variant("gpt2", "xl-shape", {"n_embd": 1600, "n_head": 25, "n_layer": 4, "n_positions": 1024})
GPTJ = Variant(
    "gptj", "6b-shape",
    {"n_embd": 4096, "n_head": 16, "n_layer": 3, "n_positions": 2048, "rotary_dim": 64},
)  # fmt: skip
SHAPES = [pytest.param(XL, id=XL.name), pytest.param(GPTJ, id=GPTJ.name)]
NAMED = [pytest.param(variant, id=variant.name) for variant in ZOO]


def pair(variant: Variant, goldens: Path) -> tuple[LoadedModel, LoadedModel]:
    """The same model on both devices, in fp32."""
    plain = load_variant(variant, goldens / "models", torch.float32)
    fast = load_variant(variant, goldens / "models", torch.float32)
    fast.model.to("cuda")  # type: ignore[arg-type]
    return plain, fast


@pytest.mark.parametrize("variant", NAMED)
def test_deltas_agree(variant: Variant, goldens: Path) -> None:
    plain, fast = pair(variant, goldens)
    moment, hparams = moment_of(plain), hparams_of(plain)
    for rule in Rule:
        one = compute_edit(plain, REQUEST, hparams, rule, CONTEXTS, moment)
        two = compute_edit(fast, REQUEST, hparams, rule, CONTEXTS, moment)
        assert relative(two.delta.left, one.delta.left) < 5e-4
        assert relative(two.delta.right, one.delta.right) < 5e-4


@pytest.mark.slow
@pytest.mark.parametrize("variant", SHAPES)
def test_the_hash_for_the_same_deltas_is_equal_and_undo_restores_it(
    variant: Variant, goldens: Path
) -> None:
    plain, fast = pair(variant, goldens)
    name = plain.weight_name(LAYER)
    d_out, d_in = plain.linear_view(name).shape
    generator = torch.Generator().manual_seed(0)
    deltas = {
        step: RankOneDelta(
            name, torch.randn(d_in, generator=generator), torch.randn(d_out, generator=generator)
        )
        for step in range(1, 6)
    }
    slow, quick = EditedWeights(plain), EditedWeights(fast)
    hashes = [slow.sha256(name)]
    assert quick.sha256(name) == hashes[0]
    for step, delta in deltas.items():
        slow.apply(step, delta)
        quick.apply(step, delta)
        hashes.append(slow.sha256(name))
        assert quick.sha256(name) == hashes[-1]
    for depth in (3, 0, 5):
        quick.goto([(step, name) for step in range(1, depth + 1)], deltas.__getitem__)
        assert quick.sha256(name) == hashes[depth]


@pytest.mark.slow
@pytest.mark.parametrize("variant", SHAPES)
def test_statistics_agree(variant: Variant, goldens: Path) -> None:
    plain, fast = pair(variant, goldens)
    rows = torch.randint(0, 879, (4, 64), generator=torch.Generator().manual_seed(1)).tolist()
    found = []
    for model in (plain, fast):
        sums = MomentSums(model, [LAYER])
        sums.add(rows)
        found.append(sums.mean(model.weight_name(LAYER)))
    assert relative(found[1], found[0]) < 1e-4


def test_free_memory_is_told() -> None:
    free = free_bytes("cuda:0")
    assert free is not None
    assert free > 0
