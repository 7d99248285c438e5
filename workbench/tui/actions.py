"""What the workspace's keys do: run a command, ask for something first, or get about."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from ...errors import RomebenchError, UsageError
from ..commands.typed import classify
from .asking import Asking
from .bottom.input_line import InputLine
from .conductor import invocation
from .copying import Copyable, copy
from .helpable import Help, Helpable
from .keymap import bindings_of
from .keys import WORKSPACE
from .side.history import HistoryList
from .tabs.console import Console
from .tabs.edit import EditTab

CONDITIONAL = ("undo", "redo", "step", "run_queue", "branch", "export")
"""Actions that are possible at some times only."""

COMPARE_TOKENS = 40

StepPane = HistoryList | EditTab
"""What is about the highlighted step."""


class Actions(Asking):
    """Bindings and actions. The workspace below says how a command is run."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(WORKSPACE)

    # What is possible now

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide or dim the keys of what is not possible."""
        view = self.view
        if action in ("step", "run_queue"):
            return view is not None and bool(view.queue) and view.status.writable
        if action in ("export", "branch"):
            return None if view is None else True
        if action == "undo":
            return view is not None and view.status.writable and view.status.depth > 0
        if action == "redo":
            return (
                view is not None and view.status.writable and view.status.depth < view.status.length
            )
        return True

    # Keys that run a command

    def action_undo(self) -> None:
        """Take back the last edit."""
        self.execute(invocation("undo"))

    def action_redo(self) -> None:
        """Apply again what was undone."""
        self.execute(invocation("redo"))

    def action_step(self) -> None:
        """Take the next request of the queue."""
        self.execute(invocation("step"))

    def action_run_queue(self) -> None:
        """Run the queue."""
        self.execute(invocation("run"))

    def action_compare(self) -> None:
        """Ask both models what was asked last."""
        prompt = self._typed_prompt() or self.last_prompt
        if not prompt:
            self.notify("type a prompt first, or make an edit", title="nothing to compare yet")
            return
        self.open_tab("console")
        self.execute(
            invocation(
                "generate",
                prompt=(prompt,),
                compare=True,
                greedy=True,
                max_new_tokens=COMPARE_TOKENS,
            )
        )

    def _typed_prompt(self) -> str:
        """The prompt that stands in the input line, if one does."""
        try:
            typed = classify(self.line.value)
        except RomebenchError:
            return ""
        if typed.intention == "generate":
            self.line.value = ""
            return typed.text
        return ""

    # The clipboard

    def action_copy(self) -> None:
        """Copy what the focused pane is about; from the input line, what the model said last."""
        around = [] if self.focused is None else self.focused.ancestors_with_self
        pane = next((node for node in around if isinstance(node, Copyable | StepPane)), None)
        if isinstance(pane, StepPane):
            copy(self.app, self.steps.request())
        else:
            copy(self.app, (pane or self.query_one(Console)).copied())

    def action_copy_request(self) -> None:
        """Copy the highlighted step's request."""
        copy(self.app, self.steps.request())

    def action_copy_output(self) -> None:
        """Copy what the console shows last."""
        copy(self.app, self.query_one(Console).copied())

    def action_copy_record(self) -> None:
        """Copy the line that the highlighted step has in an export."""
        copy(self.app, self.steps.export_line())

    def action_editor(self) -> None:
        """Write the line in an editor; what has several lines is sent at once."""
        from .editor import edited

        try:
            text = edited(self.app, self.line.value)
        except UsageError as error:
            self.notify(error.hint, title=error.message, severity="warning", markup=False)
            return
        if "\n" in text.strip():
            self.line.value = ""
            self.line.post_message(InputLine.Sent(text))
        else:
            self.line.put(text.strip("\n"))

    # Getting about

    def action_jump(self) -> None:
        """Show a letter on every place that can be gone to."""
        from .jump import JumpOverlay, go

        self.app.push_screen(JumpOverlay(self), go)

    def action_pane(self, side: str) -> None:
        """Go to the list at the left, or to the tab at the right."""
        if side == "left":
            self.query_one(HistoryList).focus()
        else:
            self.query_one(f"#{self.active_tab}").focus()

    def action_help(self) -> None:
        """Help on the focused pane."""
        from .help import HelpScreen

        around = [] if self.focused is None else self.focused.ancestors_with_self
        text = next((node.help for node in around if isinstance(node, Helpable)), _ABOUT)
        self.app.push_screen(HelpScreen(text, list(self.active_bindings.values())))

    def action_tab(self, name: str) -> None:
        """Show a tab."""
        self.open_tab(name)

    def action_focus_line(self) -> None:
        """Go to the input line."""
        self.line.focus()

    def action_type_slash(self) -> None:
        """Begin a command."""
        if not self.line.value:
            self.line.put("/")
        self.line.focus()


_ABOUT = Help(
    "romebench",
    "A workbench for rank-one model editing. Type in the line at the bottom; what comes of it is "
    "shown in the Console. Every edit becomes a step of the session, in the list at the left.",
)
