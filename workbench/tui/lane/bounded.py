"""Results cut to what a person reads, so that a list of ten thousand does not stop the screen."""

from __future__ import annotations

from dataclasses import fields, replace

from ...commands.results import HistoryLog, OperationLog, Result

LIMIT = 200
"""Entries of a list that are shown in the console."""


def bounded(result: Result) -> tuple[Result, str]:
    """The result with its long lists cut, and a remark where something was left out.

    The history and the operations keep their newest entries, other lists their first.
    """
    newest = isinstance(result, HistoryLog | OperationLog)
    cut: dict[str, object] = {}
    remark = ""
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, tuple) and len(value) > LIMIT:
            cut[field.name] = value[-LIMIT:] if newest else value[:LIMIT]
            which = "newest" if newest else "first"
            remark = f"the {which} {LIMIT} of {len(value):,} are shown; --json or an export has all"
    return (replace(result, **cut), remark) if cut else (result, "")
