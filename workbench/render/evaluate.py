"""Evaluations as they are shown: figures of a run, and runs side by side as table, CSV or LaTeX."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from . import parts

if TYPE_CHECKING:
    from ...sessions.evaluation.summary import Figure
    from ..commands.evaluated import (
        Downstream,
        EvalSummary,
        Evaluated,
        ResultsWritten,
        RunFigures,
    )
    from ..commands.probed import HarnessAsked

_LATEX = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"} | {"Δ": "$\\Delta$", "\\": "", "~": "", "^": ""}
)
_TABLE_ROW = ("S", "ES", "EM", "PS", "PM", "NS", "NM", "GE", "RS", "essence")
_ZSRE_ROW = ("S", "efficacy", "paraphrase", "specificity")


def evaluated(result: Evaluated) -> RenderableType:
    """A run: its figures, and what they were measured with."""
    rows: list[tuple[str, Text | str]] = [
        ("data", parts.line(result.dataset, ", ", parts.shown(result.source))),
        ("edits", f"{_method(result.run)}, {_MODES[result.mode]}"),
        ("cases", f"{result.run.cases:,}, {result.taken:,} of them now"),
    ]
    if result.tokeniser is not None:
        rows.append(("words", f"{result.tokeniser}, for GE"))
    if result.references is not None:
        rows.append(("references", parts.shown(_references(result.references))))
    if result.results is not None:
        rows.append(("files", parts.shown(result.results)))
    failures = [
        parts.line(f"case {each.case_id} could not be edited: ", parts.shown(each.message))
        for each in result.failed
    ]
    head = parts.line("evaluation in session ", parts.shown(result.session, parts.CURSOR))
    return Group(head, parts.facts(rows), Text(), _table((result.run,)), *failures)


def _method(run: RunFigures) -> str:
    return f"{run.method} with {run.second_moment}" if run.second_moment else run.method


_MODES = {"base": "each on the unedited model", "sequential": "one on top of the other"}


def _references(references: dict[str, object]) -> str:
    table = references["tfidf"]
    assert isinstance(table, dict)
    return (
        f"snippets {references['snippets']}; tf-idf of {table['source']} "
        f"({table['words']} words, sha256 {str(table['sha256'])[:12]})"
    )


def summary(result: EvalSummary) -> RenderableType:
    """Runs side by side."""
    match result.layout:
        case "csv":
            return Text(_csv(result.runs), no_wrap=True, overflow="ignore", end="")
        case "latex":
            return Text(_latex(result.runs), no_wrap=True, overflow="ignore", end="")
        case _:
            return _table(result.runs)


def results_written(result: ResultsWritten) -> RenderableType:
    """Result files."""
    return parts.line(
        f"wrote {parts.count(result.cases, 'case')} of {result.total:,} to ",
        parts.shown(result.folder),
    )


def downstream(result: Downstream) -> RenderableType:
    """Probes along a path."""
    return parts.table(
        ">edits", ">step", "probe", ">F1 or ppl", ">MCC", ">right", ">wrong", ">invalid",
        ">|Δ|/numel", "",
        rows=(
            (
                f"{line.depth:,}",
                f"{line.step:,}",
                line.probe,
                f"{line.value:.4f}" if line.mcc is not None else f"{line.value:.2f}",
                "–" if line.mcc is None else f"{line.mcc:.4f}",
                *("–" if n is None else str(n) for n in (line.correct, line.incorrect)),
                "–" if line.invalid is None else str(line.invalid),
                f"{line.distance:.2e}",
                Text("known" if line.known else "", style=parts.LABEL),
            )
            for line in result.lines
        ),
    )  # fmt: skip


def harness(result: HarnessAsked) -> RenderableType:
    """Tasks along a path, and what had to be cut."""
    table = parts.table(
        ">edits", ">step", "task", "metric", ">value", ">± stderr", ">examples", ">shots", ">cut",
        ">|Δ|/numel", "",
        rows=(
            (
                f"{line.depth:,}",
                f"{line.step:,}",
                parts.shown(line.task),
                parts.shown(line.metric),
                f"{line.value:.4f}",
                "–" if line.stderr is None else f"{line.stderr:.4f}",
                f"{line.n:,}",
                str(line.shots),
                f"{line.cut:,} of {line.requests:,}" if line.cut else "–",
                f"{line.distance:.2e}",
                Text("known" if line.known else "", style=parts.LABEL),
            )
            for line in result.lines
        ),
    )  # fmt: skip
    said = [Text(f"lm-eval {result.version}", style=parts.LABEL)]
    if any(line.cut for line in result.lines):
        said.append(
            Text(
                f"the model takes {result.context} tokens: longer requests lost their beginning, "
                "as the harness does it",
                style="yellow",
            )
        )
    return Group(table, *said)


def _table(runs: tuple[RunFigures, ...]) -> RenderableType:
    """One row for each metric, one column for each run."""
    keys = dict.fromkeys((f.key, f.label) for run in runs for f in run.figures)
    if not keys:
        return Text("no figures: no case is done yet", style=parts.LABEL)
    known = [{figure.key: figure for figure in run.figures} for run in runs]
    rows: list[list[Text | str]] = []
    for key, label in keys:
        name = f"{label} before" if key.startswith("pre_") else label
        rows.append([name, *(_cell(figures.get(key)) for figures in known)])
    made = parts.table("", *(">" + parts.shown(_head(run)).plain for run in runs), rows=rows)
    return Group(made, Text("mean ± deviation over cases [95 % interval]", style=parts.LABEL))


def _head(run: RunFigures) -> str:
    """A run's name, with what a figure must not be read without."""
    identity = ", C=I" if run.second_moment == "C=I" else ""
    return f"{run.name} ({run.cases:,}{identity})"


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    spread = "" if figure.std is None else f" ± {_digits(figure, figure.std)}"
    interval = f"[{_digits(figure, figure.low)}, {_digits(figure, figure.high)}]"
    return f"{_digits(figure, figure.mean)}{spread}  {interval}"


def _digits(figure: Figure, value: float) -> str:
    return f"{value:.2e}" if figure.key == "distance" else f"{value:.2f}"


_OF_RUN = ("method", "second_moment", "cases")
_OF_FIGURE = ("label", "key", "mean", "std", "low", "high", "n")


def _csv(runs: tuple[RunFigures, ...]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("run", *_OF_RUN, "metric", *_OF_FIGURE[1:]))
    for run in runs:
        of_run = [run.name, *(getattr(run, name) for name in _OF_RUN)]
        for figure in run.figures:
            # The csv writer leaves the field of a None empty.
            writer.writerow([*of_run, *(getattr(figure, name) for name in _OF_FIGURE)])
    return out.getvalue()


def _latex(runs: tuple[RunFigures, ...]) -> str:
    """A table as in the papers: one row for each run, half the interval behind each mean."""
    after = [{f.label: f for f in run.figures if not f.key.startswith("pre_")} for run in runs]
    wanted = (*_TABLE_ROW, *_ZSRE_ROW[1:])
    labels = [label for label in wanted if any(label in figures for figures in after)]
    lines = [
        "\\begin{tabular}{l" + "r" * len(labels) + "}",
        "\\toprule",
        " & ".join(["run", *labels]) + r" \\",
        "\\midrule",
    ]
    for run, figures in zip(runs, after, strict=True):
        cells = (_latex_cell(figures.get(label)) for label in labels)
        lines.append(" & ".join([_head(run).translate(_LATEX), *cells]) + r" \\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _latex_cell(figure: Figure | None) -> str:
    if figure is None:
        return "--"
    return f"{figure.mean:.1f} ({(figure.high - figure.low) / 2:.1f})"
