"""Edits, moves and resuming on a live model: the weights are always those that are recorded."""

from __future__ import annotations

import pytest

from romebench.sessions.live import LiveSession

from .conftest import request_for


def test_smoke(live: LiveSession) -> None:
    a = live.edit(request_for(0))
    b = live.edit(request_for(1))
    assert (a.step, b.step, b.parent, b.depth) == (1, 2, 1, 2)
    assert live.weights.sha256(a.weight_name) == b.weight_sha256
    live.undo()
    assert live.weights.sha256(a.weight_name) == a.weight_sha256
    print(a, live.session.operations()[-1])
