"""Commands that evaluate as the papers do: eval counterfact|zsre."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .method import method_hparams_param, method_param
from .options import SessionChoices
from .spec import Command, Effect, Params, Scope, param
from .summarizing import GROUP, figures_of, run_of

if TYPE_CHECKING:
    from ...hparams.finetune import Baseline
    from ...sessions.evaluation.evaluate import EvalOptions
    from ...sessions.evaluation.outcomes import Outcomes
    from ...sessions.evaluation.runner import CaseDone
    from ...sessions.live import LiveSession
    from ...store.records import SessionRecord
    from .context import Context
    from .evaluated import Evaluated
    from .results import StepBrief

_NAME_HELP = (
    "The session that holds the run; a run of that name goes on where it was. "
    "[default: a new session]"
)
_LIMIT_HELP = "Only so many cases, drawn with the session's seed; all of them in order without it."
_SEQUENTIAL_HELP = "Each edit on top of those before it, not on the unedited model."
_RESULTS_HELP = "Also write RESULTS/RULE/run_NNN/{params,case_N}.json, as kmeng01/rome does."


class CounterfactParams(Params):
    """Which cases, and how they are taken."""

    data: str = param(
        "A file of CounterFact records, or pocket for the embedded test set.",
        argument=True,
        completes="file",
    )
    name: str | None = param(_NAME_HELP, default=None, completes="session")
    limit: int | None = param(_LIMIT_HELP, "-n", default=None, minimum=1)
    sequential: bool = param(_SEQUENTIAL_HELP, default=False)
    split: str = param("Part of the embedded set.", default="test", choices=("test", "dev"))
    skip_generation: bool = param(
        "Write no texts: no GE, RS or essence, and several times as fast.", default=False
    )
    tokeniser: str = param(
        "How texts are cut into words for GE; nltk-punkt is what the published code calls.",
        default="nltk-words",
        choices=("nltk-words", "nltk-punkt", "whitespace"),
    )
    snippets: str | None = param(
        "Reference texts for RS and essence: a file like attribute_snippets.json, or pocket.",
        default=None,
        completes="file",
        metavar="FILE|pocket",
    )
    tfidf: str | None = param(
        "Word weights of RS: a folder with idf.npy and tfidf_vocab.json, or a file of texts to fit "
        "them to. [default: fitted to the snippets]",
        default=None,
        completes="file",
        metavar="FOLDER|FILE",
    )
    method: str | None = method_param()
    method_hparams: str | None = method_hparams_param()
    results: str | None = param(_RESULTS_HELP, default=None, completes="file", metavar="FOLDER")


class ZsreParams(Params):
    """Which cases, and how they are taken."""

    data: str = param("A file of zsRE records in MEND's form.", argument=True, completes="file")
    name: str | None = param(_NAME_HELP, default=None, completes="session")
    limit: int | None = param(_LIMIT_HELP, "-n", default=None, minimum=1)
    sequential: bool = param(_SEQUENTIAL_HELP, default=False)
    target: str = param(
        "What is written: the first of answers (kmeng01/rome), or alt (MEND, EasyEdit).",
        default="answers",
        choices=("answers", "alt"),
    )
    method: str | None = method_param()
    method_hparams: str | None = method_hparams_param()
    results: str | None = param(_RESULTS_HELP, default=None, completes="file", metavar="FOLDER")


def eval_counterfact(context: Context, params: CounterfactParams) -> Evaluated:
    """Edit every case, and measure ES, PS, NS and what goes with them."""
    from ...engine.metrics.words import Tokeniser
    from ...sessions.evaluation.cases import Dataset
    from ...sessions.evaluation.evaluate import EvalOptions
    from ...sessions.evaluation.plan import Mode

    options = EvalOptions(
        Dataset.COUNTERFACT,
        params.data,
        split=params.split,
        limit=params.limit,
        mode=Mode.SEQUENTIAL if params.sequential else Mode.BASE,
        generate=not params.skip_generation,
        tokeniser=Tokeniser(params.tokeniser),
        snippets=params.snippets,
        tfidf=params.tfidf,
        baseline=_baseline(params.method),
        method_hparams=params.method_hparams,
    )
    return _evaluate(context, options, params.name, params.results)


def eval_zsre(context: Context, params: ZsreParams) -> Evaluated:
    """Edit every case, and measure the accuracy of its answer token by token."""
    from ...sessions.evaluation.cases import Dataset, ZsreTarget
    from ...sessions.evaluation.evaluate import EvalOptions
    from ...sessions.evaluation.plan import Mode

    options = EvalOptions(
        Dataset.ZSRE,
        params.data,
        target=ZsreTarget(params.target),
        limit=params.limit,
        mode=Mode.SEQUENTIAL if params.sequential else Mode.BASE,
        baseline=_baseline(params.method),
        method_hparams=params.method_hparams,
    )
    return _evaluate(context, options, params.name, params.results)


def _baseline(method: str | None) -> Baseline | None:
    from ...hparams.finetune import Baseline

    return None if method is None else Baseline(method)


def _evaluate(
    context: Context, options: EvalOptions, name: str | None, results: str | None
) -> Evaluated:
    """Begin a run in a new session, or go on with the one of that name.

    Whatever is wrong is said before the model is loaded, and a run that is complete needs none.
    """
    from ...sessions.evaluation.evaluate import evaluate, gather
    from ..bench import options_of

    record = None if name is None else context.bench.repository.find_session(name)
    asked = options_of(context.bench.wanted(context.choices))
    if record is None:
        material = gather(options, asked.seed or 0, asked.model_name)
    else:
        known = _known(context, record)
        begun = None if known is None else known.plan
        material = gather(options, record.seed, record.model, begun=begun)
        if known is not None:
            known.plan.check_same(material.plan(record.rule, record.seed), record.name)
            if not known.waiting:
                return _told(record, known, 0, results)
    live = _session(context, options, name, exists=record is not None)
    taken: list[int] = []

    def landed(done: CaseDone) -> None:
        taken.append(done.case.case_id)
        context.emit(_brief(done))

    outcomes = evaluate(
        live,
        material,
        results=None if results is None else Path(results).expanduser(),
        progress=context.progress,
        stop=context.stop,
        on_case=landed,
    )
    return _told(live.session.record, outcomes, len(taken), results)


def _known(context: Context, record: SessionRecord) -> Outcomes | None:
    """What a run has come to already.

    Raises:
        UsageError: The session is another than was asked for.
    """
    from ...sessions.evaluation.outcomes import find_outcomes
    from ...sessions.options import check_options
    from ...sessions.session import Session
    from ..bench import options_of

    check_options(options_of(context.choices), record)
    with Session.open(context.bench.repository, record.name, write=False) as session:
        return find_outcomes(session)


def _told(record: SessionRecord, outcomes: Outcomes, taken: int, results: str | None) -> Evaluated:
    from ...sessions.evaluation.tree import ResultsTree
    from .evaluated import Evaluated, FailedCase

    plan, tree = outcomes.plan, None
    if results is not None:
        tree = ResultsTree.open(Path(results).expanduser(), record, plan)
        tree.complete(outcomes)
    return Evaluated(
        session=record.name,
        dataset=plan.dataset,
        source=plan.source,
        mode=str(plan.mode),
        taken=taken,
        failed=tuple(FailedCase(i, why) for i, why in outcomes.failed.items()),
        run=figures_of(run_of(record, outcomes)),
        tokeniser=str(plan.tokeniser) if plan.generate else None,
        references=plan.references,
        results=None if tree is None else str(tree.folder),
    )


def _session(
    context: Context, options: EvalOptions, name: str | None, *, exists: bool
) -> LiveSession:
    from ...sessions.options import DEFAULT_MODEL, NO_STATISTICS, session_stem

    bench, choices = context.bench, context.choices
    if exists:
        assert name is not None
        bench.use(name)
        return context.live()
    if name is None:
        model = bench.wanted(choices).model or DEFAULT_MODEL
        name = bench.repository.unique_name(f"{session_stem(model)}-{options.dataset}")
    if choices.over(bench.choices).vitals is None:
        choices = choices.over(SessionChoices(vitals="cheap"))
    if options.baseline is not None:
        choices = choices.over(SessionChoices(stats=NO_STATISTICS))
    return bench.create(
        name,
        choices,
        progress=context.progress,
        stop=context.stop,
        note=context.note,
    )


def _brief(done: CaseDone) -> StepBrief:
    from .results import StepBrief, brief

    if done.step is not None:
        return brief(done.step)
    return StepBrief(
        step=None,
        position=None,
        subject=done.case.request.subject,
        target_new=done.case.request.target_new,
        message=done.error,
    )


COMMANDS = (
    Command(
        name="eval counterfact",
        summary="edit the cases of CounterFact and measure ES, PS, NS, GE, RS and S",
        params=CounterfactParams,
        effect=Effect.WRITE,
        scope=Scope.STORE,
        run=eval_counterfact,
        group=GROUP,
        long=True,
        creates=True,
        examples=(
            "eval counterfact pocket -n 20 --rule rome",
            "eval counterfact counterfact.json --model gpt2-xl --name xl --results results",
            "eval counterfact pocket --sequential --skip-generation",
        ),
    ),
    Command(
        name="eval zsre",
        summary="edit the cases of zsRE and measure the accuracy of their answers",
        params=ZsreParams,
        effect=Effect.WRITE,
        scope=Scope.STORE,
        run=eval_zsre,
        group=GROUP,
        long=True,
        creates=True,
        examples=("eval zsre zsre_mend_eval.json -n 100 --seed 1",),
    ),
)
