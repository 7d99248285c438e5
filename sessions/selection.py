"""Which requests of a source are taken, and in which order. Pure; knows no queue and no model."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..engine.request import EditRequest
from ..errors import UsageError
from .requests import FoundRequest, find_requests
from .shapes import requests_of

POCKET = "pocket"
"""Names the embedded model's own requests."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken of a source: first those that match, then the sample, then the order.

    Attributes:
        relation: Only requests of this relation.
        match: Only requests with this text in prompt, subject or target; case doesn't count.
        sample: Only so many, drawn with the seed, in the source's order.
        shuffle: In an order drawn with the seed.
        seed: Of both draws.
        limit: Only the first so many of what is left.
        texts: Keep the generation prompts, which are written on before and after each edit.
    """

    relation: str | None = None
    match: str | None = None
    sample: int | None = None
    shuffle: bool = False
    seed: int = 0
    limit: int | None = None
    texts: bool = True

    def of(self, found: Sequence[FoundRequest]) -> list[EditRequest]:
        """The requests that are taken.

        Raises:
            UsageError: Nothing is left, or the sample is larger than what is.
        """
        kept = self._matching(found)
        if self.sample is not None:
            if self.sample > len(kept):
                raise UsageError(
                    f"a sample of {self.sample} of {len(kept)} requests",
                    "draw fewer, or leave a filter out",
                )
            kept = [kept[i] for i in sorted(self._draw(len(kept), self.sample))]
        if self.shuffle:
            kept = [kept[i] for i in self._draw(len(kept), len(kept))]
        requests = [each.request for each in kept[: self.limit]]
        if self.texts:
            return requests
        return [replace(request, generation_prompts=()) for request in requests]

    def _matching(self, found: Sequence[FoundRequest]) -> list[FoundRequest]:
        kept = list(found)
        if self.relation is not None:
            kept = [each for each in kept if each.relation == self.relation]
            if not kept:
                raise UsageError(
                    f"no request has the relation {self.relation!r}", _relations(found)
                )
        if self.match is not None:
            wanted = self.match.casefold()
            kept = [each for each in kept if wanted in each.request.typed.casefold()]
            if not kept:
                raise UsageError(f"no request has {self.match!r} in it", "try a shorter piece")
        return kept

    def _draw(self, among: int, count: int) -> list[int]:
        return random.Random(self.seed).sample(range(among), count)


def _relations(found: Sequence[FoundRequest]) -> str:
    counts = Counter(each.relation for each in found if each.relation is not None)
    if not counts:
        return "the records name no relation"
    return "there are " + ", ".join(name for name, _ in counts.most_common(12))


def pocket_requests(split: str) -> list[FoundRequest]:
    """The embedded model's own requests.

    Args:
        split: "dev", on which hparams and limits were chosen, or "test".
    """
    from ..engine.pocket import evaluation_set

    return [
        FoundRequest(request, number, record["requested_rewrite"]["relation_id"])
        for number, record in enumerate(evaluation_set(split), 1)
        for request in requests_of(record)
    ]


def read_source(name: str, split: str = "test") -> list[FoundRequest]:
    """The requests of a file, or the embedded ones for "pocket" where no such file is.

    Raises:
        FileFormatError: The file can't be read or a record is malformed.
    """
    path = Path(name).expanduser()
    if name == POCKET and not path.exists():
        return pocket_requests(split)
    return find_requests(path)
