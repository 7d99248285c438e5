"""The history of a session as it is drawn: the tree, branches, operations, moves of the cursor."""

from __future__ import annotations

import json
from collections import defaultdict

from rich.console import Group, RenderableType
from rich.text import Text

from ...store.records import BASE, OperationRecord
from ..commands.results import BranchChanged, Branches, HistoryLog, Moved, OperationLog
from . import parts
from .graph import Row, graph
from .vitals import times

_STATUS = {"ok": "", "failed": "red", "cancelled": "yellow", "interrupted": "yellow"}


def log(result: HistoryLog) -> RenderableType:
    """The tree of steps, newest first."""
    tips = defaultdict(list)
    for branch in result.branches:
        tips[branch.tip].append(branch.name)
    lines = {step.step: step for step in result.steps}
    head = Text.assemble(
        parts.shown(result.session, "bold"), "  ", parts.shown(result.model, parts.LABEL)
    )

    def described(row: Row) -> Text:
        text = Text().append(row.lanes, style=parts.LABEL)
        if row.omitted:
            return text.append(f"{parts.count(row.omitted, 'older step')}: log without --limit")
        if row.step is None:
            return text
        here = row.step == result.cursor.step
        names = [
            parts.shown(name, parts.CURSOR if name == result.cursor.branch else "cyan")
            for name in tips[row.step]
        ]
        if here and result.cursor.branch not in tips[row.step]:
            names.insert(0, parts.line("on ", parts.shown(result.cursor.branch, parts.CURSOR)))
        style = parts.CURSOR if here else "bold"
        text.append("base" if row.step == BASE else str(row.step), style=style)
        for name in names:
            text.append("  ").append_text(name)
        if row.step == BASE:
            return text
        step = lines[row.step]
        text.append("  ").append_text(parts.shown(step.subject, width=40))
        text.append(" → ").append_text(parts.shown(step.target_new.strip(), width=30))
        text.append(f"  ‖Δ‖/‖W₀‖ {parts.ratio(step.delta_ratio)}", style=parts.LABEL)
        if step.perplexity_ratio is not None:
            text.append(f"  perplexity {times(step.perplexity_ratio)}", style=parts.LABEL)
        text.append(f"  {step.rule}  ", style=parts.LABEL)
        return text.append_text(parts.verdict(step.verdict))

    omitted = result.total - len(result.steps)
    rows = graph(result.steps, result.cursor.step, omitted=omitted)
    return Group(head, *map(described, rows))


def branches(result: Branches) -> RenderableType:
    """The branches as a list."""
    return parts.table(
        "",
        "branch",
        ">tip",
        ">depth",
        "made",
        rows=(
            (
                "@" if branch.current else "",
                parts.shown(branch.name, parts.CURSOR if branch.current else ""),
                "base" if branch.tip == BASE else str(branch.tip),
                str(branch.depth),
                parts.when(branch.created_at),
            )
            for branch in result.branches
        ),
    )


def branch_changed(result: BranchChanged) -> RenderableType:
    """What became of a branch."""
    name = parts.shown(result.name, parts.CURSOR)
    if result.was is not None:
        return parts.line("branch ", parts.shown(result.was), " is now ", name)
    return parts.line("branch ", name, f" at {step_name(result.tip)}")


def moved(result: Moved) -> RenderableType:
    """Where the cursor went."""
    crossed = len(result.steps)
    what = {"undo": "undid", "redo": "redid"}.get(result.action, "crossed")
    return Text.assemble(
        f"{step_name(result.before.step)} → ",
        (step_name(result.after.step), parts.CURSOR),
        " on ",
        parts.shown(result.after.branch, parts.CURSOR),
        (f"  ({what} {parts.count(crossed, 'step')})" if crossed else "  (was there)", parts.LABEL),
    )


def step_name(step: int) -> str:
    """A step in a sentence."""
    return "base" if step == BASE else f"step {step}"


def operations(result: OperationLog) -> RenderableType:
    """The operations as a list, newest last."""
    return parts.table(
        ">#",
        "time (UTC)",
        "command",
        "status",
        "cursor",
        "took",
        "with",
        rows=(
            (
                str(operation.number),
                parts.when(operation.created_at),
                operation.command,
                Text(operation.status, style=_STATUS.get(operation.status, "")),
                _cursor(operation),
                parts.seconds(operation.elapsed_s),
                parts.shown(json.dumps(operation.params, ensure_ascii=False), width=60),
            )
            for operation in result.operations
        ),
    )


def _cursor(operation: OperationRecord) -> Text:
    before, after = operation.before, operation.after
    if before == after:
        return parts.shown(f"{after.step} {after.branch}", parts.LABEL)
    return parts.shown(f"{before.step} → {after.step} {after.branch}")
