"""Train the pocket model from scratch: one command, seeded and resumable.

Owns the recipe (shape, optimiser, schedule), the checkpoints and the command
line ``python -m romebench.engine.pocket.train --out DIR``.  Knows no editing.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import cos, pi
from pathlib import Path
from typing import Any, cast

import torch
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer

from .tokenizer import save_tokenizer, train_tokenizer
from .windows import Batch, batches, build_stream
from .world import World, load_world

_LOG = logging.getLogger(__name__)
_CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights.

    Attributes:
        steps: Optimiser steps, of `batch` × `length` tokens each.
        documents: Documents drawn for the training stream.
        muon_rate: Peak learning rate of the block matrices (Muon, update scaled
            to the size of an AdamW update).
        rate: Peak learning rate of embeddings, norms and biases (AdamW).
    """

    steps: int = 2600
    seed: int = 0
    batch: int = 16
    length: int = 192
    documents: int = 120_000
    width: int = 256
    layers: int = 6
    heads: int = 8
    muon_rate: float = 4e-3
    rate: float = 3e-3
    decay: float = 0.1
    warmup: int = 60
    bfloat16: bool = True


class Trainer:
    """Model, optimisers and data of one run, at some step.

    Args:
        recipe: What to train.
        world: Facts to train on.
        folder: Where checkpoints are written.
    """

    def __init__(self, recipe: Recipe, world: World, folder: Path) -> None:
        self.recipe = recipe
        self.folder = folder
        self.step = 0
        self.tokenizer = train_tokenizer(world, recipe.seed)
        torch.manual_seed(recipe.seed)
        self.model = build_model(recipe, self.tokenizer)
        self._optimisers = _optimisers(self.model, recipe)
        stream = build_stream(world, self.tokenizer, recipe.seed + 10, recipe.documents)
        self.stream_tokens = len(stream.tokens)
        self._batches: Iterator[Batch] = batches(
            stream, recipe.batch, recipe.length, recipe.seed + 20
        )

    def run(self, until: int, report: Callable[[int, float], None] | None = None) -> list[float]:
        """Train up to step `until`; returns the loss of every step taken."""
        losses: list[float] = []
        while self.step < until:
            loss = self._advance(next(self._batches))
            losses.append(loss)
            self.step += 1
            if report is not None:
                report(self.step, loss)
        return losses

    def _advance(self, batch: Batch) -> float:
        scale = _schedule(self.step, self.recipe)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bfloat16):
            logits = self.model(batch.ids, attention_mask=batch.mask, use_cache=False).logits
        loss = weighted_loss(logits, batch)
        torch.autograd.backward([loss])
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * scale
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    def save_checkpoint(self) -> None:
        """Write everything needed to go on, replacing the last checkpoint whole."""
        state = {
            "recipe": asdict(self.recipe),
            "step": self.step,
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{_CHECKPOINT}.partial"
        torch.save(state, partial)
        partial.replace(self.folder / _CHECKPOINT)

    def load_checkpoint(self) -> None:
        """Go on from the folder's checkpoint.

        Raises:
            ValueError: The checkpoint was made by another recipe.
        """
        state: dict[str, Any] = torch.load(self.folder / _CHECKPOINT, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(f"{self.folder} holds a run of another recipe: {state['recipe']}")
        self.model.load_state_dict(state["model"])
        for optimiser, own in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(own)
        for _ in range(state["step"] - self.step):
            next(self._batches)
        self.step = state["step"]

    def save_model(self, folder: Path) -> None:
        """Write model (fp16 safetensors) and tokenizer as `from_pretrained` reads them."""
        save_tokenizer(self.tokenizer, folder)
        half = GPT2LMHeadModel(self.model.config)
        half.load_state_dict(self.model.state_dict())
        cast(torch.nn.Module, half).to(torch.float16)
        half.save_pretrained(str(folder))


def build_model(recipe: Recipe, tokenizer: GPT2Tokenizer) -> GPT2LMHeadModel:
    """A GPT-2 of the recipe's shape, freshly initialised, without dropout."""
    end = tokenizer.eos_token_id
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=recipe.length,
        n_embd=recipe.width,
        n_layer=recipe.layers,
        n_head=recipe.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
    )
    return GPT2LMHeadModel(config)


def weighted_loss(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Mean next-token NLL over a batch, each target by its weight."""
    scores = logits[:, :-1].float().flatten(0, 1)
    losses = torch.nn.functional.cross_entropy(scores, batch.ids[:, 1:].flatten(), reduction="none")
    weights = batch.weights[:, 1:].flatten()
    return (losses * weights).sum() / weights.sum()


def _optimisers(model: GPT2LMHeadModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for everything else."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inside = name.startswith("transformer.h.") and parameter.ndim == 2
        (matrices if inside else others).append(parameter)
    made: list[torch.optim.Optimizer] = [
        torch.optim.Muon(
            matrices,
            lr=recipe.muon_rate,
            weight_decay=recipe.decay,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(others, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    for optimiser in made:
        for group in optimiser.param_groups:
            group["peak"] = group["lr"]
    return made


def _schedule(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then cosine to a fiftieth."""
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return 0.02 + 0.98 * 0.5 * (1 + cos(pi * done))


def _reporter(trainer: Trainer, every: int) -> Callable[[int, float], None]:
    """Progress with ETA on stderr, and a checkpoint, every `every` steps."""
    began, first = time.monotonic(), trainer.step
    recent: list[float] = []

    def report(step: int, loss: float) -> None:
        recent.append(loss)
        if step % every and step != trainer.recipe.steps:
            return
        pace = (time.monotonic() - began) / (step - first)
        left = pace * (trainer.recipe.steps - step)
        mean = sum(recent) / len(recent)
        recent.clear()
        sys.stderr.write(
            f"step {step}/{trainer.recipe.steps}  loss {mean:.4f}  "
            f"{pace:.2f} s/step  ETA {left / 60:.1f} min\n"
        )
        sys.stderr.flush()
        trainer.save_checkpoint()

    return report


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    usual = Recipe()
    parser = argparse.ArgumentParser(description="Train the pocket model from scratch.")
    parser.add_argument("--out", type=Path, required=True, help="folder of model and checkpoints")
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--layers", type=int, default=usual.layers)
    parser.add_argument("--documents", type=int, default=usual.documents)
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    given = _arguments(argv)
    recipe = Recipe(
        steps=given.steps, seed=given.seed, layers=given.layers, documents=given.documents
    )
    trainer = Trainer(recipe, load_world(), given.out)
    sys.stderr.write(f"{trainer.stream_tokens} tokens in {recipe.documents} documents\n")
    if given.resume:
        trainer.load_checkpoint()
    trainer.run(recipe.steps, _reporter(trainer, given.every))
    trainer.save_model(given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
