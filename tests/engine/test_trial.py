"""The trial edit of `models probe`, on every family found by structure."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from romebench.benchmarks.zoo import ZOO, Variant, load_variant
from romebench.engine.families import REGISTRY
from romebench.engine.trial import trial_edit

FIRST = {variant.model_type: variant for variant in reversed(ZOO)}


@pytest.mark.parametrize("kind", sorted(FIRST))
def test_a_trial_edit_lands_and_is_taken_back(kind: str, goldens: Path) -> None:
    model = load_variant(FIRST[kind], goldens / "models", torch.float32)
    trial = trial_edit(model)
    assert trial.residual < 1e-4
    assert trial.agreement is not None
    assert trial.agreement < 1e-4
    assert trial.restored
    assert 0 <= trial.prob_before <= 1
    assert 0 <= trial.prob_after <= 1


def test_a_family_nobody_named_has_nothing_to_agree_with(
    goldens: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(REGISTRY, "qwen3")
    model = load_variant(FIRST["qwen3"], goldens / "models", torch.float32)
    trial = trial_edit(model)
    assert trial.agreement is None
    assert trial.residual < 1e-4


def test_in_half_precision_the_residual_is_the_casts(goldens: Path) -> None:
    model = load_variant(
        Variant("llama", "tied", FIRST["llama"].config), goldens / "models", torch.bfloat16
    )
    trial = trial_edit(model)
    assert trial.residual < 2e-2
    assert trial.restored
