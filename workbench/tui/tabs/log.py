"""The Log tab: every command of the session with what came of it; Enter goes to where it led."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.content import Content

from ..copying import Copy
from ..helpable import Help
from ..keymap import bindings_of
from ..lane.asks import OperationsAsked
from ..pane_keys import GO_TO_OPERATION
from ..side.lines import LineList
from ..text import FAINT, MUTED, duration, said, step_name
from ..view import View
from .reading import ReadingTab

if TYPE_CHECKING:
    from ....store.records import OperationRecord

LIMIT = 1000
"""The newest so many operations are shown."""

_STATUS = {"ok": "", "failed": "$error", "cancelled": "$warning", "interrupted": "$warning"}
_WIDE = 76
"""Width from which date and time are shown, not the time alone."""


class LogList(ReadingTab, LineList):
    """The operations, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of((GO_TO_OPERATION,))

    help = Help(
        "Log",
        "Every command that changed the session or asked the model, newest first: its number, time "
        "(UTC), status, where the cursor was before and after, what was asked, and how long it "
        "took. Nothing is ever deleted here: undo is an operation like any other.\n\n"
        "Enter goes to the step at which an operation left the cursor.",
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._operations: list[OperationRecord] = []
        self._nothing = "nothing has been done yet"

    @property
    def count(self) -> int:
        """One line for each operation, or one that says there is none."""
        return max(len(self._operations), 1)

    def asked(self, view: View) -> OperationsAsked:
        """The newest operations."""
        return OperationsAsked(view.status.session, LIMIT)

    def show(self, found: list[OperationRecord]) -> None:
        """Draw operations given oldest first."""
        self._operations = found[::-1]
        self.changed()

    def say(self, why: str) -> None:
        """Say why there is nothing to see."""
        self._nothing = why
        self.show([])

    def can_choose(self, index: int) -> bool:
        """The line that says there is nothing can't be chosen."""
        return index < len(self._operations)

    def step_at(self, index: int) -> int | None:
        """Where an operation left the cursor."""
        return self._operations[index].after.step if self.can_choose(index) else None

    def copied(self) -> Copy | None:
        """The highlighted operation, as it stands here."""
        if not self._operations:
            return None
        found = self._operations[self.highlighted]
        return Copy(f"operation {found.number}", self.line(self.highlighted, _WIDE).plain.strip())

    def line(self, index: int, width: int) -> Content:
        """One operation."""
        if not self._operations:
            return Content.styled(self._nothing, MUTED)
        operation = self._operations[index]
        style = _STATUS.get(operation.status, "")
        stamp = operation.created_at.replace("T", " ")
        return Content.assemble(
            (f"{operation.number:>4} ", MUTED),
            (stamp[:16] if width >= _WIDE else stamp[11:16], FAINT),
            "  ",
            said(f"{operation.command:<9}", f"bold {style}".strip()),
            ("" if operation.status == "ok" else f" {operation.status}", style),
            " ",
            _moved(operation),
            "  ",
            said(_about(operation), width=max(width, 20)),
            (_took(operation), FAINT),
        )


def _moved(operation: OperationRecord) -> Content:
    before, after = operation.before, operation.after
    if before == after:
        return Content.styled(f"{'@' + str(after.step):<7}", FAINT)
    return Content.styled(f"{f'{before.step}→{after.step}':<7}", "$accent")


def _about(operation: OperationRecord) -> str:
    """What was asked or came of it, in a few words."""
    params, result = operation.params, operation.result
    if operation.status != "ok" and result.get("error"):
        return str(result["error"])
    request = params.get("request")
    if isinstance(request, dict):
        target = str(request.get("target_new", "")).strip()
        return f"{request.get('subject', '')} → {target}"
    if "prompt" in params:
        return str(params["prompt"])
    if operation.command in ("undo", "redo", "goto"):
        return f"to {step_name(operation.after.step)} on {operation.after.branch}"
    return ", ".join(
        f"{name} {_brief(value)}" for name, value in params.items() if value is not None
    )


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _took(operation: OperationRecord) -> str:
    return f"  {duration(operation.elapsed_s)}" if operation.elapsed_s >= 0.5 else ""
