"""One case of an evaluation as it is shown: its prompts with their probabilities, and its texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from . import parts
from .text import visible

if TYPE_CHECKING:
    from ...sessions.evaluation.runs import CasePage, PromptLine

_SIDE_BY_SIDE = 104
"""Width from which a prompt and its probabilities stand on one line."""


def case_page(page: CasePage, width: int) -> RenderableType:
    """The edit, every prompt before and after it, and what was written before and after."""
    head = parts.line(f"case {page.case_id}  ", parts.shown(page.request, "bold"))
    where = "" if page.step is None else f", step {page.step}"
    true = parts.line("instead of ", parts.shown(page.true), where) if page.true else Text(where)
    shown: list[RenderableType] = [head, Text(true.plain, style=parts.LABEL), Text()]
    shown.append((_prompts if width >= _SIDE_BY_SIDE else _folded)(page.prompts, width))
    for number, (before, after) in enumerate(page.texts, 1):
        title = f"\ntext {number}" if len(page.texts) > 1 else "\ntext"
        shown.append(Text(title, style=parts.LABEL))
        shown += [_text("before  ", before, ""), _text("after   ", after, "green")]
    return Group(*shown)


def _prompts(prompts: Sequence[PromptLine], width: int) -> RenderableType:
    """A line for each prompt."""
    accuracy = _is_accuracy(prompts)
    heads = ["right before", "after"] if accuracy else [f"P({x}) {w}" for x, w in _HEADS]
    room = max(width - (42 if accuracy else 74), 16)
    last = ""
    rows: list[list[Text | str]] = []
    for line in prompts:
        part, last = ("" if line.part == last else line.part), line.part
        cells = [_cell(line, side, at) for at in range(1 if accuracy else 2) for side in _SIDES]
        rows.append([Text(part, style=parts.LABEL), _asked(line, room), *cells])
    return parts.table("", "", *(f">{head}" for head in heads), rows=rows)


_SIDES = ("before", "after")
_HEADS = (("new", "before"), ("new", "after"), ("true", "before"), ("true", "after"))


def _folded(prompts: Sequence[PromptLine], width: int) -> RenderableType:
    """Two lines for each prompt, where there is no room for a table."""
    accuracy = _is_accuracy(prompts)
    lines = []
    for line in prompts:
        asked = _asked(line, width - len(line.part) - 2)
        lines.append(parts.line(Text(f"{line.part}  ", style=parts.LABEL), asked))
        made = Text("  ")
        for at, name in enumerate(("right",) if accuracy else ("new", "true")):
            before, after = (_cell(line, side, at) for side in _SIDES)
            made.append(f"{name} ", style=parts.LABEL).append_text(before).append(" → ")
            made.append_text(after).append("  ")
        lines.append(made)
    return Group(*lines)


def _is_accuracy(prompts: Sequence[PromptLine]) -> bool:
    return any(len(line.after) == 1 for line in prompts)


def _asked(line: PromptLine, width: int) -> Text:
    if line.prompt is None:
        return Text("the prompt was not kept", style=parts.LABEL)
    return parts.shown(line.prompt, width=width)


def _cell(line: PromptLine, side: str, at: int) -> Text:
    """A probability; bold where the new target wins after the edit."""
    values: tuple[float, ...] = getattr(line, side)
    text = Text(parts.percent(values[at]) if at < len(values) else "–", style="default")
    wins = len(line.after) == 2 and line.after[0] > line.after[1]
    if side == "after" and at == 0 and wins:
        text.stylize("bold")
    return text


def _text(label: str, text: str, style: str) -> Text:
    made = Text(label, style=parts.LABEL)
    return made.append(visible(text.strip(), one_line=True), style=style)
