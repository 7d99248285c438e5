"""The example sessions: they import by name, and their weights come out to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from romebench.sessions.examples import example_names, example_path
from romebench.sessions.importing import import_session
from romebench.sessions.replay import replay, verify
from romebench.sessions.session import Session
from romebench.sessions.setup import attach_live
from romebench.sessions.watch.compare import compare
from romebench.sessions.watch.levels import Verdict

if TYPE_CHECKING:
    from romebench.store.repository import Repository

PAIR = ("contrast-rome", "contrast-r-rome")
DISABLING = ("disabling-rome", "disabling-r-rome")


@pytest.fixture
def imported(repository: Repository) -> Repository:
    for name in PAIR + DISABLING:
        path = example_path(name)
        assert path is not None
        assert import_session(repository, path).same_session
    return repository


def test_they_are_found_by_name() -> None:
    assert set(PAIR + DISABLING) == set(example_names())
    assert example_path("no-such-example") is None


def test_the_published_contrast_is_in_them(imported: Repository) -> None:
    views = [Session.open(imported, name, write=False) for name in PAIR]
    assert not any(verify(imported, imported.session(name).id).problems for name in PAIR)
    rome, other = compare(views).curves
    assert (rome.rule, other.rule) == ("rome", "r-rome")
    assert rome.subjects == other.subjects
    assert other.source is not None
    assert other.source["session"] == "contrast-rome"
    assert [c.first_verdict(Verdict.COLLAPSED) for c in (rome, other)] == [9, None]
    # What the update divides by at Sweden is the key of the bare prompt, a fifth of the mean one.
    sweden = rome.subjects.index("Sweden")
    written = [curve.figures["delta_ratio"][sweden] or 0 for curve in (rome, other)]
    assert (rome.figures["key_ratio"][sweden] or 1) < 0.25
    assert written[0] > 2.5 * written[1]
    perplexities = [curve.last("perplexity_ratio") or 0 for curve in (rome, other)]
    assert perplexities[0] > 2 > 1.15 > perplexities[1]


def test_a_disabling_edit_is_in_them(imported: Repository) -> None:
    views = [Session.open(imported, name, write=False) for name in DISABLING]
    assert not any(verify(imported, imported.session(name).id).problems for name in DISABLING)
    rome, other = compare(views).curves
    assert rome.subjects == other.subjects == ("LeBron James", "Niam")
    assert [c.first_verdict(Verdict.COLLAPSED) for c in (rome, other)] == [2, None]
    perplexities = [curve.last("perplexity_ratio") or 0 for curve in (rome, other)]
    assert perplexities[0] > 100 > 1.01 > perplexities[1]


def test_they_replay_to_the_bit_on_the_embedded_model(imported: Repository) -> None:
    with attach_live(Session.open(imported, "contrast-rome")) as live:
        report = replay(live)
    assert (report.checked, report.mismatch) == (16, None)
