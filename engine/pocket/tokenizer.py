"""The pocket tokenizer: GPT-2's byte-level BPE, trained so that objects are whole.

Owns how the vocabulary is learned.  Objects are repeated in the training text
until every one-word object merges into a single token with its leading space,
which is what a logit lens wants to show; subjects stay split, as they are in
large models, because their names are left out of the training text.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import ByteLevel as ByteLevelProcessor
from tokenizers.trainers import BpeTrainer
from transformers import GPT2Tokenizer

from .corpus import Corpus, Document
from .world import World

END_OF_TEXT = "<|endoftext|>"
VOCABULARY = 2304
OBJECT_REPEATS = 4000
_SAMPLE_DOCUMENTS = 6000


def _without_subjects(document: Document) -> str:
    """The text of `document` with every subject's name cut out."""
    kept, at = [], 0
    for start, stop in document.subjects:
        kept.append(document.text[at:start])
        at = stop
    return "".join([*kept, document.text[at:]])


def _training_text(world: World, seed: int) -> Iterator[str]:
    for document in islice(iter(Corpus(world, seed)), _SAMPLE_DOCUMENTS):
        yield _without_subjects(document)
    for name in world.objects:
        for _ in range(OBJECT_REPEATS):
            yield f" {name}"
    yield from world.subjects


def train_tokenizer(world: World, seed: int, vocabulary: int = VOCABULARY) -> GPT2Tokenizer:
    """Learn the vocabulary from the world.

    Args:
        world: Facts whose objects are to be whole tokens.
        seed: Seed of the documents that the common words are counted in.
        vocabulary: Number of entries, the end-of-text token included.

    Returns:
        A tokenizer that adds no prefix space and no special tokens.
    """
    backend = Tokenizer(BPE())
    backend.pre_tokenizer = ByteLevel(add_prefix_space=False)
    backend.decoder = ByteLevelDecoder()
    backend.post_processor = ByteLevelProcessor(trim_offsets=False)
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(_training_text(world, seed), trainer)
    return GPT2Tokenizer(
        tokenizer_object=backend,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        add_prefix_space=False,
        model_max_length=192,
    )


def split_objects(tokenizer: GPT2Tokenizer, world: World) -> tuple[str, ...]:
    """One-word objects that are more than one token after a space."""
    return tuple(
        name
        for name in world.objects
        if " " not in name and len(tokenizer(f" {name}")["input_ids"]) > 1
    )


def save_tokenizer(tokenizer: GPT2Tokenizer, folder: Path) -> None:
    """Write the standard tokenizer files into `folder`."""
    tokenizer.save_pretrained(str(folder))
