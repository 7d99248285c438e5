"""From what was asked for to a run: cases read and drawn, references made, the loop started."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.metrics.words import DEFAULT_TOKENISER, Tokeniser, split_words
from ...engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ...errors import UsageError
from ...hparams.finetune import Baseline, FineTuneHparams
from ...store.records import Json
from ..options import DEFAULT_MODEL
from ..watch.levels import Guard
from ..ways import FineTune, find_method
from .cases import CaseData, Dataset, EvalCase, ZsreTarget, read_cases
from .outcomes import Outcomes, find_outcomes
from .plan import EvalPlan, Mode
from .references import References, read_references
from .runner import CaseDone, CaseTaker, OnCase, run_evaluation
from .scoring import Scorer
from .tree import ResultsTree

if TYPE_CHECKING:
    from ..live import LiveSession


@dataclass(frozen=True, slots=True)
class EvalOptions:
    """What was asked for.

    Attributes:
        dataset: CounterFact or zsRE.
        data: A file, or "pocket".
        split: Part of the embedded set: "test" or "dev".
        target: Which answer of a zsRE record is written.
        limit: So many cases, drawn with the session's seed; None for all, in order.
        mode: From base, or sequentially.
        generate: Write texts and score them.
        tokeniser: How they are cut into words.
        snippets: Reference texts: a file, or "pocket"; None to leave consistency out.
        tfidf: A folder with the published table, or a file of texts to fit one to; None to fit
            one to the snippets.
        baseline: A fine-tuning baseline; None for the session's rule.
        method_hparams: A JSON file of its hyperparameters; None for the published ones.
    """

    dataset: Dataset
    data: str
    split: str = "test"
    target: ZsreTarget = ZsreTarget.ANSWERS
    limit: int | None = None
    mode: Mode = Mode.BASE
    generate: bool = True
    tokeniser: Tokeniser = DEFAULT_TOKENISER
    snippets: str | None = None
    tfidf: str | None = None
    baseline: Baseline | None = None
    method_hparams: str | None = None

    @property
    def generates(self) -> bool:
        """Whether texts are written: zsRE has no prompts for them."""
        return self.generate and self.dataset is Dataset.COUNTERFACT


@dataclass(frozen=True, slots=True)
class Material:
    """What a run needs that costs no model: read before one is loaded.

    Attributes:
        options: What was asked for.
        data: The cases of the source.
        references: Texts for consistency and essence, where asked for.
        method: In place of the session's rule, where one was asked for.
    """

    options: EvalOptions
    data: CaseData
    references: References | None
    method: FineTune | None = None

    def cases(self, seed: int) -> tuple[EvalCase, ...]:
        """The cases that are taken, in order."""
        return self.data.chosen(self.options.limit, seed)

    def plan(self, rule: str, seed: int) -> EvalPlan:
        """The run, fixed.

        Args:
            rule: Of the session; the method where no baseline was asked for.
            seed: Of the session; draws the sample.
        """
        options = self.options
        own: Json = {}
        if options.dataset is Dataset.ZSRE:
            own["target"] = str(options.target)
        if self.method is not None:
            own["hparams"] = self.method.to_json()
        return EvalPlan(
            dataset=str(options.dataset),
            source=self.data.source,
            sha256=self.data.sha256,
            method=str(options.baseline or rule),
            mode=options.mode,
            case_ids=tuple(case.case_id for case in self.cases(seed)),
            generate=options.generates,
            tokeniser=options.tokeniser,
            references=None if self.references is None else self.references.to_json(),
            options=own or None,
        )


def gather(
    options: EvalOptions, seed: int, model: str = DEFAULT_MODEL, *, begun: EvalPlan | None = None
) -> Material:
    """Read what a run needs; everything that is wrong with it is found here.

    Args:
        seed: Of the session.
        model: Name of its model, which a baseline's published hyperparameters are for.
        begun: The run that is gone on with: a baseline keeps its hyperparameters unless a file
            of others is named.

    Raises:
        FileFormatError: A file can't be read.
        HparamsError: No hyperparameters of the baseline are known for the model.
        UsageError: The options don't go together, or something isn't installed.
    """
    if options.tfidf is not None and options.snippets is None:
        raise UsageError("--tfidf without --snippets", "consistency needs reference texts")
    if options.snippets is not None and not options.generates:
        raise UsageError("--snippets where no text is written", "leave one of them out")
    if options.method_hparams is not None and options.baseline is None:
        raise UsageError("--method-hparams without --method", "a rule takes --hparams")
    method = _method(options, model, begun)
    if options.generates:
        split_words("", options.tokeniser)
    data = read_cases(options.data, options.dataset, split=options.split, target=options.target)
    data.chosen(options.limit, seed)
    snippets = options.snippets
    references = None if snippets is None else read_references(snippets, options.tfidf)
    return Material(options, data, references, method)


def _method(options: EvalOptions, model: str, begun: EvalPlan | None) -> FineTune | None:
    if options.baseline is None:
        return None
    kept = None if begun is None else begun.method_hparams
    if options.method_hparams is None and kept is not None:
        return FineTune(options.baseline, FineTuneHparams.from_json(kept))
    return find_method(options.baseline, options.method_hparams, model)


def evaluate(
    live: LiveSession,
    material: Material,
    *,
    results: Path | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
    on_case: OnCase | None = None,
) -> Outcomes:
    """Begin the run in a session, or go on with it.

    No verdict stops it or takes a case back: every case is measured, whatever the session's guard.

    Args:
        results: The folder of all results; None to write no files.

    Raises:
        UsageError: The session holds another run or other steps.
        CancelledError: `stop` was set; the run can go on.
        RomebenchError: A failure that is no fault of a case.
    """
    session = live.session
    plan = material.plan(session.record.rule, session.record.seed)
    cases = material.cases(session.record.seed)
    held = find_outcomes(session)
    if held is not None:
        held.plan.check_same(plan, session.record.name)
    tree = None if results is None else ResultsTree.open(results, session.record, plan)
    if tree is not None and held is not None:
        tree.complete(held)

    def landed(done: CaseDone) -> None:
        if tree is not None and done.result is not None:
            tree.write(done.result)
        if on_case is not None:
            on_case(done)

    scorer = Scorer(plan, session.record.seed, material.references)
    taker = CaseTaker(live, scorer, material.method)
    watch, live.watch = live.watch, replace(live.watch, guard=Guard.OFF)
    try:
        return run_evaluation(
            live, plan, cases, taker, progress=progress, stop=stop, on_case=landed
        )
    finally:
        live.watch = watch
