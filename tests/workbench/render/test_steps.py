"""What is shown of a step."""

from __future__ import annotations

import pytest

from romebench.store.records import StepRecord
from romebench.workbench.cli.output import to_text
from romebench.workbench.commands.results import Edited
from romebench.workbench.render import render


def record(*, identity: bool) -> StepRecord:
    return StepRecord(
        step=1, parent=0, depth=1, created_at="2026-01-01T00:00:00+00:00",
        request={"prompt": "{} is in", "subject": "Lyon", "target_new": "Spain"},
        rule="rome", hparams={}, weight_name="w", weight_sha256="0" * 64, tokens={}, losses=(),
        diagnostics={"identity_moment": identity}, vitals={"u_dot_k": 1.5, "efficacy": True},
        verdict="ok", verdict_reason="", timings={},
    )  # fmt: skip


@pytest.mark.parametrize("identity", [True, False])
def test_an_edit_with_no_second_moment_says_so(identity: bool) -> None:
    text = to_text(
        render(Edited("s", "main", None, record(identity=identity))), color="never", tty=False
    )
    assert ("(C = I)" in text) is identity
    assert "Lyon → Spain" in text
