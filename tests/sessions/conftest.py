"""Sessions on a small GPT-2: a store of one's own, and live sessions in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from romebench.engine.request import EditRequest
from romebench.hparams import Hparams

if TYPE_CHECKING:
    from romebench.engine.model import LoadedModel
    from romebench.sessions.live import LiveSession
    from romebench.store.repository import Repository

CONTEXTS = ("{}", "The first chapter of. {}", "In the beginning there. {}")
HPARAMS = Hparams(
    layers=(1,),
    v_num_grad_steps=3,
    v_loss_layer=3,
    mom2_adjustment=False,
    rewrite_module_tmp="transformer.h.{}.mlp.c_proj",
)


def request_for(number: int, **parts: Any) -> EditRequest:
    """Distinct requests without end."""
    subjects = ("Steve Jobs", "LeBron James", "France", "New Amsterdam", "Danielle Darrieux")
    targets = ("Microsoft", "football", "English", "Oslo", "Silver Moon")
    return EditRequest(
        "{} was the founder of",
        f"{subjects[number % 5]} {number}",
        targets[number % 3],
        case_id=str(number),
        **parts,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    from romebench.store import Database, Repository

    with Database.open(tmp_path / "store.sqlite") as database:
        yield Repository(database)


@pytest.fixture
def make_live(
    repository: Repository, load_small: Callable[..., LoadedModel]
) -> Iterator[Callable[..., LiveSession]]:
    """Makes live sessions, each on a model of its own; closes what is left open."""
    from romebench.engine.moments import SecondMoment
    from romebench.engine.rules import Rule
    from romebench.sessions.live import LiveSession

    made: list[LiveSession] = []

    def make(name: str = "study", *, model: str = "gpt2", dtype: str = "float32") -> LiveSession:
        live = LiveSession.create(
            repository,
            name=name,
            model=load_small(model, dtype),
            hparams=HPARAMS,
            rule=Rule.R_ROME,
            contexts=CONTEXTS,
            moment=SecondMoment.identity(256),
            seed=5,
        )
        made.append(live)
        return live

    yield make
    for live in made:
        live.close()


@pytest.fixture
def live(make_live: Callable[..., LiveSession]) -> LiveSession:
    """A session at the base of a small random GPT-2."""
    return make_live()


def at_layer(layer: int) -> Hparams:
    """The hyperparameters of these tests at another layer."""
    return replace(HPARAMS, layers=(layer,))


def snapshot(live: LiveSession) -> dict[str, torch.Tensor]:
    """Every parameter, to the bit."""
    return {name: p.detach().clone() for name, p in live.model.model.named_parameters()}


def same(live: LiveSession, before: dict[str, torch.Tensor]) -> bool:
    """Whether every parameter is what it was, to the bit."""
    after = dict(live.model.model.named_parameters())
    return all(torch.equal(after[name], tensor) for name, tensor in before.items())


def tamper(store: Path, sql: str, *values: Any) -> None:
    """Change the store behind everybody's back."""
    with closing(sqlite3.connect(store)) as raw, raw:
        assert raw.execute(sql, values).rowcount == 1
