"""Where the pocket model keeps its facts: a causal trace of single hidden states.

Owns one measurement (Meng et al. 2022, §2: noise on the subject's embeddings,
one clean hidden state put back) averaged over facts by the role of the token,
for the model card.  Works on GPT-2 blocks only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch

from ..model import LoadedModel
from .world import Fact

NOISE = 3.0
"""Noise in standard deviations of the token embeddings, as published."""

SAMPLES = 8
ROLES = ("first subject token", "last subject token", "token after", "last token")


class _Run:
    """One fact, prepared: ids, where each role stands, and the clean states."""

    def __init__(self, loaded: LoadedModel, fact: Fact, generator: torch.Generator) -> None:
        self.model = cast(Any, loaded.model)
        before, _ = fact.prompt.split("{}")
        text = fact.prompt.format(fact.subject)
        encoded = loaded.tokenizer(text, return_offsets_mapping=True)
        offsets = encoded["offset_mapping"]
        begin, stop = len(before), len(before) + len(fact.subject)
        inside = [i for i, (a, b) in enumerate(offsets) if b > begin and a < stop]
        last = len(offsets) - 1
        self.places = (inside[0], inside[-1], min(inside[-1] + 1, last), last)
        self.ids = torch.tensor([encoded["input_ids"]] * (SAMPLES + 1))
        self.answer = loaded.tokenizer(f" {fact.object}")["input_ids"][0]
        width = self.model.config.n_embd
        self.noise = torch.zeros(SAMPLES + 1, last + 1, width)
        scale = NOISE * float(self.model.transformer.wte.weight.std())
        drawn = torch.randn(SAMPLES, len(inside), width, generator=generator) * scale
        self.noise[1:, inside] = drawn

    def probability(self, layer: int | None = None, place: int = 0) -> tuple[float, float]:
        """p(answer) clean and corrupted, with the output of one block put back at one place.

        Args:
            layer: Block whose clean output is restored; None restores nothing.
            place: Position at which it is restored.
        """

        def corrupt(_: Any, __: Any, out: torch.Tensor) -> torch.Tensor:
            return out + self.noise

        def restore(_: Any, __: Any, out: Any) -> None:
            states = out[0] if isinstance(out, tuple) else out
            states[1:, place] = states[0, place]

        handles = [self.model.transformer.wte.register_forward_hook(corrupt)]
        if layer is not None:
            handles.append(self.model.transformer.h[layer].register_forward_hook(restore))
        try:
            logits = self.model(self.ids).logits[:, -1]
        finally:
            for handle in handles:
                handle.remove()
        found = logits.softmax(-1)[:, self.answer]
        return float(found[0]), float(found[1:].mean())


@torch.inference_mode()
def trace(loaded: LoadedModel, facts: Sequence[Fact], seed: int = 0) -> dict[str, Any]:
    """Average trace over facts that the model answers right.

    Returns:
        ``clean`` and ``corrupted``: mean p(answer); ``restored``: by role, the mean p(answer)
        with the clean output of each block put back there, one figure a layer.
    """
    generator = torch.Generator().manual_seed(seed)
    layers = loaded.n_layers
    total = torch.zeros(len(ROLES), layers)
    clean, corrupted = 0.0, 0.0
    for fact in facts:
        run = _Run(loaded, fact, generator)
        high, low = run.probability()
        clean, corrupted = clean + high, corrupted + low
        for role, place in enumerate(run.places):
            for layer in range(layers):
                total[role, layer] += run.probability(layer, place)[1]
    count = len(facts)
    restored = (total / count).tolist()
    return {
        "facts": count,
        "clean": clean / count,
        "corrupted": corrupted / count,
        "restored": dict(zip(ROLES, restored, strict=True)),
    }
