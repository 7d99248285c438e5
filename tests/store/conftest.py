"""Real stores in temporary folders, and records to put in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from romebench.store import Database, Repository
from romebench.store.records import SessionRecord, StepDraft

HPARAMS = {"layers": [1], "fact_token": "subject_last", "v_num_grad_steps": 20, "v_lr": 0.5}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "store.sqlite3"


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a store that was just made: making one takes far longer than copying it."""
    path = tmp_path_factory.mktemp("empty") / "store.sqlite3"
    Database.open(path).close()
    return path.read_bytes()


@pytest.fixture
def database(path: Path, empty_store: bytes) -> Iterator[Database]:
    path.parent.mkdir()
    path.write_bytes(empty_store)
    with Database.open(path) as database:
        yield database


@pytest.fixture
def repository(database: Database) -> Repository:
    return Repository(database)


@pytest.fixture(scope="session")
def new_session() -> Callable[..., SessionRecord]:
    """A session that isn't stored yet."""

    def make(name: str = "pocket", **changes: Any) -> SessionRecord:
        values: dict[str, Any] = {
            "id": 0,
            "uid": "",
            "name": name,
            "created_at": "",
            "used_at": "",
            "model": "pocket",
            "revision": None,
            "model_type": "gpt2",
            "model_sha256": "a" * 64,
            "tokenizer_sha256": "b" * 64,
            "dtype": "float32",
            "device": "cpu",
            "rule": "r-rome",
            "hparams": HPARAMS,
            "weight_name": "transformer.h.1.mlp.c_proj.weight",
            "seed": 0,
            "contexts": ("{}", "The first. {}"),
            "statistics": {"tokens": 100_000},
            "base_weight_sha256": "c" * 64,
            "versions": {"romebench": "0.1.0"},
        }
        return SessionRecord(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def new_draft() -> Callable[..., StepDraft]:
    """A step about to be committed; every delta has bytes of its own."""

    def make(parent: int = 0, branch: str = "main", **changes: Any) -> StepDraft:
        values: dict[str, Any] = {
            "parent": parent,
            "branch": branch,
            "request": {"prompt": "{} is in", "subject": "Rome", "target_new": "Malta"},
            "rule": "r-rome",
            "hparams": HPARAMS,
            "weight_name": "transformer.h.1.mlp.c_proj.weight",
            "weight_sha256": hashlib.sha256(os.urandom(8)).hexdigest(),
            "tokens": {"ids": [1, 2], "pieces": ["Ro", "me"], "lookup_index": 1},
            "losses": ({"step": 0, "loss": 2.5}, {"step": 1, "loss": 0.04}),
            "diagnostics": {"denominator": 0.25},
            "vitals": {"delta_ratio": 0.03, "efficacy": True},
            "verdict": "uncalibrated",
            "verdict_reason": "",
            "timings": {"value": 1.5},
            "delta": os.urandom(64),
        }
        return StepDraft(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def unprivileged() -> Callable[[], AbstractContextManager[None]]:
    """A block in which the permissions of files count, for root too (who becomes nobody)."""

    @contextmanager
    def block() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        try:
            os.seteuid(65534)
        except OSError as error:
            pytest.skip(f"root can't step down here: {error}")
        try:
            yield
        finally:
            os.seteuid(0)

    return block
