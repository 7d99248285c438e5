"""Average indirect effects: causal traces of many facts, averaged by the role of the token.

Meng et al. 2022, §2.2 and figure 2. A fact's indirect effect is the restored probability less the
corrupted one; a role that a fact has several tokens for counts once, with their mean; and a subject
of one token is both first and last, as in the published averages. Cases come and go as plain
objects, so that a run over a thousand facts can be taken up where it was left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor

from .lens import first_token
from .model import LoadedModel
from .noise import NoiseSource
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from .trace import Trace, TraceSettings, trace


class Role(StrEnum):
    """What a token is to the fact."""

    FIRST_SUBJECT = "first subject token"
    MIDDLE_SUBJECT = "middle subject tokens"
    LAST_SUBJECT = "last subject token"
    FIRST_AFTER = "first subsequent token"
    FURTHER = "further tokens"
    LAST = "last token"


@dataclass(frozen=True, slots=True)
class Fact:
    """A prompt whose answer is known.

    Attributes:
        key: Tells it from the other facts of its file.
        prompt: The text, subject in it.
        start: Character where the subject begins; None for its first occurrence.
        answer: What follows; None to follow whatever the model says.
    """

    key: str
    prompt: str
    subject: str
    answer: str | None = None
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One fact's part in an average.

    Attributes:
        traced: False where the model doesn't know the fact: it counts for nothing.
        answer: The token that was followed, or what the model says instead.
        effects: Indirect effect of every layer, by role.
    """

    key: str
    traced: bool
    answer: str
    high: float = math.nan
    low: float = math.nan
    effects: Mapping[str, tuple[float, ...]] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Case:
        """Read back what was stored of a case."""
        values = dict(data)
        if values.get("effects") is not None:
            values["effects"] = {role: tuple(row) for role, row in values["effects"].items()}
        for key in ("high", "low"):
            values[key] = math.nan if values.get(key) is None else values[key]
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Curve:
    """Average indirect effect of each layer for one role, with 95 % confidence intervals.

    Attributes:
        facts: How many facts have such a token.
    """

    role: Role
    facts: int
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Average:
    """Averaged traces.

    Attributes:
        facts: How many were traced.
        unknown: How many the model doesn't know.
        high: Mean probability of the answer in the clean runs.
        low: In the corrupted ones.
        total_effect: high - low.
    """

    settings: TraceSettings
    facts: int
    unknown: int
    high: float
    low: float
    curves: tuple[Curve, ...]

    @property
    def total_effect(self) -> float:
        """How much the noise takes away on average."""
        return self.high - self.low


def trace_facts(
    model: LoadedModel,
    facts: Sequence[Fact],
    settings: TraceSettings,
    source: NoiseSource,
    *,
    done: Mapping[str, Case] | None = None,
    on_case: Callable[[Case], None] = lambda _: None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Average:
    """Trace the facts that the model knows, and average.

    Args:
        done: Cases of an earlier run by key; their facts are not traced again.
        on_case: Takes every new case as soon as it is there.

    Raises:
        RequestError: A fact's subject isn't in its prompt, or the prompt is too long.
        CancelledError: `stop` was set; what `on_case` was given stands.
    """
    cases = dict(done or {})
    for count, fact in enumerate(facts):
        check(stop, "tracing the facts")
        progress(Progress("tracing facts", count, len(facts), fact.subject))
        if fact.key not in cases:
            cases[fact.key] = _case(model, fact, settings, source, stop)
            on_case(cases[fact.key])
    return average([cases[fact.key] for fact in facts], settings)


def _case(
    model: LoadedModel,
    fact: Fact,
    settings: TraceSettings,
    source: NoiseSource,
    stop: StopFlag,
) -> Case:
    """Trace one fact, if the model knows it."""
    if fact.answer is not None:
        nothing = replace(settings, samples=1)
        looked = trace(
            model, fact.prompt, fact.subject, nothing, start=fact.start, source=source, positions=()
        )
        if looked.answer_id != first_token(model, fact.answer):
            return Case(fact.key, False, looked.answer)
    found = trace(
        model, fact.prompt, fact.subject, settings, start=fact.start, source=source, stop=stop
    )
    return Case(fact.key, True, found.answer, found.high, found.low, effects_of(found))


def effects_of(found: Trace) -> dict[str, tuple[float, ...]]:
    """Indirect effect of every layer of a full trace, by role."""
    first, end = found.subject_range
    last = len(found.ids) - 1
    tokens = {
        Role.FIRST_SUBJECT: range(first, first + 1),
        Role.MIDDLE_SUBJECT: range(first + 1, end - 1),
        Role.LAST_SUBJECT: range(end - 1, end),
        Role.FIRST_AFTER: range(end, min(end + 1, last + 1)),
        Role.FURTHER: range(end + 1, last),
        Role.LAST: range(last, last + 1),
    }
    effects = torch.tensor(found.scores, dtype=torch.float64) - found.low
    return {
        str(role): tuple(effects[list(where)].mean(0).tolist())
        for role, where in tokens.items()
        if len(where)
    }


def average(cases: Sequence[Case], settings: TraceSettings) -> Average:
    """Average cases of the same settings."""
    traced = [case for case in cases if case.traced and case.effects is not None]
    curves = []
    for role in Role:
        rows = [case.effects[str(role)] for case in traced if str(role) in (case.effects or {})]  # type: ignore[index]
        if rows:
            curves.append(_curve(role, torch.tensor(rows, dtype=torch.float64)))
    return Average(
        settings,
        len(traced),
        len(cases) - len(traced),
        _mean([case.high for case in traced]),
        _mean([case.low for case in traced]),
        tuple(curves),
    )


def _curve(role: Role, effects: Tensor) -> Curve:
    n = len(effects)
    mean = effects.mean(0)
    error = 1.96 * effects.std(0) / math.sqrt(n) if n > 1 else torch.full_like(mean, math.nan)
    low, high = mean - error, mean + error
    return Curve(role, n, tuple(mean.tolist()), tuple(low.tolist()), tuple(high.tolist()))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
