"""What is measured of one case on the model as it stands, in the shape of published case files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ...engine.metrics.answers import answer_bits, answer_steps
from ...engine.metrics.continuations import MAX_TOKENS, TOP_K, Continuation, continuations
from ...engine.metrics.entropy import generation_entropy, mean_fluency
from ...engine.metrics.perplexity import perplexity
from ...engine.metrics.targets import target_pairs
from ...engine.model import LoadedModel
from ...engine.progress import NEVER, StopFlag
from ...store.records import GenerationRecord, Json
from .cases import Dataset, EvalCase
from .plan import EvalPlan
from .references import References

ESSENCE_TOKENS = 100
"""How much of a subject's snippets the essence score reads."""

_PARTS = ("rewrite", "paraphrase", "neighborhood", "attribute")


@dataclass(frozen=True, slots=True)
class Score:
    """What one case came to.

    Attributes:
        figures: The published keys (`rewrite_prompts_probs`, `ngram_entropy`, `text`, …).
        texts: The continuations, in the order of the prompts.
        seeds: Their seeds.
    """

    figures: Json
    texts: tuple[Continuation, ...] = ()
    seeds: tuple[int, ...] = ()

    def generations(self, step: int, role: str) -> tuple[GenerationRecord, ...]:
        """The texts as a session keeps them."""
        return tuple(
            GenerationRecord(
                step=step,
                prompt=text.prompt,
                parameters={"max_tokens": MAX_TOKENS, "top_k": TOP_K, "normalised": True},
                seed=seed,
                token_ids=text.token_ids,
                text=text.text,
                role=role,
            )
            for text, seed in zip(self.texts, self.seeds, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores cases of one run.

    Attributes:
        plan: What is measured.
        seed: Of the session; every text's own seed comes from it and the case.
        references: Texts for consistency and essence.
    """

    plan: EvalPlan
    seed: int
    references: References | None = None

    def score(self, model: LoadedModel, case: EvalCase, *, stop: StopFlag = NEVER) -> Score:
        """Measure a case.

        Raises:
            RequestError: A prompt is empty or too long for the model.
            CancelledError: `stop` was set.
        """
        if self.plan.dataset == Dataset.ZSRE:
            return Score(_answers(model, case, stop))
        figures = _likelihoods(model, case, stop)
        if not self.plan.generate or not case.generation_prompts:
            return Score(figures)
        seeds = tuple(self._seed(case, i) for i in range(len(case.generation_prompts)))
        texts = continuations(model, case.generation_prompts, seeds, stop=stop)
        figures["ngram_entropy"] = mean_fluency([t.text for t in texts], self.plan.tokeniser)
        figures["generation_entropy"] = generation_entropy([text.written for text in texts])
        figures["text"] = [text.text for text in texts]
        if self.references is not None:
            figures.update(_consistency(model, case, texts, self.references))
        return Score(figures, tuple(texts), seeds)

    def _seed(self, case: EvalCase, index: int) -> int:
        """One seed per text, the same before and after the edit and on every machine."""
        digest = hashlib.sha256(f"{self.seed} {case.case_id} {index}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1


def _likelihoods(model: LoadedModel, case: EvalCase, stop: StopFlag) -> Json:
    """CounterFact: both targets behind every prompt, all in one batch."""
    groups = (
        (case.request.text,),
        case.paraphrase_prompts,
        case.neighborhood_prompts,
        case.attribute_prompts,
    )
    prompts = [prompt for group in groups for prompt in group]
    true = case.request.target_true
    assert true is not None
    pairs = iter(target_pairs(model, prompts, case.request.target_new, true, stop=stop))
    return {
        f"{name}_prompts_probs": [next(pairs).to_json() for _ in group]
        for name, group in zip(_PARTS, groups, strict=True)
    }


def _answers(model: LoadedModel, case: EvalCase, stop: StopFlag) -> Json:
    """zsRE: teacher-forced bits of the answer, and of an unrelated question's."""
    answer = case.request.target_new
    asked = (
        [(case.request.text, answer)],
        [(prompt, answer) for prompt in case.paraphrase_prompts],
        case.neighborhood_answers,
    )
    groups = [
        [step for prompt, own in group for step in answer_steps(model.tokenizer, prompt, own)]
        for group in asked
    ]
    bits = iter(answer_bits(model, [each for group in groups for each in group], stop=stop))
    return {
        f"{name}_prompts_correct": [next(bits) for _ in group]
        for name, group in zip(_PARTS, groups, strict=False)
    }


def _consistency(
    model: LoadedModel, case: EvalCase, texts: list[Continuation], references: References
) -> Json:
    """RS and essence; nothing where no snippets are known for the record."""
    snippets = references.texts(case.rewrite)
    if not snippets:
        return {}
    written = " ".join(text.text for text in texts)
    found: Json = {
        "reference_score": references.table.similarity(
            written, " ".join(text for _, text in snippets)
        )
    }
    essence = [text for name, text in snippets if name == case.request.subject]
    if essence:
        joined = " ".join(essence)
        found["essence_score"] = perplexity(model, joined, max_tokens=ESSENCE_TOKENS)
        found["essence_text"] = essence
    return found
