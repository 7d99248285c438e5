"""One tokenisation of the final string, with character offsets, decides every index.

Prefix, subject and suffix are never tokenised apart (what existing code does, and gets wrong with
a BOS, a subject that merges with what follows, or an empty suffix).
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any

from ..errors import RequestError
from ..hparams import FactToken
from .request import EditRequest

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from .model import LoadedModel

KL_PROMPT = "{} is a"
"""Where the KL term of the value optimisation is read (kmeng01/rome `compute_v.py`)."""

BARE = "{}"
"""The context template that adds nothing."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A tokenised text.

    Attributes:
        ids: Token ids, special tokens included.
        spans: Character range of each token in the text; empty for special tokens.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    def last_at(self, position: int) -> int:
        """Index of the last token that covers the character at `position`.

        A character can be split over several byte-level tokens; the last of them is meant.
        """
        covering = [i for i, (start, end) in enumerate(self.spans) if start <= position < end]
        return covering[-1]

    def first_at(self, position: int) -> int:
        """Index of the first token that covers the character at `position`."""
        return next(i for i, (start, end) in enumerate(self.spans) if start <= position < end)

    def from_end_of(self, position: int) -> int:
        """Index of the first token that reaches beyond `position`; the length where none does."""
        for i, (start, end) in enumerate(self.spans):
            if end > position and end > start:
                return i
        return len(self.ids)


def encode(tokenizer: PreTrainedTokenizerBase, text: str) -> Encoding:
    """Tokenise as the model is used: with its special tokens, unpadded, never truncated."""
    out = tokenizer(text, return_offsets_mapping=True, truncation=False, padding=False)
    spans = tuple((int(start), int(end)) for start, end in out["offset_mapping"])
    return Encoding(tuple(out["input_ids"]), spans)


@dataclass(frozen=True, slots=True)
class Row:
    """One tokenised prompt of an edit.

    Attributes:
        ids: Prompt and all of the target but its last token.
        lookup: Index of the token where key and value are read.
        targets: Ids of the target's tokens; empty for the KL prompt.
        weight: How many context templates gave this very row.
    """

    ids: tuple[int, ...]
    lookup: int
    targets: tuple[int, ...] = ()
    weight: int = 1


def with_space(target: str) -> str:
    """The target with the leading space it needs to follow a prompt."""
    return target if target.startswith(" ") else " " + target


def split_template(template: str) -> tuple[str, str]:
    """What stands before and after the one `{}` of a context template in `str.format` form.

    Raises:
        RequestError: It has no `{}`, more than one, or an unbalanced brace.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise RequestError(
            f"the context template {template!r} is malformed ({error})",
            "write a literal brace as {{ or }}",
        ) from None
    holes = [i for i, part in enumerate(parts) if part[1] is not None]
    if len(holes) != 1 or any(parts[holes[0]][1:]):
        raise RequestError(
            f"the context template {template!r} needs exactly one {{}}",
            "write a literal brace as {{ or }}",
        )
    before = "".join(part[0] for part in parts[: holes[0] + 1])
    return before, "".join(part[0] for part in parts[holes[0] + 1 :])


def lookup_index(
    encoding: Encoding, start: int, end: int, prompt_end: int, fact_token: FactToken
) -> int:
    """Index of the token a fact is looked up at.

    Args:
        start: Character where the subject begins.
        end: Character where the subject ends.
        prompt_end: Character where the prompt ends (a target may follow).
    """
    match fact_token:
        case FactToken.SUBJECT_LAST:
            return encoding.last_at(end - 1)
        case FactToken.SUBJECT_FIRST:
            return encoding.first_at(start)
        case FactToken.SUBJECT_FIRST_AFTER_LAST:
            after = encoding.last_at(end - 1) + 1
            beyond = encoding.from_end_of(prompt_end)
            return after if after < beyond else after - 1
        case FactToken.LAST:
            return encoding.from_end_of(prompt_end) - 1


def context_row(
    tokenizer: PreTrainedTokenizerBase, request: EditRequest, template: str, fact_token: FactToken
) -> Row:
    """The row of one context template: prompt in the context, then the target."""
    head, tail = split_template(template)
    before, after = request.prompt.split("{}")
    prompt = head + before + request.subject + after + tail
    encoding = encode(tokenizer, prompt + with_space(request.target_new))
    start, end = _subject_span(head + before, request.subject)
    first = encoding.from_end_of(len(prompt))
    # Special tokens that close a text (a few tokenizers add an EOS) are no part of the target.
    real = [i for i, (a, b) in enumerate(encoding.spans) if b > a]
    targets = encoding.ids[first : real[-1] + 1]
    lookup = lookup_index(encoding, start, end, len(prompt), fact_token)
    return Row(encoding.ids[: real[-1]], lookup, targets)


def kl_row(tokenizer: PreTrainedTokenizerBase, subject: str, fact_token: FactToken) -> Row:
    """The row of the KL term: "{} is a" with the subject."""
    before, after = KL_PROMPT.split("{}")
    encoding = encode(tokenizer, before + subject + after)
    start, end = _subject_span(before, subject)
    last = max(i for i, (a, b) in enumerate(encoding.spans) if b > a)
    lookup = lookup_index(encoding, start, end, len(before + subject + after), fact_token)
    return Row(encoding.ids[: last + 1], lookup)


def _subject_span(before: str, subject: str) -> tuple[int, int]:
    """Characters of the subject, without blanks at its ends (no token belongs to them alone)."""
    start = len(before) + len(subject) - len(subject.lstrip())
    return start, start + len(subject.strip())


def merge_rows(rows: list[Row]) -> list[Row]:
    """Merge identical rows, adding up their weights; order of first appearance is kept."""
    merged: dict[tuple[tuple[int, ...], int], Row] = {}
    for row in rows:
        key = (row.ids, row.lookup)
        held = merged.get(key)
        weight = row.weight + (held.weight if held else 0)
        merged[key] = Row(row.ids, row.lookup, row.targets, weight)
    return list(merged.values())


def check_length(model: LoadedModel, n_tokens: int, what: str) -> None:
    """Raise where a text is longer than the model's context.

    Raises:
        RequestError: Names both lengths.
    """
    limit = model.max_positions
    if limit is not None and n_tokens > limit:
        raise RequestError(
            f"{what} has {n_tokens} tokens, and {model.name} takes {limit}", "shorten it"
        )


def show_tokens(model: LoadedModel, request: EditRequest, fact_token: FactToken) -> dict[str, Any]:
    """The bare prompt's tokens for a person: ids, pieces, lookup index, target tokens."""
    row = context_row(model.tokenizer, request, BARE, fact_token)
    n_prompt = len(row.ids) - len(row.targets) + 1
    prompt_ids = row.ids[:n_prompt]
    return {
        "prompt": request.text,
        "ids": list(prompt_ids),
        "pieces": pieces(model.tokenizer, prompt_ids),
        "lookup_index": row.lookup,
        "target_ids": list(row.targets),
        "target_pieces": pieces(model.tokenizer, row.targets),
    }


def pieces(tokenizer: PreTrainedTokenizerBase, ids: tuple[int, ...]) -> list[str]:
    """Each token as the text it stands for."""
    return [str(tokenizer.decode([i])) for i in ids]
