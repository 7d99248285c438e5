"""Where a session stands, for a header or a toolbar. A value: knows neither store nor model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """Where things stand.

    Attributes:
        layer: The edited layer of the session's hparams.
        second_moment: "C", or "C=I" where the session has no statistics.
        step: The cursor's step; 0 at the base.
        depth: Steps between the base and the cursor.
        length: Steps between the base and the tip of the branch.
        total: Steps of the session, on all branches.
        verdict: Of the cursor's step; empty at the base.
        writable: This process holds the session's writer lock.
        loaded: The model is in memory.
        vitals: Which vitals are taken after each step, "cheap" or "full".
        guard: What a verdict does: "off", "warn", "stop" or "undo".
    """

    session: str
    model: str
    device: str
    dtype: str
    rule: str
    weight_name: str
    layer: int
    second_moment: str
    branch: str
    step: int
    depth: int
    length: int
    total: int
    verdict: str
    writable: bool
    loaded: bool
    vitals: str = "full"
    guard: str = "stop"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not as usual: how the session is watched, and whether it can be written to."""
        found = {
            "read-only": not self.writable,
            f"guard {self.guard}": self.guard != "stop",
            f"{self.vitals} vitals": self.vitals != "full",
        }
        return tuple(remark for remark, holds in found.items() if holds)
