"""What the model says to one prompt, unedited and as it stands: the proof that an edit took.

A glance, not a record: nothing is stored. Runs in the engine lane. Imports torch when called.
"""

from __future__ import annotations

import difflib
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....engine.progress import StopFlag

if TYPE_CHECKING:
    from ....sessions.live import LiveSession

TOKENS = 14
"""New tokens of an answer: enough for a clause."""

PATIENCE_S = 6.0
"""Both answers together take no longer; a slow model's are cut short."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Greedy continuations of a prompt, without the prompt.

    Attributes:
        base: By the unedited weights.
        now: By the weights at the cursor.
        step: The cursor's step.
    """

    prompt: str
    base: str
    now: str
    step: int

    @property
    def differ(self) -> bool:
        """Whether the edits in force change the answer."""
        return self.base != self.now


class _Deadline:
    """A stop flag that also sets itself when the time is up."""

    def __init__(self, stop: StopFlag, seconds: float) -> None:
        self._stop = stop
        self._until = time.monotonic() + seconds

    def is_set(self) -> bool:
        return self._stop.is_set() or time.monotonic() > self._until


def ask(live: LiveSession, prompt: str, stop: StopFlag) -> Answers:
    """Let both models go on from a prompt, greedily.

    Raises:
        RequestError: The prompt fills the model's context.
    """
    from ....engine.generation import Sampling, generate

    deadline = _Deadline(stop, PATIENCE_S)
    sampling = Sampling(max_new_tokens=TOKENS, greedy=True)
    now = generate(live.model, prompt, sampling, stop=deadline).new_text
    with live.weights.at_base():
        base = generate(live.model, prompt, sampling, stop=deadline).new_text
    return Answers(prompt, _clause(base), _clause(now), live.session.cursor.step)


def _clause(text: str) -> str:
    """The text up to its first line break."""
    return text.strip("\n").split("\n", 1)[0]


def changed(old: str, new: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts in pieces, each with whether the other text has it elsewhere or not at all.

    >>> changed(" basketball. He", " football. He")
    ([(' basketball', True), ('. He', False)], [(' football', True), ('. He', False)])
    """
    left, right = _words(old), _words(new)
    olds: list[tuple[str, bool]] = []
    news: list[tuple[str, bool]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, False).get_opcodes():
        if a < b:
            olds.append(("".join(left[a:b]), tag != "equal"))
        if c < d:
            news.append(("".join(right[c:d]), tag != "equal"))
    return olds, news


def _words(text: str) -> list[str]:
    """Words with the space before them, and what stands between them."""
    return re.findall(r"\s*\w+|\s*[^\w\s]|\s+$", text)
