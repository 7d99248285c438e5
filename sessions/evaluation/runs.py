"""Evaluation runs as they stand in the store, followed while they grow: a list, a run, a case.

Of a run that is known already only the new cases are read. Knows no model and never imports torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import RomebenchError, UsageError
from ...hparams.finetune import Baseline
from ...store.records import BASE, Json, MeasurementRecord, SessionRecord
from .cases import POCKET_DATA, Dataset, ZsreTarget, read_cases
from .outcomes import CASE, FAILED, PLAN
from .plan import EvalPlan, Mode
from .summary import Figure, case_metrics, figures_of

if TYPE_CHECKING:
    from ...store.repository import Repository

_MOST_HELD = 8
"""Runs whose cases are kept."""

_PARTS = (
    ("rewrite", "edited prompt"),
    ("paraphrase", "paraphrase"),
    ("neighborhood", "neighbour"),
    ("attribute", "same attribute"),
)


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list.

    Attributes:
        session: The session that holds it.
        plan: What it set out to do.
        done: Cases that were measured.
        failed: Cases that could not be edited.
        efficacy: Mean of what a case is listed with: ES, or zsRE's efficacy.
        began_at: When, ISO 8601 in UTC.
    """

    session: str
    plan: EvalPlan
    done: int
    failed: int
    efficacy: float | None
    began_at: str

    @property
    def total(self) -> int:
        """How many cases it is to take."""
        return len(self.plan.case_ids)

    @property
    def complete(self) -> bool:
        """Whether no case waits any more."""
        return self.done + self.failed >= self.total


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a table. `metrics`: by their published keys; `error`: why it has none."""

    case_id: int
    subject: str
    target: str
    metrics: dict[str, float]
    error: str = ""

    def metric(self, *names: str) -> float | None:
        """The first of some metrics that the case has."""
        return next((self.metrics[name] for name in names if name in self.metrics), None)


@dataclass(frozen=True, slots=True)
class Run:
    """A run with its cases, in the order they were taken; `figures` are of those so far."""

    line: RunLine
    cases: tuple[CaseLine, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class PromptLine:
    """A prompt of a case, before and after the edit.

    Attributes:
        part: "edited prompt", "paraphrase", …
        prompt: None where it was not kept with the case.
        before: Probabilities of the new and the true target; zsRE: the share of right tokens.
        after: The same after the edit.
    """

    part: str
    prompt: str | None
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CasePage:
    """All that is known of a case.

    Attributes:
        step: The step it became; None where it became none.
        request: The edit as it is typed.
        texts: Prompt-less pairs of what was written before and after.
    """

    case_id: int
    step: int | None
    request: str
    true: str
    prompts: tuple[PromptLine, ...]
    texts: tuple[tuple[str, str], ...]
    metrics: dict[str, float]


@dataclass(slots=True)
class _Held:
    row: int = 0
    cases: dict[int, CaseLine] = field(default_factory=dict)


class Runs:
    """Follows the runs of a store. Used from one thread at a time."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def list(self, repository: Repository) -> tuple[RunLine, ...]:
        """Every run, the newest first."""
        done = repository.measured_means(CASE)
        failed = repository.measured_means(FAILED)
        return tuple(
            RunLine(
                name,
                EvalPlan.from_json(record.detail),
                done.get(name, (0, None))[0],
                failed.get(name, (0, None))[0],
                done.get(name, (0, None))[1],
                record.created_at,
            )
            for name, record in repository.measured(PLAN)
        )

    def run(self, repository: Repository, session: str) -> Run | None:
        """A run with its cases; None where the session holds none, or isn't there yet."""
        line = next((each for each in self.list(repository) if each.session == session), None)
        if line is None:
            return None
        record = repository.session(session)
        held = self._known(record)
        held.row, found = repository.measurements_since(record.id, held.row)
        for each in found:
            if each.probe in (CASE, FAILED):
                case = _case_line(each)
                held.cases[case.case_id] = case
        cases = tuple(held.cases.values())
        return Run(line, cases, tuple(figures_of([c.metrics for c in cases if not c.error])))

    def _known(self, record: SessionRecord) -> _Held:
        held = self._held.pop(record.uid, None) or _Held()
        self._held[record.uid] = held
        while len(self._held) > _MOST_HELD:
            del self._held[next(iter(self._held))]
        return held


def _case_line(record: MeasurementRecord) -> CaseLine:
    detail = record.detail
    case_id = int(detail["case_id"])
    if record.probe == FAILED:
        return CaseLine(case_id, "", "", {}, str(detail["error"]))
    rewrite = detail["requested_rewrite"]
    target = str(rewrite["target_new"]["str"]).strip()
    return CaseLine(case_id, str(rewrite["subject"]), target, case_metrics(detail))


def read_case(repository: Repository, session: str, case_id: int) -> CasePage:
    """A case with its prompts, probabilities and texts.

    Raises:
        UsageError: The run has no such case, or it could not be edited.
    """
    record = repository.session(session)
    for found in repository.measurements(record.id):
        if found.probe == CASE and found.detail["case_id"] == case_id:
            request = {} if found.step == BASE else repository.step(record.id, found.step).request
            return _page(found, request)
    raise UsageError(f"case {case_id} of {session!r} was not measured", "it may still be waiting")


def _page(found: MeasurementRecord, request: Json) -> CasePage:
    detail, rewrite = found.detail, found.detail["requested_rewrite"]
    subject, template = str(rewrite["subject"]), str(rewrite["prompt"])
    prompts = {
        "rewrite": [template.replace("{}", subject)],
        **{part: list(request.get(f"{part}_prompts", ())) for part, _ in _PARTS[1:]},
    }
    pre, post = detail.get("pre") or {}, detail.get("post") or {}
    return CasePage(
        case_id=int(detail["case_id"]),
        step=None if found.step == BASE else found.step,
        request=f"{template.replace('{}', f'[{subject}]')} => {rewrite['target_new']['str']}",
        true=str(rewrite.get("target_true", {}).get("str", "")),
        prompts=tuple(_prompts(pre, post, prompts)),
        texts=tuple(zip(pre.get("text", ()), post.get("text", ()), strict=False)),
        metrics=case_metrics(detail),
    )


def _prompts(pre: Json, post: Json, prompts: dict[str, list[str]]) -> Iterable[PromptLine]:
    for part, name in _PARTS:
        before, after = _values(pre, part), _values(post, part)
        for at, value in enumerate(after):
            known = prompts[part]
            prompt = known[at] if len(known) == len(after) else None
            yield PromptLine(name, prompt, before[at] if at < len(before) else (), value)


def _values(side: Json, part: str) -> list[tuple[float, ...]]:
    pairs: Sequence[Any] | None = side.get(f"{part}_prompts_probs")
    if pairs is not None:
        return [(exp(-p["target_new"]), exp(-p["target_true"])) for p in pairs]
    bits: Sequence[Any] = side.get(f"{part}_prompts_correct") or ()
    return [(sum(map(float, bits)) / len(bits),)] if bits else []


def to_go_on(plan: EvalPlan) -> Json:
    """The parameters of the command that goes on with a run, as far as the plan tells them.

    Raises:
        UsageError: Its data is not where it was.
    """
    own, options = plan.source.partition(" "), plan.options or {}
    embedded = own[0] == POCKET_DATA and not Path(plan.source).exists()
    data, split = (POCKET_DATA, own[2]) if embedded else (plan.source, "test")
    dataset, target = Dataset(plan.dataset), ZsreTarget(options.get("target", "answers"))
    try:
        cases = read_cases(data, dataset, split=split, target=target).cases
    except (RomebenchError, OSError) as error:
        raise UsageError(
            f"the data of the run can't be read: {error}",
            f"`eval {plan.dataset} FILE --name …` goes on with it",
        ) from None
    whole = plan.case_ids == tuple(case.case_id for case in cases)
    found: Json = {
        "data": data,
        "limit": None if whole else len(plan.case_ids),
        "sequential": plan.mode is Mode.SEQUENTIAL,
        "method": plan.method if plan.method in set(Baseline) else None,
    }
    if dataset is Dataset.ZSRE:
        return {**found, "target": str(target)}
    references = plan.references or {}
    return {
        **found,
        "split": split,
        "skip_generation": not plan.generate,
        "tokeniser": str(plan.tokeniser),
        "snippets": references.get("snippets"),
        "tfidf": references.get("weights"),
    }
