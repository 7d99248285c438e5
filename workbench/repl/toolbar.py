"""The line at the bottom: where things stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompt_toolkit.utils import get_cwidth

from ..render.text import shortened

if TYPE_CHECKING:
    from ..bench import Bench, Status

_BAR = " │ "
_VERDICTS = ("ok", "warn", "collapsed")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the toolbar.

    Attributes:
        text: What it says.
        style: prompt-toolkit style.
        weight: The lightest goes first where there is no room for all.
    """

    text: str
    style: str = ""
    weight: int = 9


def toolbar(bench: Bench, columns: int = 400, mode: str = "") -> list[tuple[str, str]]:
    """Session, model, rule, C, step, branch and verdict on one line, as styled pieces.

    Args:
        columns: How wide the terminal is.
        mode: Which keys are in force.
    """
    status = bench.status()
    parts = _of_nothing(bench.current) if status is None else _of_status(status)
    if mode:
        parts.append(Part(mode, "class:toolbar.mode", weight=2))
    while len(parts) > 1 and _width(parts) > columns:
        lightest = min(part.weight for part in parts)
        parts.remove(next(part for part in reversed(parts) if part.weight == lightest))
    pieces = [("", " ")]
    for part in parts:
        pieces += [(part.style, part.text), ("class:toolbar.bar", _BAR)]
    return pieces[:-1]


def _width(parts: list[Part]) -> int:
    return 1 + sum(get_cwidth(part.text) for part in parts) + len(_BAR) * (len(parts) - 1)


def _of_nothing(name: str | None) -> list[Part]:
    return [Part(f"{shortened(name, 24)} (new)" if name else "no session yet: an edit makes one")]


def _of_status(status: Status) -> list[Part]:
    at = f"step {status.step}" if status.step else "base"
    loaded = "" if status.loaded else " (not loaded)"
    parts = [
        Part(shortened(status.session, 24), "class:toolbar.session"),
        Part(shortened(status.model, 24) + loaded, weight=4),
        Part(f"{status.rule} @ layer {status.layer}", weight=5),
        Part(status.second_moment, weight=3),
        Part(f"{at} ({status.depth}/{status.length}) on {shortened(status.branch, 20)}"),
    ]
    if status.verdict:
        style = f"class:toolbar.{status.verdict}" if status.verdict in _VERDICTS else ""
        parts.append(Part(status.verdict, style, weight=8))
    parts += [Part(remark, "class:toolbar.remark", weight=6) for remark in status.remarks]
    return parts
