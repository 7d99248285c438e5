"""Put a trained run into the package: weights, evaluation set, documents and C.

``python -m romebench.engine.pocket.publish --run DIR --layer L`` writes what
ships in `model/` and `data/`.  A step of making the model, not of using it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, cast

from transformers import GPT2LMHeadModel

from ..loading import load_model
from ..model import LoadedModel
from . import model_path, moments_path
from .corpus import Corpus
from .moments import collect, save_moments, weight_name
from .recall import answered
from .records import build_examples, build_records
from .world import Fact, Split, World, load_world

_FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)
HELD_OUT_SEED = 991
HELD_OUT_DOCUMENTS = 400


def install(run: Path) -> None:
    """Copy the model and tokenizer files of a finished run.

    Raises:
        FileNotFoundError: The run has not finished.
    """
    model_path().mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(run / name, model_path() / name)


def recalled_facts(model: LoadedModel, world: World) -> list[Fact]:
    """The facts that the model answers right at the request prompt."""
    pairs = [(fact.prompt.format(fact.subject), fact.object) for fact in world.facts]
    hits = answered(model.model, model.tokenizer, pairs)
    return [fact for fact, hit in zip(world.facts, hits, strict=True) if hit]


def write_data(model: LoadedModel, world: World) -> None:
    """Write the requests of every split, the examples and the held-out documents."""
    recalled = recalled_facts(model, world)
    for split in Split:
        _write(f"requests_{split}.json", build_records(world, recalled, split))
    _write("requests_examples.json", build_examples(world, recalled))
    documents = islice(iter(Corpus(world, HELD_OUT_SEED)), HELD_OUT_DOCUMENTS)
    lines = [json.dumps({"text": d.text}, ensure_ascii=False) for d in documents]
    (_data_folder() / "held_out.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_moments(model: LoadedModel, world: World, layer: int, tokens: int) -> None:
    """Collect C at `layer` and write it where the engine looks for it."""
    decoder = cast(GPT2LMHeadModel, model.model)
    moment, counted = collect(decoder, model.tokenizer, world, layer, tokens, _progress("C"))
    save_moments(
        moments_path(weight_name(layer)),
        moment,
        layer=layer,
        tokens=counted,
        model_sha256=model.model_sha256,
    )


def _data_folder() -> Path:
    return model_path().parent / "data"


def _write(name: str, records: list[dict[str, Any]]) -> None:
    text = json.dumps(records, ensure_ascii=False, indent=1)
    (_data_folder() / name).write_text(text + "\n", encoding="utf-8")


def _progress(what: str) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        sys.stderr.write(f"\r{what} {done}/{total}")
        sys.stderr.flush()

    return report


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Put a trained pocket model into the package.")
    parser.add_argument("--run", type=Path, help="folder of a finished training run")
    parser.add_argument("--layer", type=int, default=0, help="layer that C is collected at")
    parser.add_argument("--tokens", type=int, default=150_000, help="tokens that C averages over")
    given = parser.parse_args(argv)
    if given.run is not None:
        install(given.run)
    world = load_world()
    model = load_model("pocket", device="cpu", dtype="float32")
    write_data(model, world)
    write_moments(model, world, given.layer, given.tokens)
    return 0


if __name__ == "__main__":
    sys.exit(main())
