"""The report: one page, nothing fetched, nothing that others wrote taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from romebench.sessions.watch.compare import FIGURES, Curve
from romebench.sessions.watch.limits import Limits
from romebench.sessions.watch.report import Report, SessionReport, WorstEdit, _rows
from romebench.sessions.watch.retention import Column
from romebench.store.records import GenerationRecord
from romebench.workbench.render.report import report_html

EVIL = '<script>alert("x")</script>\x1b[31m'


def session(name: str, ratios: tuple[float | None, ...]) -> SessionReport:
    count = len(ratios)
    figures = {key: tuple(None for _ in ratios) for key in FIGURES}
    figures |= {"perplexity_ratio": ratios, "weight_ratio": tuple(0.1 * n for n in range(count))}
    curve = Curve(
        name, "rome", EVIL, False, None, tuple(range(1, count + 1)), (EVIL,) * count,
        ("ok", "warn", "collapsed")[:count], ("",) * count, figures, (True,) * count,
    )  # fmt: skip
    text = GenerationRecord(1, "Once", {}, 0, (), EVIL, "after")
    worst = WorstEdit(1, 1, EVIL, "warn", EVIL, 0.3, 1.2, 1.2, True, (text,))
    return SessionReport(curve, (("model", EVIL),), (worst,), ())


@pytest.fixture
def page() -> str:
    sessions = (session("one", (1.0, 1.1, 1.5)), session("two", (1.0, None, 1.2)))
    rows = tuple(_rows([each.curve for each in sessions]))
    return report_html(Report(sessions, rows, "now", "0"))


def test_nothing_others_wrote_is_markup(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page


def test_nothing_is_fetched(page: str) -> None:
    assert not re.search(r"(src|href)=|url\(|@import|https?://", page)


def test_curves_have_gaps_where_figures_do_and_marks_where_verdicts_are_bad(page: str) -> None:
    plots = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    plots = [each for each in plots if each.get("role") == "img"]
    assert len(plots) == 2
    one, two = plots[0].findall("g")
    assert one.find("polyline").get("stroke-dasharray") != two.find("polyline").get(
        "stroke-dasharray"
    ), "told apart without colour"
    assert len(one.findall("polyline")) == 1
    assert len(two.findall("polyline")) == 2
    bad = [circle for circle in one.findall("circle") if circle.get("class") is None]
    assert [circle.get("fill") for circle in bad] == ["#fff", one.get("stroke")]
    assert "one, edit 2, step 2" in bad[0].find("title").text
    points = [tuple(map(float, p.split(","))) for p in one.find("polyline").get("points").split()]
    # Worse is higher: perplexity grows upwards, and depth to the right.
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)


def test_limits_are_ruled_and_retention_is_a_map() -> None:
    one = session("one", (1.0, 1.1, 1.5))
    column = Column(2, (1, 2), (True, False), {"efficacy": (1.0, 0.0)})
    limits = {"perplexity_ratio": Limits(1.2, 1.4)}
    one = replace(one, retention=(column,), limits=limits)
    page = report_html(Report((one,), (), "now", "0"))
    ruled = re.findall(r'<line class="limit (\w+)"', page)
    assert ruled == ["warn", "collapsed"]
    assert re.findall(r"<rect[^>]*><title>([^<]*) at step 2<", page)[1].endswith("never took")


def test_the_table_has_every_session(page: str) -> None:
    assert page.count(">collapsed<") >= 1
    assert "first collapsed, at edit" in page
