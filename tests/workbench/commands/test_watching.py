"""The commands of the watch: what they refuse before any model is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from romebench.errors import UsageError
from romebench.workbench.commands.transfer import _numbers

from ..conftest import Outcome


def test_steps_are_typed_as_numbers_and_ranges() -> None:
    assert _numbers(None) == ()
    assert _numbers("3,5-7 5") == (3, 5, 6, 7)
    for wrong in ("x", "-3", "3-", "2.5"):
        with pytest.raises(UsageError, match="no step"):
            _numbers(wrong)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("replay", "--rule", "rome"), "add --into NAME"),
        (("replay", "--without", "1"), "add --into NAME"),
        (("replay", "--into", "study"), "already"),
        (("replay", "--into", "other", "--without", "9"), "step 9 is not on the path"),
        (("compare", "study", "study"), "two sessions"),
        (("compare", "study", "nosuch"), "nosuch"),
        (("report", "study", "-o", "{folder}"), "is a folder"),
        (("run", "--sample", "3"), "--sample chooses from a file"),
        (("queue", "add", "pocket", "--relation", "P0"), "no request has the relation 'P0'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    romebench: Callable[..., Outcome], study: Path, line: tuple[str, ...], said: str
) -> None:
    outcome = romebench(*(word.format(folder=study) for word in line))
    assert outcome.code in (2, 4)
    assert said in outcome.err
    assert "Traceback" not in outcome.err


def test_a_report_of_a_session_is_one_page(romebench: Callable[..., Outcome], study: Path) -> None:
    page = study / "report.html"
    assert romebench("report", "study", "-o", str(page)).code == 0
    text = page.read_text(encoding="utf-8")
    assert "LeBron James" in text
    assert "<script" not in text
    assert romebench("report", "study", "-o", str(page)).code == 2
    assert romebench("report", "study", "-o", str(page), "--force").code == 0


def test_requests_are_chosen_and_wait_in_the_queue(
    romebench: Callable[..., Outcome], study: Path
) -> None:
    outcome = romebench("queue", "add", "pocket", "--sample", "5", "--seed", "3", "--shuffle")
    assert "5 requests" in outcome.out
    first = romebench("queue", "list", "--json").out
    romebench("queue", "clear", "--yes")
    romebench("queue", "add", "pocket", "--sample", "5", "--seed", "4", "--shuffle")
    assert romebench("queue", "list", "--json").out != first
