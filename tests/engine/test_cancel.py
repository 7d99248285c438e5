"""Cancelling: within one gradient step, and every bit of the model is as it was."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import replace

import pytest
import torch

from romebench.engine.contexts import draw_contexts
from romebench.engine.editor import compute_edit
from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel
from romebench.engine.moments import SecondMoment
from romebench.engine.progress import Progress
from romebench.engine.request import parse_typed
from romebench.engine.rules import DEFAULT_RULE
from romebench.engine.weights import EditedWeights
from romebench.errors import CancelledError
from romebench.hparams import load_preset

REQUEST = parse_typed("[LeBron James] plays the sport of => football")


@pytest.fixture(scope="module")
def pocket() -> LoadedModel:
    return load_model("pocket", device="cpu")


@pytest.fixture(scope="module")
def contexts(pocket: LoadedModel) -> tuple[str, ...]:
    return draw_contexts(pocket, ((5, 4), (10, 4)), seed=0)


def every_bit(model: LoadedModel) -> str:
    """SHA-256 over all parameters, buffers, their hooks and whether they take gradients."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().view(torch.uint8).numpy().data)
    for name, parameter in model.model.named_parameters():
        digest.update(f"{name} {parameter.requires_grad} {parameter.grad is None}".encode())
    for name, module in model.model.named_modules():
        hooks = len(module._forward_hooks), len(module._forward_pre_hooks)
        digest.update(f"{name} {hooks}".encode())
    return digest.hexdigest()


class AfterChecks:
    """Asks to stop at the n-th time it is looked at."""

    def __init__(self, count: int) -> None:
        self.left = count

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("checks", [0, 1, 2, 7, 20])
def test_at_every_point_the_model_is_as_it_was(
    pocket: LoadedModel, contexts: tuple[str, ...], checks: int
) -> None:
    hparams = replace(load_preset("pocket"), v_lr=0.001)  # too small to stop early
    weights = EditedWeights(pocket)
    moment = SecondMoment.identity(pocket.linear_view(pocket.weight_name(hparams.layer)).shape[1])
    before, hashed = every_bit(pocket), weights.sha256(pocket.weight_name(hparams.layer))
    with pytest.raises(CancelledError) as caught:
        compute_edit(
            pocket, REQUEST, hparams, DEFAULT_RULE, contexts, moment, stop=AfterChecks(checks)
        )
    assert "nothing was changed" in caught.value.hint
    assert every_bit(pocket) == before
    assert weights.sha256(pocket.weight_name(hparams.layer)) == hashed
    assert torch.is_grad_enabled()


def test_stopping_from_another_thread_ends_the_step_that_runs(
    pocket: LoadedModel, contexts: tuple[str, ...]
) -> None:
    hparams = replace(load_preset("pocket"), v_lr=0.001)  # too small to stop early
    moment = SecondMoment.identity(pocket.linear_view(pocket.weight_name(hparams.layer)).shape[1])
    before = every_bit(pocket)
    stop, third, asked = threading.Event(), threading.Event(), []
    late: list[int] = []

    def ask() -> None:
        third.wait(60)
        stop.set()
        asked.append(time.perf_counter())

    def note(report: Progress) -> None:
        if report.stage == "optimising v*" and report.step >= 3:
            third.set()
            if asked:
                late.append(report.step)

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(CancelledError):
        compute_edit(
            pocket, REQUEST, hparams, DEFAULT_RULE, contexts, moment, progress=note, stop=stop
        )
    ended = time.perf_counter()
    thread.join()
    assert len(late) <= 1, "at most the step that ran when it was asked"
    # 200 ms is meant for an idle laptop; this bound holds on a busy one too.
    assert ended - asked[0] < 2.0
    assert every_bit(pocket) == before


def test_an_edit_after_a_cancelled_one_is_the_edit_without_it(
    pocket: LoadedModel, contexts: tuple[str, ...]
) -> None:
    hparams = replace(load_preset("pocket"), v_lr=0.001)  # too small to stop early
    moment = SecondMoment.identity(pocket.linear_view(pocket.weight_name(hparams.layer)).shape[1])
    first = compute_edit(pocket, REQUEST, hparams, DEFAULT_RULE, contexts, moment)
    with pytest.raises(CancelledError):
        compute_edit(pocket, REQUEST, hparams, DEFAULT_RULE, contexts, moment, stop=AfterChecks(5))
    again = compute_edit(pocket, REQUEST, hparams, DEFAULT_RULE, contexts, moment)
    assert torch.equal(first.delta.left, again.delta.left)
    assert torch.equal(first.delta.right, again.delta.right)
