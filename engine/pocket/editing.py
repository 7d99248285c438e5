"""How the pocket model takes edits: single ones under every rule, and sequences.

Owns the measurements that the model card reports, over the evaluation set's
records.  The edits themselves are the engine's; this module applies each to
the live weight and puts the base weight back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from ...hparams import Hparams
from ..contexts import draw_contexts
from ..delta import RankOneDelta
from ..editor import Edit, compute_edit, unit_direction
from ..loading import load_model
from ..model import LoadedModel
from ..moments import SecondMoment, load_statistics
from ..request import EditRequest
from ..rules import EQUATIONS, EditContext, Rule
from . import held_out_documents, load_world, moments_path
from .recall import Rate, answered, perplexity
from .world import Fact

Record = Mapping[str, Any]
SEED = 0


@dataclass(frozen=True, slots=True)
class Scores:
    """What one edit did, each as metrics of the field define it, as shares.

    Attributes:
        success: ES: the new object is likelier than the true one at the request.
        magnitude: EM: difference of their probabilities there.
        paraphrase: PS over the paraphrase prompts.
        neighbourhood: NS over the neighbourhood prompts.
        kept: Other facts of the subject still answered, and of how many.
        greedy: The new object is what greedy decoding says at the request.
        relative_norm: ‖Δ‖_F / ‖W₀‖_F.
        ratio: k₀·u over k̄·u.
    """

    success: float
    magnitude: float
    paraphrase: float
    neighbourhood: float
    kept: tuple[int, int]
    greedy: bool
    relative_norm: float
    ratio: float


@dataclass(eq=False)
class Bench:
    """The model on the bench: base weight, contexts and C for one set of hparams.

    Attributes:
        model: The loaded model; its weight is put back after every measurement.
        hparams: Layer and optimisation.
        moment: C of the site.
        contexts: Context templates, drawn from the base model.
    """

    model: LoadedModel
    hparams: Hparams
    moment: SecondMoment
    contexts: Sequence[str]
    base: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.base = self.live.clone()

    @classmethod
    def open(cls, hparams: Hparams, moment: SecondMoment | None = None) -> Bench:
        """Load the pocket model, its C for the hparams' layer, and draw contexts."""
        model = load_model("pocket", device="cpu", dtype="float32")
        name = model.weight_name(hparams.layer)
        if moment is None:
            moment = load_statistics(
                moments_path(name),
                d_in=model.linear_view(name).shape[1],
                weight_name=name,
                model_sha256=model.model_sha256,
            )
        contexts = draw_contexts(model, hparams.context_template_length_params, SEED)
        return cls(model, hparams, moment.with_ridge(hparams.mom2_ridge), contexts)

    @property
    def live(self) -> torch.Tensor:
        """The live weight, (d_out, d_in)."""
        return self.model.linear_view(self.model.weight_name(self.hparams.layer))

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Whatever is added inside, the base weight stands afterwards."""
        try:
            yield
        finally:
            self.live.copy_(self.base)

    def edit(self, record: Record) -> Edit:
        """Optimise the value for a record; the rule is chosen by `delta` afterwards."""
        return compute_edit(
            self.model, request_of(record), self.hparams, Rule.R_ROME, self.contexts, self.moment
        )

    def delta(self, context: EditContext, rule: Rule) -> tuple[RankOneDelta, float]:
        """The delta of a rule for an optimised value, and k₀·u over k̄·u."""
        equation = EQUATIONS[rule]
        u = unit_direction(equation.solved_key(context), self.moment)
        divisor = torch.dot(equation.divided_key(context).double(), u)
        right = equation.residual(context).double() / divisor
        ratio = torch.dot(context.k_bare.double(), u) / torch.dot(context.k_mean.double(), u)
        name = self.model.weight_name(self.hparams.layer)
        return RankOneDelta(name, u.float(), right.float()), float(ratio)

    def add(self, delta: RankOneDelta) -> None:
        """Add a delta to the live weight."""
        delta.add_to(self.live)

    def relative(self, norm: float) -> float:
        """A norm as a share of ‖W₀‖_F."""
        return norm / float(self.base.norm())


def request_of(record: Record) -> EditRequest:
    """The edit request of a CounterFact record."""
    rewrite = record["requested_rewrite"]
    return EditRequest(
        rewrite["prompt"],
        rewrite["subject"],
        rewrite["target_new"]["str"],
        rewrite["target_true"]["str"],
        str(record["case_id"]),
    )


@torch.inference_mode()
def target_nll(model: LoadedModel, prompts: Sequence[str], target: str) -> torch.Tensor:
    """Mean NLL per target token after each prompt, (n,); kmeng01/rome's score."""
    tokenizer = model.tokenizer
    answer = tokenizer(f" {target}")["input_ids"]
    starts = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    width = max(map(len, starts)) + len(answer)
    rows = [row + answer for row in starts]
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    shown = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    logs = model.model(ids, attention_mask=shown).logits.float().log_softmax(-1)
    found = [
        -sum(float(logs[i, len(row) - 1 + j, token]) for j, token in enumerate(answer))
        for i, row in enumerate(starts)
    ]
    return torch.tensor(found) / len(answer)


def score(bench: Bench, record: Record, delta: RankOneDelta, ratio: float) -> Scores:
    """Measure the model as it stands with `delta` added."""
    rewrite = record["requested_rewrite"]
    true, new = rewrite["target_true"]["str"], rewrite["target_new"]["str"]
    prompt = rewrite["prompt"].format(rewrite["subject"])
    near, far = record["paraphrase_prompts"], record["neighborhood_prompts"]
    prompts = [prompt, *near, *far]
    old = target_nll(bench.model, prompts, true)
    now = target_nll(bench.model, prompts, new)
    wins = (old > now).float()
    pairs = [(fact["prompt"], fact["target"]) for fact in record["subject_facts"]]
    kept = sum(answered(bench.model.model, bench.model.tokenizer, pairs)) if pairs else 0
    return Scores(
        success=float(wins[0]),
        magnitude=float((-now[0]).exp() - (-old[0]).exp()),
        paraphrase=float(wins[1 : 1 + len(near)].mean()),
        neighbourhood=float(1 - wins[1 + len(near) :].mean()),
        kept=(kept, len(pairs)),
        greedy=answered(bench.model.model, bench.model.tokenizer, [(prompt, new)])[0],
        relative_norm=bench.relative(delta.frobenius()),
        ratio=ratio,
    )


def single_edits(
    bench: Bench,
    records: Sequence[Record],
    rules: Iterable[Rule],
    report: Callable[[int, int], None] | None = None,
) -> dict[Rule, list[Scores]]:
    """Edit each record alone, from the base, under each rule."""
    chosen = tuple(rules)
    results: dict[Rule, list[Scores]] = {rule: [] for rule in chosen}
    for done, record in enumerate(records, 1):
        edit = bench.edit(record)
        for rule in chosen:
            delta, ratio = bench.delta(edit.context, rule)
            with bench.restoring():
                bench.add(delta)
                results[rule].append(score(bench, record, delta, ratio))
        if report is not None:
            report(done, len(records))
    return results


@dataclass(frozen=True, slots=True)
class SequenceResult:
    """A sequence of edits, each on top of the ones before.

    Attributes:
        rule: The update equation.
        order: Seed of the order.
        edits: How many edits.
        distance: ‖W − W₀‖_F / ‖W₀‖_F after each edit.
        norms: ‖Δ‖_F / ‖W₀‖_F of each edit.
        ratios: k₀·u over k̄·u of each edit.
        subjects: Subject of each edit.
        perplexity: Of the held-out documents, after the last edit.
        unedited_kept: Facts of other subjects still answered.
        edits_kept: Edits still answered greedily.
    """

    rule: Rule
    order: int
    edits: int
    distance: list[float]
    norms: list[float]
    ratios: list[float]
    subjects: list[str]
    perplexity: float
    unedited_kept: Rate
    edits_kept: Rate


def sequence(
    bench: Bench,
    records: Sequence[Record],
    rule: Rule,
    marks: Sequence[int],
    order: int,
    documents: int = 60,
    facts: int = 300,
    report: Callable[[], None] | None = None,
) -> list[SequenceResult]:
    """Apply records in the order of a seed; measure what is left after `marks` edits each.

    Args:
        marks: Numbers of edits, smallest first; the last one is how many are made.
        documents: Held-out documents that perplexity is read on.
        facts: Facts of other subjects that are asked for.
        report: Called after each edit.
    """
    chosen = random.Random(order).sample(list(records), marks[-1])
    run, results = _Run(bench, rule, order), []
    with bench.restoring():
        for done, record in enumerate(chosen, 1):
            run.edit(record)
            if done in marks:
                results.append(run.measure(chosen[:done], documents, facts))
            if report is not None:
                report()
    return results


class _Run:
    """A sequence as it grows."""

    def __init__(self, bench: Bench, rule: Rule, order: int) -> None:
        self._bench, self._rule, self._order = bench, rule, order
        self._norms: list[float] = []
        self._ratios: list[float] = []
        self._distance: list[float] = []

    def edit(self, record: Record) -> None:
        """Write one more record into the weight."""
        bench = self._bench
        delta, ratio = bench.delta(bench.edit(record).context, self._rule)
        bench.add(delta)
        self._norms.append(bench.relative(delta.frobenius()))
        self._ratios.append(ratio)
        self._distance.append(bench.relative(float((bench.live - bench.base).norm())))

    def measure(self, edited: Sequence[Record], documents: int, count: int) -> SequenceResult:
        """What is left of the model after these edits."""
        model, tokenizer = self._bench.model.model, self._bench.model.tokenizer
        subjects = [record["requested_rewrite"]["subject"] for record in edited]
        facts = [
            (fact.prompt.format(fact.subject), fact.object)
            for fact in unedited_facts(set(subjects), count)
        ]
        kept = answered(model, tokenizer, facts)
        past = answered(model, tokenizer, [(_prompt(record), _new(record)) for record in edited])
        return SequenceResult(
            rule=self._rule,
            order=self._order,
            edits=len(edited),
            distance=list(self._distance),
            norms=list(self._norms),
            ratios=list(self._ratios),
            subjects=subjects,
            perplexity=perplexity(model, tokenizer, held_out_documents()[:documents]),
            unedited_kept=Rate(sum(kept), len(kept)),
            edits_kept=Rate(sum(past), len(past)),
        )


def unedited_facts(edited: set[str], count: int) -> list[Fact]:
    """A fixed sample of facts whose subjects were not edited."""
    facts = [fact for fact in load_world().facts if fact.subject not in edited]
    return random.Random(SEED).sample(facts, min(count, len(facts)))


def _prompt(record: Record) -> str:
    rewrite = record["requested_rewrite"]
    return str(rewrite["prompt"].format(rewrite["subject"]))


def _new(record: Record) -> str:
    return str(record["requested_rewrite"]["target_new"]["str"])
