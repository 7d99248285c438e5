"""How closely a session is watched, and what is done about a verdict. Never imports torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from ...errors import StoreError, UsageError
from ...store.records import Json


class VitalsLevel(StrEnum):
    """Which vitals are taken after each step."""

    CHEAP = "cheap"
    """Norms, u·k, and the edit's own efficacy."""
    FULL = "full"
    """Also perplexity, entropy and the share of earlier edits still in force."""


class Guard(StrEnum):
    """What a verdict does."""

    OFF = "off"
    """Nothing."""
    WARN = "warn"
    """It is told."""
    STOP = "stop"
    """It ends a run of the queue."""
    UNDO = "undo"
    """The step that brought it is undone, and a run ends."""


class Verdict(StrEnum):
    """What a step's vitals say, from good to bad; `uncalibrated` says nothing."""

    UNCALIBRATED = "uncalibrated"
    OK = "ok"
    WARN = "warn"
    COLLAPSED = "collapsed"


_BADNESS = {Verdict.WARN: 1, Verdict.COLLAPSED: 2}


@dataclass(frozen=True, slots=True)
class Watch:
    """How a live session is watched.

    Attributes:
        vitals: Which vitals are taken.
        guard: What a verdict does.
        until: The mildest verdict that the guard acts on.
    """

    vitals: VitalsLevel = VitalsLevel.CHEAP
    guard: Guard = Guard.STOP
    until: Verdict = Verdict.COLLAPSED

    def to_json(self) -> Json:
        """What a session keeps of it. A verdict that one run waits for is not kept."""
        return {"vitals": str(self.vitals), "guard": str(self.guard)}

    @classmethod
    def of(cls, kept: Json | None) -> Watch:
        """As a session keeps it; full vitals and `stop` where it keeps nothing.

        Raises:
            StoreError: What is kept is damaged.
        """
        if kept is None:
            return cls(VitalsLevel.FULL)
        try:
            return cls(VitalsLevel.FULL).changed(kept.get("vitals"), kept.get("guard"))
        except (AttributeError, UsageError) as error:
            raise StoreError(f"what the session keeps of its watch is damaged ({error})") from None

    def changed(self, vitals: str | None, guard: str | None) -> Watch:
        """The same with what was asked for instead.

        Raises:
            UsageError: There is no such level or guard.
        """
        return replace(
            self,
            vitals=self.vitals if vitals is None else _member(VitalsLevel, "vitals", vitals),
            guard=self.guard if guard is None else _member(Guard, "guard", guard),
        )

    def waiting_for(self, until: str | None) -> Watch:
        """The same, ending runs at a verdict that was asked for; a guard that would not becomes
        `stop`.

        Raises:
            UsageError: No guard waits for such a verdict.
        """
        if until is None:
            return self
        verdict = _member(Verdict, "verdict", until)
        if verdict not in _BADNESS:
            raise UsageError(f"a run can't go on until {until!r}", "until warn or collapsed")
        guard = self.guard if self.guard is Guard.UNDO else Guard.STOP
        return replace(self, guard=guard, until=verdict)

    def reached(self, verdict: str) -> bool:
        """Whether a verdict is as bad as the one the guard waits for."""
        bad = _BADNESS.get(Verdict(verdict), 0) if verdict in set(Verdict) else 0
        return bad >= _BADNESS[self.until]

    def ends_run(self, verdict: str) -> bool:
        """Whether a verdict ends a run of the queue."""
        return self.guard in (Guard.STOP, Guard.UNDO) and self.reached(verdict)

    def undoes(self, verdict: str) -> bool:
        """Whether a verdict takes its step back."""
        return self.guard is Guard.UNDO and self.reached(verdict)


_Choice = TypeVar("_Choice", bound=StrEnum)


def _member(kind: type[_Choice], option: str, value: str) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"there is no {option} {value!r}", f"one of {', '.join(kind)}") from None
