"""Completion of the input line from what the screen shows, so that it never waits for the lane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..view import View

if TYPE_CHECKING:
    from ....store.records import BranchRecord, SessionSummary, StepLine
    from ...bench import Bench
    from ...commands.complete import Candidate

OWN_WORDS = {
    "help": "what a pane or a command is for",
    "clear": "begin the console with an empty page",
    "quit": "leave romebench",
}
"""Words that the workbench itself answers to, beside the registry's commands."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What completion asks of a bench, answered from a picture of the session."""

    view: View | None

    @property
    def name(self) -> str | None:
        return self.view.status.session if self.view is not None else None

    @property
    def repository(self) -> _Seen:
        return self

    def session(self, *, write: bool) -> _Seen:
        return self

    def sessions(self) -> list[SessionSummary]:
        return list(self.view.sessions) if self.view is not None else []

    def branches(self) -> list[BranchRecord]:
        from ....store.records import BranchRecord

        if self.view is None:
            return []
        tips = {name: tip for tip, names in self.view.tips.items() for name in names}
        return [BranchRecord(name, tips[name]) for name in self.view.branches]

    def lines(self) -> list[StepLine]:
        return list(self.view.lines.values()) if self.view is not None else []


def candidates(line: str, view: View | None) -> list[Candidate]:
    """What can stand at the end of a typed command line; nothing for other lines."""
    if not line.startswith("/") or line.startswith("//"):
        return []
    from ...commands.complete import Candidate, complete

    found = complete(line, cast("Bench", _Seen(view)), bare=False)
    if " " not in line:
        typed = line[1:]
        found += [
            Candidate(word, 1, about) for word, about in OWN_WORDS.items() if word.startswith(typed)
        ]
    return found


def known_values(kind: str, view: View | None) -> list[str]:
    """The values a parameter can have, by what completes it; nothing where they can't be listed."""
    if view is None:
        return []
    steps = [str(step) for step in sorted(view.lines, reverse=True)]
    return {
        "session": [summary.name for summary in view.sessions],
        "branch": list(view.branches),
        "step": steps,
        "ref": [*view.branches, "base", *steps],
    }.get(kind, [])


def common_prefix(found: list[Candidate]) -> str:
    """What all candidates begin with."""
    texts = [candidate.text for candidate in found]
    first, last = min(texts, default=""), max(texts, default="")
    for index, char in enumerate(first):
        if index >= len(last) or last[index] != char:
            return first[:index]
    return first
