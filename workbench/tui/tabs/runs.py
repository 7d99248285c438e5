"""The lists of the Eval tab: the runs of the store, and the cases of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from ..side.lines import LineList
from ..text import FAINT, MUTED, percent, said

if TYPE_CHECKING:
    from ....sessions.evaluation.runs import CaseLine, Run, RunLine
    from ....sessions.evaluation.summary import Figure

_WIDE = 92
"""Width from which a case has all its figures."""

_BAR = 10


class RunList(LineList):
    """The runs, newest first."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._runs: tuple[RunLine, ...] = ()
        self._live = ""

    def show(self, runs: tuple[RunLine, ...], live: str) -> None:
        """Draw the runs; `live` is the session whose run is under way."""
        self._runs, self._live = runs, live
        self.changed()

    @property
    def count(self) -> int:
        """One line for each."""
        return len(self._runs)

    @property
    def session(self) -> str | None:
        """The session of the highlighted run."""
        return self._runs[self.highlighted].session if self._runs else None

    def line(self, index: int, width: int) -> Content:
        """One run."""
        run = self._runs[index]
        plan = run.plan
        return Content.assemble(
            state_of(run, live=run.session == self._live),
            " ",
            bar(run),
            (f" {run.done + run.failed:>5,} of {run.total:<5,} ", MUTED),
            said(run.session, "bold", width=26),
            ("  efficacy ", FAINT),
            percent(run.efficacy),
            (f"  {plan.method} {plan.mode}  {plan.dataset} ", MUTED),
            said(plan.source, FAINT),
        )


class CaseList(LineList):
    """The cases of a run, the newest first."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._cases: tuple[CaseLine, ...] = ()

    def show(self, run: Run) -> None:
        """Draw the cases; the highlight stays on its case, or at the top."""
        grown = len(run.cases) - len(self._cases)
        self._cases = run.cases
        self.changed()
        if grown > 0 and self.highlighted:
            self.highlighted = min(self.highlighted + grown, self.count - 1)

    @property
    def count(self) -> int:
        """One line for each."""
        return len(self._cases)

    @property
    def case(self) -> CaseLine | None:
        """The highlighted case."""
        return self._case(self.highlighted) if self._cases else None

    def _case(self, index: int) -> CaseLine:
        return self._cases[len(self._cases) - 1 - index]

    def line(self, index: int, width: int) -> Content:
        """One case."""
        case = self._case(index)
        head: list[Content | tuple[str, str]] = [(f"{case.case_id:>6} ", MUTED)]
        if case.error:
            return Content.assemble(*head, ("✖ ", "$error"), said(case.error, "$error"))
        took = case.metric("post_rewrite_success", "post_rewrite_acc")
        head += [_tick(took), (" ", "")]
        for names in _COLUMNS if width >= _WIDE else _COLUMNS[:2]:
            head.append(_score(case.metric(*names)))
        if width >= _WIDE:
            head.append(_number(case.metric("post_ngram_entropy")))
            head.append(_number(case.metric("pre_ngram_entropy"), FAINT))
        fact = Content.assemble(said(case.subject), (" → ", FAINT), said(case.target))
        return Content.assemble(*head, " ", fact)


_COLUMNS = (
    ("post_paraphrase_success", "post_paraphrase_acc"),
    ("post_neighborhood_success", "post_neighborhood_acc"),
    ("post_rewrite_diff",),
)


def cases_head(width: int) -> Content:
    """The names of the columns of cases."""
    names = f"{'case':>6} E  {'PS':>4} {'NS':>5} "
    names += f"{'EM':>5} {'GE':>6}{'before':>6} " if width >= _WIDE else ""
    return Content.styled(f"{names} request", FAINT)


def _tick(took: float | None) -> tuple[str, str]:
    return ("✓", "$success") if took == 1 else ("✗", "$error") if not took else ("◐", "$warning")


def _score(value: float | None) -> tuple[str, str]:
    return (f"{'–' if value is None else f'{100 * value:.0f}':>5} ", "")


def _number(value: float | None, style: str = "") -> tuple[str, str]:
    return (f"{'–' if value is None else f'{value:.2f}':>6}", style)


def state_of(run: RunLine, *, live: bool) -> Content:
    """Whether a run is under way, complete or waiting to go on."""
    if live:
        return Content.styled("▶", "$accent")
    return Content.styled("✓", "$success") if run.complete else Content.styled("‖", "$warning")


def bar(run: RunLine, width: int = _BAR) -> Content:
    """How far a run is."""
    full = round(width * (run.done + run.failed) / max(run.total, 1))
    return Content.assemble(("━" * full, "$primary"), ("─" * (width - full), FAINT))


_FIRST = ("score", "rewrite", "paraphrase", "neighborhood", "ngram", "reference")
"""What the papers' tables begin with; the differences come after."""


def figures_line(run: Run, width: int) -> Content:
    """The figures after the edit, with half their intervals where there is room for those."""
    found = [figure for figure in run.figures if figure.key.startswith("post_")]
    found.sort(key=_place)
    roomy, short = (
        Content("  ").join([_figure(figure, spread=spread) for figure in found])
        for spread in (True, False)
    )
    line = roomy if roomy.cell_length <= width else short
    return line.truncate(width, ellipsis=True)


def _place(figure: Figure) -> int:
    stem = figure.key.removeprefix("post_")
    place = next((at for at, name in enumerate(_FIRST) if stem.startswith(name)), len(_FIRST))
    return place + 10 * stem.endswith("_diff")


def _figure(figure: Figure, *, spread: bool) -> Content:
    """A mean, and half of its interval."""
    half = (figure.high - figure.low) / 2
    tiny = figure.key == "post_distance"
    return Content.assemble(
        (f"{figure.label} ", MUTED),
        (f"{figure.mean:.2e}" if tiny else f"{figure.mean:.1f}", "bold"),
        (f" ±{half:.1f}" if spread and half and not tiny else "", FAINT),
    )
