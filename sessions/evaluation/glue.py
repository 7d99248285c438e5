"""GLUE and ME-PPL as probes along a session.

What is asked and how it is scored is the engine's; here it is said what is kept of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.metrics.glue import (
    FORMS,
    NEW_TOKENS,
    Task,
    examples,
    me_ppl_sentences,
    score,
)
from ...engine.metrics.greedy import greedy_texts
from ...engine.metrics.perplexity import sentence_perplexity
from ...engine.model import LoadedModel
from ...engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ...engine.tokens import encode
from ...errors import ModelError, UsageError
from ...store.records import Json
from .along import PathProbe, Reading, read_along

if TYPE_CHECKING:
    from ..live import LiveSession

ME_PPL = "me-ppl"
"""The probe that is no task: perplexity of 50 sentences."""

PROBES = (*(str(task) for task in Task), ME_PPL)

DEFAULT_PROBES = (str(Task.SST2), str(Task.MRPC), str(Task.COLA), str(Task.RTE))
"""What rebuilding-rome runs, with RTE asked the right way round."""


@dataclass(frozen=True, slots=True)
class GlueProbe:
    """A task, or the first so many examples of it."""

    task: Task
    limit: int | None
    command: str = "eval glue"

    @property
    def label(self) -> str:
        """The task's name."""
        return str(self.task)

    @property
    def name(self) -> str:
        """What it is called in the store."""
        return f"glue.{self.task}"

    @property
    def asked(self) -> Json:
        """How many examples."""
        return {"limit": self.limit}

    def measure(
        self, model: LoadedModel, progress: ProgressSink, stop: StopFlag
    ) -> tuple[float, Json]:
        """F1, and everything behind it."""
        form, rows = FORMS[self.task], examples(self.task, self.limit)
        prompts = [form.prompt(row) for row in rows]
        texts = greedy_texts(model, prompts, NEW_TOKENS, stop=stop)
        answers = [form.answer(prompt + text) for prompt, text in zip(prompts, texts, strict=True)]
        found = score([row["label"] for row in rows], answers)
        generations = [
            {"idx": row["idx"], "label": row["label"], "answer": answer, "text": text}
            for row, answer, text in zip(rows, answers, texts, strict=True)
        ]
        return found.f1, {**asdict(found), "total": found.total, "generations": generations}

    def check_fits(self, model: LoadedModel) -> None:
        """Raise where the task's prompts are too long for a model.

        Raises:
            ModelError: Names both lengths.
        """
        room = model.max_positions
        if room is None:
            return
        form, rows = FORMS[self.task], examples(self.task, self.limit)
        lengths = (len(encode(model.tokenizer, form.prompt(row)).ids) for row in rows)
        longest = max(lengths) + NEW_TOKENS
        if longest > room:
            raise ModelError(
                f"{model.name} takes {room} tokens, and {self.task} needs {longest}",
                f"take a model with a longer context; --tasks {ME_PPL} needs few",
            )


@dataclass(frozen=True, slots=True)
class SentencesProbe:
    """ME-PPL on some sentences.

    Attributes:
        sentences: All there are.
        limit: Only the first so many of them.
        source: The file they are of; None for those that ship.
    """

    sentences: tuple[str, ...]
    limit: int | None
    source: str | None = None
    label: str = ME_PPL
    name: str = ME_PPL
    command: str = "eval glue"

    @property
    def asked(self) -> Json:
        """Which sentences: how many of the 50, or those of which file."""
        text = "\n".join(self.sentences)
        own = None if self.source is None else hashlib.sha256(text.encode()).hexdigest()
        return {"limit": self.limit, "sha256": own}

    def measure(
        self, model: LoadedModel, progress: ProgressSink, stop: StopFlag
    ) -> tuple[float, Json]:
        """The mean perplexity of the sentences."""
        used = self.sentences[: self.limit]
        value = sentence_perplexity(model, used, stop=stop)
        return value, {"sentences": len(used), "source": self.source}


def measure_downstream(
    live: LiveSession,
    probes: Sequence[str] = DEFAULT_PROBES,
    *,
    every: int | None = None,
    limit: int | None = None,
    sentences: Path | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> list[Reading]:
    """Take probes on the path to the cursor; the model is back at the cursor afterwards.

    Args:
        probes: Of `PROBES`.
        every: At the base, after every so many edits, and at the cursor; None: at the cursor.
        limit: Only the first so many examples of each task.
        sentences: A file of ME-PPL sentences; None for the 50 that ship.

    Raises:
        UsageError: There is no such probe.
        FileFormatError: The sentences can't be read.
        ModelError: The prompts of a task are longer than the model's context.
        CancelledError: `stop` was set; what was measured stays.
    """
    made = [_made(probe, limit, sentences) for probe in probes]
    for probe in made:
        if isinstance(probe, GlueProbe):
            probe.check_fits(live.model)
    return read_along(live, made, every=every, progress=progress, stop=stop)


def _made(probe: str, limit: int | None, sentences: Path | None) -> PathProbe:
    if probe == ME_PPL:
        source = None if sentences is None else str(sentences)
        return SentencesProbe(tuple(me_ppl_sentences(sentences)), limit, source)
    if probe not in PROBES:
        raise UsageError(f"{probe!r} is no task", f"tasks: {', '.join(PROBES)}")
    return GlueProbe(Task(probe), limit)
