"""An edit beside the published way of computing it, in one process, on random GPT-2 shapes.

One thread, fp32, 20 forward passes without early stop. The two are run in turn; a row is the median
of the pairwise ratios of CPU seconds, with its range.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.decoders import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from romebench.engine.editor import compute_edit
from romebench.engine.model import LoadedModel, wrap_model
from romebench.engine.moments import SecondMoment
from romebench.engine.request import EditRequest
from romebench.engine.rules import Rule
from romebench.hparams import Hparams

from .reference import Reference

_TEXT = (
    "the first chapter of a long book about rivers and the people who live beside them was "
    "written in winter when nobody came to visit and every letter took a week to arrive here"
)
_WORDS = tuple(_TEXT.split(" "))

REQUESTS = {
    "1 token": EditRequest("{} plays the sport of", "LeBron James", "football"),
    "4 tokens": EditRequest("{} plays the sport of", "LeBron James", "very old stick ball"),
}


@dataclass(frozen=True)
class Shape:
    """A GPT-2 shape, edited at a third of its depth."""

    name: str
    layers: int
    width: int
    heads: int

    @property
    def layer(self) -> int:
        return self.layers // 3


SHAPES = (Shape("small", 12, 768, 12), Shape("medium", 24, 1024, 16))


def contexts(count: int) -> tuple[str, ...]:
    """The bare template and drawn-looking ones of 5 and 10 words, all different."""
    drawn = []
    for i in range(count - 1):
        length = 5 if i < (count - 1) // 2 else 10
        words = [_WORDS[(i * 3 + j) % len(_WORDS)] for j in range(length)]
        drawn.append(" ".join(words).capitalize() + ". {}")
    return ("{}", *drawn)


def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE in which these words are whole, as GPT-2's own has them."""
    texts = [t.format(r.text) + " " + r.target_new for t in contexts(21) for r in REQUESTS.values()]
    texts += [f"{r.subject} is a" for r in REQUESTS.values()]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(texts * 20, BpeTrainer(vocab_size=2000, initial_alphabet=alphabet))
    raw.add_special_tokens(["<|endoftext|>"])
    return PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<|endoftext|>")


def build(shape: Shape) -> tuple[LoadedModel, Hparams]:
    """A random model of the shape with GPT-2's vocabulary."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=50257, n_layer=shape.layers, n_embd=shape.width, n_head=shape.heads
    )
    model = wrap_model(GPT2LMHeadModel(config), tokenizer(), f"gpt2-{shape.name} shape")
    hparams = Hparams.from_json(
        {
            "layers": [shape.layer],
            "rewrite_module_tmp": "transformer.h.{}.mlp.c_proj",
            "mlp_module_tmp": "transformer.h.{}.mlp",
        }
    )
    return model, hparams


def _cpu(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    shape: Shape
    contexts: int
    target: str
    rule: Rule
    repeats: int


def cases(*, quick: bool) -> list[Case]:
    """Every rule on the small shape; on the medium one the two that cost differently."""
    small, medium = SHAPES
    if quick:
        return [Case(small, 21, "1 token", rule, 1) for rule in (Rule.ROME, Rule.R_ROME)]
    out = [Case(small, 21, "1 token", rule, 3) for rule in Rule]
    out += [
        Case(small, count, target, Rule.R_ROME, 3)
        for count, target in ((11, "1 token"), (11, "4 tokens"), (21, "4 tokens"))
    ]
    out += [
        Case(medium, 21, target, rule, 2)
        for target in REQUESTS
        for rule in (Rule.ROME, Rule.R_ROME)
    ]
    return out


def run(*, quick: bool) -> None:
    """Print the table of ratios."""
    torch.set_num_threads(1)
    print("| shape | contexts | target | rule | published way, s | romebench, s | ratio (range) |")
    print("|---|---|---|---|---|---|---|")
    chosen = cases(quick=quick)
    for shape in SHAPES:
        rows = [case for case in chosen if case.shape is shape]
        if not rows:
            continue
        model, hparams = build(shape)
        plain = Reference(model.model, model.tokenizer, hparams)
        d_in = model.linear_view(model.weight_name(hparams.layer)).shape[1]
        identity = SecondMoment.identity(d_in)
        for case in rows:
            _row(case, model, hparams, plain, identity)
        _profile(model, hparams, identity)


def _row(
    case: Case, model: LoadedModel, hparams: Hparams, plain: Reference, identity: SecondMoment
) -> None:
    request, templates = REQUESTS[case.target], contexts(case.contexts)
    words = (request.prompt, request.subject, request.target_new)
    ours, theirs = [], []
    for _ in range(case.repeats):
        theirs.append(_cpu(lambda: plain.edit(*words, case.rule, templates, None)))
        ours.append(
            _cpu(lambda: compute_edit(model, request, hparams, case.rule, templates, identity))
        )
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    print(
        f"| {case.shape.name} {case.shape.layers}×{case.shape.width} | {case.contexts} "
        f"| {case.target} | {case.rule} "
        f"| {statistics.median(theirs):.2f} | {statistics.median(ours):.2f} "
        f"| **{statistics.median(ratios):.2f}** ({min(ratios):.2f}–{max(ratios):.2f}) |",
        flush=True,
    )


def _profile(model: LoadedModel, hparams: Hparams, identity: SecondMoment) -> None:
    """Say where an edit's time goes."""
    edit = compute_edit(model, REQUESTS["1 token"], hparams, Rule.R_ROME, contexts(21), identity)
    total = sum(edit.timings.values())
    shares = ", ".join(f"{k.removesuffix('_s')} {v / total:.0%}" for k, v in edit.timings.items())
    print(f"\nWhere an edit of {model.name} goes: {shares}\n")
