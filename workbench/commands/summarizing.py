"""Commands on runs that are there already: eval results|summarize."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import FileFormatError, UsageError
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...sessions.evaluation.outcomes import Outcomes
    from ...store.records import Json, SessionRecord
    from .context import Context
    from .evaluated import EvalSummary, ResultsWritten, RunFigures

GROUP = "Evaluation"


class ResultsParams(Params):
    """Which run, and where to."""

    session: str = param(
        "The session that holds the run. [default: the last one used]",
        default="",
        argument=True,
        completes="session",
    )
    to: str = param("The folder of all results.", "-o", completes="file", metavar="FOLDER")


class SummarizeParams(Params):
    """Which runs, and how they are shown."""

    runs: tuple[str, ...] = param(
        "Sessions, folders of runs, or folders that hold such.", argument=True, completes="session"
    )
    layout: str = param(
        "How they are shown; --json gives every digit.",
        default="table",
        choices=("table", "csv", "latex"),
    )
    first: int | None = param(
        "Only cases with a case id below this, as --first_n_cases.", default=None, minimum=1
    )


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was read: its name, how it was made, its cases."""

    name: str
    method: str
    second_moment: str
    cases: list[Json]


def run_of(record: SessionRecord, outcomes: Outcomes) -> Run:
    """The run that a session holds."""
    second = "C=I" if record.statistics is None else "C"
    if not outcomes.plan.uses_second_moment:
        second = ""
    return Run(record.name, outcomes.plan.method, second, list(outcomes.cases.values()))


def figures_of(run: Run) -> RunFigures:
    """Every metric of a run."""
    from ...sessions.evaluation.summary import summarize
    from .evaluated import RunFigures

    figures = tuple(summarize(run.cases))
    return RunFigures(run.name, run.method, run.second_moment, len(run.cases), figures)


def eval_results(context: Context, params: ResultsParams) -> ResultsWritten:
    """Write a run's results as published files."""
    from ...sessions.evaluation.outcomes import outcomes_of
    from ...sessions.evaluation.tree import ResultsTree
    from ...sessions.session import Session
    from .evaluated import ResultsWritten

    repository = context.bench.repository
    name = params.session or context.bench.required_name()
    with Session.open(repository, name, write=False) as session:
        outcomes = outcomes_of(session)
        tree = ResultsTree.open(Path(params.to).expanduser(), session.record, outcomes.plan)
        written = tree.complete(outcomes)
    return ResultsWritten(name, str(tree.folder), written, len(outcomes.cases))


def eval_summarize(context: Context, params: SummarizeParams) -> EvalSummary:
    """Mean, deviation and interval of every metric, runs side by side."""
    from .evaluated import EvalSummary

    if not params.runs:
        raise UsageError("which runs?", "name sessions or folders of results")
    found = [run for name in params.runs for run in _read(context, name)]
    if params.first is not None:
        found = [replace(run, cases=_below(run.cases, params.first)) for run in found]
    return EvalSummary(tuple(figures_of(run) for run in found), params.layout)


def _below(cases: list[Json], first: int) -> list[Json]:
    return [case for case in cases if int(case["case_id"]) < first]


def _read(context: Context, name: str) -> list[Run]:
    """The runs a word stands for: a session's, a folder's, or those in a folder."""
    from ...sessions.evaluation.outcomes import outcomes_of
    from ...sessions.evaluation.tree import read_run, run_folders, second_moment_of
    from ...sessions.session import Session

    path = Path(name).expanduser()
    if path.is_dir():
        families = [path, *sorted(path.iterdir())]
        folders = [folder for family in families for folder in run_folders(family)] or [path]
        return [
            Run(
                f"{folder.parent.name}/{folder.name}",
                folder.parent.name,
                second_moment_of(folder),
                read_run(folder),
            )
            for folder in folders
        ]
    repository = context.bench.repository
    if repository.find_session(name) is None and path.exists():
        raise FileFormatError(f"{name} is a file", "name the folder of a run, or a session")
    with Session.open(repository, name, write=False) as session:
        return [run_of(session.record, outcomes_of(session))]


COMMANDS = (
    Command(
        name="eval results",
        summary="write the results of a run as kmeng01/rome's files",
        params=ResultsParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=eval_results,
        group=GROUP,
        examples=("eval results pocket-counterfact --to results",),
    ),
    Command(
        name="eval summarize",
        summary="mean, deviation and interval of every metric, runs side by side",
        params=SummarizeParams,
        effect=Effect.READ,
        scope=Scope.STORE,
        run=eval_summarize,
        group=GROUP,
        examples=(
            "eval summarize pocket-counterfact",
            "eval summarize results/ROME results/R-ROME --layout latex",
        ),
    ),
)
