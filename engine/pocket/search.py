"""A search for single edits that disable the pocket model under `rome` and not under `r-rome`.

The keys alone tell where to look: `rome` divides by k₀·u what it should divide by k̄·u, so its
update grows as (k₀·u)/(k̄·u) falls (Gupta et al. 2024). The ratio is read for every fact of the
world, and for names the world does not have; the lowest are edited under both rules and measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import RequestError
from ..editor import read_key_ratio
from ..request import EditRequest
from ..rules import Rule
from . import held_out_documents, load_world
from .editing import Bench, Record, unedited_facts
from .recall import answered, perplexity
from .world import Fact, stable_number

SEED = 0
DOCUMENTS = 30
KEPT_OF = 200
DISABLED = 0.5
"""A model that knows less than this share of what it knew of other subjects is disabled."""


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate under both rules.

    Attributes:
        subject: Its name.
        prompt: The request prompt.
        target: The new object.
        known: Whether the world has the subject.
        ratio: (k₀·u)/(k̄·u).
        norms: ‖Δ‖/‖W₀‖ by rule.
        perplexity: Of held-out documents, × base, by rule.
        kept: Share of the facts of other subjects still answered, by rule.
    """

    subject: str
    prompt: str
    target: str
    known: bool
    ratio: float
    norms: dict[str, float]
    perplexity: dict[str, float]
    kept: dict[str, float]

    @property
    def disables(self) -> tuple[str, ...]:
        """The rules under which the edit disables the model."""
        return tuple(rule for rule, share in self.kept.items() if share < DISABLED)


def candidates(names: int, vocabulary: Sequence[str]) -> Iterator[tuple[EditRequest, bool]]:
    """A request for every fact of the world, then for `names` names that it does not have.

    Args:
        names: How many new names.
        vocabulary: Pieces they are drawn from: one-token names are the likeliest to have a bare
            key that is far from the mean one.
    """
    world = load_world()
    objects: dict[str, list[str]] = {}
    for fact in world.facts:
        objects.setdefault(fact.relation, []).append(fact.object)
    for fact in world.facts:
        yield _request(fact, objects[fact.relation], fact.subject), True
    openers = [fact for fact in world.facts if fact.prompt.startswith("{}")]
    new = sorted(set(vocabulary) - set(world.by_subject) - {fact.object for fact in world.facts})
    random.Random(SEED).shuffle(new)
    for at, name in enumerate(new[:names]):
        fact = openers[at * 37 % len(openers)]
        yield _request(fact, objects[fact.relation], name), False


def _request(fact: Fact, objects: Sequence[str], subject: str) -> EditRequest:
    others = sorted(set(objects) - {fact.object})
    return EditRequest(fact.prompt, subject, others[stable_number("search", subject) % len(others)])


def search(
    bench: Bench,
    names: int,
    strongest: int,
    report: Callable[[int, int], None] | None = None,
) -> tuple[int, list[Found]]:
    """How many requests were looked at, and the strongest, lowest ratio first."""
    pieces = (piece.lstrip("Ġ") for piece in bench.model.tokenizer.get_vocab())
    asked = list(candidates(names, [p for p in pieces if p.isalpha() and p.istitle()]))
    ratios: list[tuple[float, int]] = []
    for at, (request, _) in enumerate(asked):
        try:
            ratio = read_key_ratio(
                bench.model, request, bench.hparams, Rule.ROME, bench.contexts, bench.moment
            )
        except RequestError:
            continue
        ratios.append((ratio, at))
        if report is not None:
            report(at + 1, len(asked))
    ratios.sort(key=lambda pair: abs(pair[0]))
    return len(ratios), [_measure(bench, *asked[at], ratio) for ratio, at in ratios[:strongest]]


def _measure(bench: Bench, request: EditRequest, known: bool, ratio: float) -> Found:
    edit = bench.edit(_record(request))
    facts = unedited_facts({request.subject}, KEPT_OF)
    pairs = [(fact.prompt.format(fact.subject), fact.object) for fact in facts]
    texts = held_out_documents()[:DOCUMENTS]
    model, tokenizer = bench.model.model, bench.model.tokenizer
    before = perplexity(model, tokenizer, texts)
    norms, rise, kept = {}, {}, {}
    for rule in (Rule.ROME, Rule.R_ROME):
        delta, _ = bench.delta(edit.context, rule)
        with bench.restoring():
            bench.add(delta)
            norms[str(rule)] = bench.relative(delta.frobenius())
            rise[str(rule)] = perplexity(model, tokenizer, texts) / before
            kept[str(rule)] = sum(answered(model, tokenizer, pairs)) / len(pairs)
    return Found(
        request.subject, request.prompt, request.target_new, known, ratio, norms, rise, kept
    )


def _record(request: EditRequest) -> Record:
    rewrite: dict[str, Any] = {
        "prompt": request.prompt,
        "subject": request.subject,
        "target_new": {"str": request.target_new},
        "target_true": {"str": request.target_true},
    }
    return {"case_id": request.subject, "requested_rewrite": rewrite}
