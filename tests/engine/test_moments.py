"""Second moments: read in every form, solved right, refused by name where they don't fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from romebench.engine.moments import SecondMoment, load_statistics
from romebench.errors import StatisticsError

NAME = "transformer.h.1.mlp.c_proj.weight"


@pytest.fixture
def matrix() -> np.ndarray:
    root = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    return root @ root.T + np.eye(8, dtype=np.float32)


def test_all_three_forms_give_the_same_matrix(tmp_path: Path, matrix: np.ndarray) -> None:
    np.save(tmp_path / "c.npy", matrix)
    np.savez(tmp_path / "c.npz", **{"mom2.mom2": matrix * 50, "mom2.count": np.array(50)})
    about = {"weight_name": NAME, "tokens": "50", "dataset": "notes"}
    save_file({"second_moment": matrix}, tmp_path / "c.safetensors", metadata=about)
    found = [
        load_statistics(tmp_path / f"c.{kind}", d_in=8, weight_name=NAME)
        for kind in ("npy", "npz", "safetensors")
    ]
    for moment in found:
        assert moment.matrix is not None
        assert np.allclose(moment.matrix.numpy(), matrix, rtol=1e-6)
        assert moment.provenance is not None
        assert moment.provenance["file"].startswith("c.")
    assert found[1].provenance is not None
    assert found[1].provenance["tokens"] == 50
    assert found[2].provenance is not None
    assert found[2].provenance["dataset"] == "notes"


def test_solving_is_the_inverse(matrix: np.ndarray) -> None:
    moment = SecondMoment(8, torch.from_numpy(matrix).double(), {}, ridge=0.1)
    key = torch.arange(8.0)
    regular = matrix + 0.1 * matrix.diagonal().mean() * np.eye(8)
    expected = np.linalg.solve(regular.astype(np.float64), key.numpy())
    assert np.allclose(moment.solve(key).numpy(), expected, rtol=1e-6)
    assert torch.equal(SecondMoment.identity(8).solve(key), key.double())
    assert SecondMoment.identity(8).provenance is None
    assert moment.condition == pytest.approx(np.linalg.cond(regular), rel=1e-5)


def test_a_matrix_that_is_not_positive_definite_is_named() -> None:
    flat = torch.zeros(4, 4, dtype=torch.float64)
    flat[0, 0] = 1.0
    with pytest.raises(StatisticsError, match="not positive definite") as caught:
        SecondMoment(4, flat, {}).solve(torch.ones(4))
    assert "mom2_ridge" in caught.value.hint
    assert torch.isfinite(SecondMoment(4, flat, {}, ridge=0.01).solve(torch.ones(4))).all()


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda m: m[:4, :4], r"shape \(4, 4\)"),
        (lambda m: np.where(np.eye(8) > 0, np.nan, m), "not finite"),
        (lambda m: np.triu(m), "not symmetric"),
        (lambda m: m[0], "1 dimensions"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, matrix: np.ndarray, make, named) -> None:
    np.save(tmp_path / "c.npy", make(matrix))
    with pytest.raises(StatisticsError, match=named):
        load_statistics(tmp_path / "c.npy", d_in=8, weight_name=NAME)


def test_statistics_of_another_layer_or_model_are_refused(
    tmp_path: Path, matrix: np.ndarray
) -> None:
    path = tmp_path / "c.safetensors"
    save_file({"c": matrix}, path, metadata={"weight_name": "other", "model_sha256": "abc"})
    with pytest.raises(StatisticsError, match="weight_name other"):
        load_statistics(path, d_in=8, weight_name=NAME)
    save_file({"c": matrix}, path, metadata={"model_sha256": "abc"})
    with pytest.raises(StatisticsError, match="model_sha256 abc"):
        load_statistics(path, d_in=8, weight_name=NAME, model_sha256="def")


def test_files_that_are_no_statistics(tmp_path: Path) -> None:
    with pytest.raises(StatisticsError, match="no statistics file"):
        load_statistics(tmp_path / "missing.npy", d_in=8, weight_name=NAME)
    for name in ("c.npy", "c.npz", "c.safetensors"):
        (tmp_path / name).write_bytes(b"not this")
        with pytest.raises(StatisticsError, match="can't be read"):
            load_statistics(tmp_path / name, d_in=8, weight_name=NAME)
    (tmp_path / "c.pt").write_bytes(b"pickle")
    with pytest.raises(StatisticsError, match="no statistics file romebench reads"):
        load_statistics(tmp_path / "c.pt", d_in=8, weight_name=NAME)
