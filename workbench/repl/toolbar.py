"""The line at the bottom: where things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..render.text import shortened

if TYPE_CHECKING:
    from ..bench import Bench

_BAR = " │ "


def toolbar(bench: Bench) -> str:
    """Session, model, rule, C, step, branch and verdict on one line."""
    status = bench.status()
    if status is None:
        name = bench.current
        return f" {shortened(name, 24)} (new)" if name else " no session yet: an edit makes one"
    depth = f"step {status.step}" if status.step else "base"
    parts = [
        shortened(status.session, 24),
        shortened(status.model, 24) + ("" if status.loaded else " (not loaded)"),
        f"{status.rule} @ layer {status.layer}",
        status.second_moment,
        f"{depth} ({status.depth}/{status.length}) on {shortened(status.branch, 20)}",
    ]
    if status.verdict:
        parts.append(status.verdict)
    if not status.writable:
        parts.append("read-only")
    return " " + _BAR.join(parts)
