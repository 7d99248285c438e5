"""Downstream probes along a session: where they are taken, what is kept, and models too short."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from romebench.engine.metrics.glue import Task, examples, me_ppl_sentences
from romebench.engine.metrics.perplexity import sentence_perplexity
from romebench.engine.model import LoadedModel, wrap_model
from romebench.engine.moments import SecondMoment
from romebench.engine.rules import Rule
from romebench.errors import CancelledError, ModelError
from romebench.sessions.evaluation.glue import ME_PPL, measure_downstream
from romebench.sessions.live import LiveSession
from romebench.store.repository import Repository

from ..conftest import CONTEXTS, HPARAMS, request_for


@pytest.fixture
def edited(repository: Repository, tiny_gpt2: LoadedModel) -> Iterator[LiveSession]:
    """Three edits on a random model of 1,024 positions."""
    torch.manual_seed(3)
    config = GPT2Config(
        vocab_size=len(tiny_gpt2.tokenizer), n_positions=1024, n_embd=64, n_layer=4, n_head=2,
        initializer_range=0.3, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    model = wrap_model(GPT2LMHeadModel(config), tiny_gpt2.tokenizer, "long")
    live = LiveSession.create(
        repository, name="long", model=model, hparams=HPARAMS, rule=Rule.ROME,
        contexts=CONTEXTS, moment=SecondMoment.identity(256), seed=5,
    )  # fmt: skip
    for number in range(3):
        live.edit(request_for(number))
    yield live
    live.close()


def test_probes_are_taken_along_the_path(edited: LiveSession) -> None:
    before = edited.weights.sha256(edited.session.record.weight_name)
    found = measure_downstream(edited, ("sst2", ME_PPL), every=2, limit=3)
    assert [(each.depth, each.probe) for each in found] == [
        (depth, probe) for depth in (0, 2, 3) for probe in ("sst2", ME_PPL)
    ]
    assert edited.weights.sha256(edited.session.record.weight_name) == before
    sst = found[0].detail
    assert sst["correct"] + sst["incorrect"] + sst["invalid"] == sst["total"] == 3
    assert [each["idx"] for each in sst["generations"]] == [
        each["idx"] for each in examples(Task.SST2, 3)
    ]
    moved = [each.detail["distance"] for each in found[::2]]
    assert moved[0] == 0.0
    assert moved == sorted(moved)
    edited.goto(2)
    wanted = sentence_perplexity(edited.model, me_ppl_sentences()[:3])
    assert found[3].value == pytest.approx(wanted)


def test_what_is_known_is_not_measured_again(edited: LiveSession) -> None:
    stop = threading.Event()
    with pytest.raises(CancelledError):
        measure_downstream(
            edited, (ME_PPL,), every=1, limit=3, stop=stop,
            progress=lambda report: stop.set() if report.step == 2 else None,
        )  # fmt: skip
    found = measure_downstream(edited, (ME_PPL,), every=1, limit=3)
    assert [each.known for each in found] == [True, True, *[False] * 2]
    assert len(edited.session.measurements()) == 4
    assert [each.known for each in measure_downstream(edited, (ME_PPL,), limit=2)] == [False]


def test_a_model_that_is_too_short_says_so(
    make_live: Callable[..., LiveSession],
) -> None:
    live = make_live()
    room = live.model.max_positions
    with pytest.raises(ModelError, match=f"takes {room} tokens, and rte needs"):
        measure_downstream(live, ("rte",))
    assert live.session.measurements() == []
