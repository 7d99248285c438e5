"""Fixtures that every folder's tests share: a home of their own, and small models."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from romebench.engine.model import LoadedModel

# Read when transformers is first imported: no test waits for a hub.
os.environ["HF_HUB_OFFLINE"] = "1"

GOLDENS = Path(__file__).parent / "data" / "goldens"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing a test does reaches the developer's own store or settings."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ROMEBENCH_HOME", str(home))
    # Parallel workers are told a width; what a command prints must not depend on it here.
    monkeypatch.delenv("COLUMNS", raising=False)
    return home


@pytest.fixture(scope="session")
def goldens() -> Path:
    """Outputs of the published code, and the small models they were made with."""
    return GOLDENS


@pytest.fixture
def load_small() -> Callable[..., LoadedModel]:
    """A fresh small model by name: gpt2, gpt2t, gptj or llama."""

    def load(name: str = "gpt2", dtype: str = "float32") -> LoadedModel:
        from romebench.engine.loading import load_model

        return load_model(str(GOLDENS / "models" / name), dtype=dtype, device="cpu")

    return load


@pytest.fixture
def tiny_gpt2(load_small: Callable[..., LoadedModel]) -> LoadedModel:
    """A fresh GPT-2 of four layers and 64 dimensions, random weights, fp32."""
    return load_small("gpt2")
