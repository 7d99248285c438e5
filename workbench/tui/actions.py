"""What the workspace's keys do: run a command, ask for something first, or get about."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from ...engine.request import EditRequest
from ...errors import RomebenchError
from ..commands.parsing import Invocation
from ..commands.spec import Command, ParamSpec, Scope
from ..commands.typed import classify
from .bottom.completion import known_values
from .bottom.input_line import InputLine
from .conductor import Conductor, invocation
from .helpable import Help, Helpable
from .keymap import bindings_of
from .keys import WORKSPACE
from .view import View

if TYPE_CHECKING:
    from .dialogs.edit_form import FormAnswer
    from .dialogs.export import ExportAnswer

CONDITIONAL = ("undo", "redo", "step", "run_queue", "branch", "export")
"""Actions that are possible at some times only."""

COMPARE_TOKENS = 40


class Actions(Screen[None]):
    """Bindings and actions. The workspace below says how a command is run."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(WORKSPACE)

    conductor: Conductor
    view: View | None = None
    last_prompt: str = ""
    """What the model was last asked, for a comparison."""

    # What the workspace provides

    def execute(self, asked: Invocation, *, stay: bool = False) -> None:
        """Run a command."""
        raise NotImplementedError

    def open_tab(self, name: str) -> None:
        """Show a tab."""
        raise NotImplementedError

    def want_preview(self, request: EditRequest | None) -> None:
        """Have a request read when the lane is free."""
        raise NotImplementedError

    @property
    def line(self) -> InputLine:
        """The input line."""
        return self.query_one(InputLine)

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

    # Keys that ask first

    def action_edit(self) -> None:
        """Open the edit form, filled in with what is typed."""
        from .dialogs.edit_form import EditForm

        begin: EditRequest | None = None
        try:
            typed = classify(self.line.value)
            begin = typed.request() if typed.intention == "edit" else None
        except RomebenchError:
            begin = None
        rule = self.view.status.rule if self.view is not None else "r-rome"
        self.app.push_screen(EditForm(self.want_preview, rule=rule, request=begin), self._filled)

    def _filled(self, answer: FormAnswer | None) -> None:
        if answer is None:
            return
        request = answer.request
        self.line.value = ""
        self.execute(
            invocation(
                "edit",
                prompt=request.prompt,
                subject=request.subject,
                target=request.target_new,
                true=request.target_true,
                rule=answer.rule,
            )
        )

    def action_branch(self) -> None:
        """Ask for the name of a branch."""
        from .dialogs.branch import BranchDialog

        if self.view is None:
            return
        view = self.view
        names = (f"{view.status.branch}-{n}" for n in range(2, len(view.branches) + 3))
        free = next(name for name in names if name not in view.branches)
        self.app.push_screen(BranchDialog(view.cursor, view.branches, free), self._named)

    def _named(self, name: str | None) -> None:
        if name is not None:
            self.execute(invocation("branch", name=name))

    def action_export(self) -> None:
        """Ask where to write the session to."""
        from .dialogs.export import ExportDialog

        if self.view is not None:
            status = self.view.status
            self.app.push_screen(ExportDialog(status.session, status.total), self._placed)

    def _placed(self, answer: ExportAnswer | None) -> None:
        from .dialogs.export import DELTAS

        if answer is None or self.view is None:
            return
        name = self.view.status.session
        if answer.what == DELTAS:
            asked = invocation("deltas", session=name, output=answer.path, force=answer.force)
        else:
            asked = invocation("export", session=name, to=answer.path, force=answer.force)
        self.execute(asked)

    def choose(self, command: Command) -> None:
        """A command was chosen in the palette."""
        from .dialogs.command_form import CommandForm
        from .palette import asks

        own = {"edit": self.action_edit, "branch": self.action_branch, "export": self.action_export}
        if command.name in own and (command.name == "edit" or self.view is not None):
            own[command.name]()
        elif command.name == "generate":
            self.action_focus_line()
            self.notify("type some text and press Enter: the model writes on from it")
        elif asks(command) or (command.name == "run" and not (self.view and self.view.queue)):
            form = CommandForm(command, self._known(command), self._suggested)
            self.app.push_screen(form, self._asked)
        else:
            self.execute(Invocation(command, command.params()))

    def _known(self, command: Command) -> dict[str, str]:
        """What a form begins with."""
        if self.view is None or command.scope is not Scope.STORE:
            return {}
        name = self.view.status.session
        return {"session": name, "name": "" if command.name in ("import", "sessions new") else name}

    def _suggested(self, spec: ParamSpec) -> list[str]:
        """What a field of a form may hold: names and numbers of this session."""
        return known_values(spec.completes, self.view)

    def _asked(self, asked: Invocation | None) -> None:
        if asked is not None:
            self.execute(asked)

    # Getting about

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
