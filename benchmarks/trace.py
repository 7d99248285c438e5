"""A full causal trace, batched as romebench does it, against one run at a time as published.

    python -m benchmarks.trace [--threads N] [--no-small]

Prints seconds and the largest relative difference of the scores, on the pocket model and on a
random model of GPT-2 small's shape (12 layers, 768 wide, 50,257 tokens).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel, wrap_model
from romebench.engine.noise import NoiseSource, noise_source
from romebench.engine.passes import Part, part_module
from romebench.engine.trace import Trace, TraceKind, TraceSettings, trace

PROMPT, SUBJECT = "LeBron James plays the sport of", "LeBron James"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--no-small", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pocket = load_model("pocket", device="cpu")
    models = [("pocket", pocket)]
    if not options.no_small:
        models.append(("GPT-2 small's shape", small(pocket)))
    print(f"{options.threads} threads; prompt {PROMPT!r}")
    for name, model in models:
        for kind in TraceKind:
            compare(name, model, TraceSettings(kind=kind, window=max(2, model.n_layers // 5)))


def small(pocket: LoadedModel) -> LoadedModel:
    """Random weights in GPT-2 small's shape, read with pocket's tokenizer."""
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0))
    return wrap_model(model, pocket.tokenizer, "small")


def compare(name: str, model: LoadedModel, settings: TraceSettings) -> None:
    source = noise_source(model, settings.noise)
    trace(model, PROMPT, SUBJECT, settings, source=source, positions=[0])
    found, batched = timed(lambda: trace(model, PROMPT, SUBJECT, settings, source=source))
    scores, one_by_one = timed(lambda: published(model, found, settings, source))
    apart = (torch.tensor(found.scores) - scores).abs().max() / scores.max()
    tokens = f"{len(found.ids)} tokens x {model.n_layers} layers"
    print(
        f"{name:20} {settings.kind:7} {tokens:22} batched {batched:7.2f} s   "
        f"one at a time {one_by_one:7.2f} s   {one_by_one / batched:5.1f} times   "
        f"apart {float(apart):.1e}",
        flush=True,
    )


def timed(call: Callable[[], object]) -> tuple[object, float]:
    began = time.perf_counter()
    return call(), time.perf_counter() - began


@torch.no_grad()
def published(
    model: LoadedModel, found: Trace, settings: TraceSettings, source: NoiseSource
) -> Tensor:
    """For every token and layer a whole batch: one clean row and ten corrupted ones."""
    part = None if settings.kind is TraceKind.STATES else Part(settings.kind.value)
    rows = []
    for token in range(len(found.ids)):
        row = []
        for layer in range(model.n_layers):
            window = [layer] if part is None else settings.window_of(layer, model.n_layers)
            modules = [
                model.adapter.block(model.model, at)
                if part is None
                else part_module(model, at, part)
                for at in window
            ]
            row.append(one_run(model, found, settings.samples, source, modules, token))
        rows.append(row)
    return torch.tensor(rows)


def one_run(
    model: LoadedModel,
    found: Trace,
    samples: int,
    source: NoiseSource,
    modules: Sequence[torch.nn.Module],
    token: int,
) -> float:
    noisy = source.disturb(*found.subject_range)

    def corrupt(_m: object, _a: object, out: Tensor) -> Tensor:
        return torch.cat([out[:1], noisy(out[1:])])

    def restore(_m: object, _a: object, out: Tensor | tuple[Tensor, ...]) -> None:
        hidden = out[0] if isinstance(out, tuple) else out
        hidden[1:, token] = hidden[0, token]

    embedding = model.model.get_submodule(model.adapter.embedding)
    handles = [embedding.register_forward_hook(corrupt)]
    handles += [module.register_forward_hook(restore) for module in modules]
    try:
        logits = model.model(torch.tensor([found.ids] * (samples + 1))).logits
    finally:
        for handle in handles:
            handle.remove()
    return float(logits[1:, -1].softmax(-1).mean(0)[found.answer_id])


if __name__ == "__main__":
    main()
