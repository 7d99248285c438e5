"""What asks first: dialogs for edits, branches, files, sessions and commands, and what follows.

A dialog is imported when it is opened: none is needed to start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.request import EditRequest
from ...errors import RomebenchError
from ..commands.parsing import Invocation
from ..commands.registry import find
from ..commands.spec import Command, ParamSpec, Scope
from ..commands.typed import classify
from .bottom.assist import Assist
from .bottom.completion import known_values
from .conductor import invocation
from .space import Space

if TYPE_CHECKING:
    from .dialogs.edit_form import FormAnswer
    from .dialogs.export import ExportAnswer
    from .dialogs.sessions import Wish
    from .sampling import Choice

_REQUESTS = (".json", ".jsonl")


class Asking(Space):
    """Actions that open a dialog."""

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
                method=answer.method,
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

    def action_sessions(self) -> None:
        """Show the sessions of the store."""
        from .dialogs.sessions import SessionsDialog

        if self.view is None:
            self.notify("there is no session yet: an edit makes one")
            return
        current = self.view.status.session
        self.app.push_screen(SessionsDialog(self.view.sessions, current, self._wished))

    def show_sessions(self) -> None:
        """Draw the list of sessions again, if it is open."""
        if len(self.app.screen_stack) < 2 or self.view is None:
            return
        from .dialogs.sessions import SessionsDialog

        for screen in self.app.screen_stack:
            if isinstance(screen, SessionsDialog):
                screen.show(self.view.sessions, self.view.status.session)

    def _wished(self, wish: Wish, name: str) -> None:
        from .dialogs.sessions import Wish

        if wish is Wish.OPEN:
            if self.view is None or name != self.view.status.session:
                self.execute(invocation("sessions open", name=name))
        elif wish is Wish.DELETE:
            self.execute(invocation("sessions delete", name=name), stay=True)
        elif wish is Wish.NEW:
            self._fill_in(find("sessions new"), {})
        else:
            self._fill_in(find("sessions rename"), {"name": name})

    def action_sampling(self) -> None:
        """Ask how texts are to be generated."""
        from .dialogs.sampling import SamplingDialog

        self.app.push_screen(SamplingDialog(self.sampling), self.sample)

    def action_greedy(self) -> None:
        """Generate greedily from now on, or draw again."""
        self.sample(replace(self.sampling, greedy=not self.sampling.greedy))
        self.notify(" · ".join(self.sampling.words()), title="generation")

    def sample(self, choice: Choice | None) -> None:
        """Generate so from now on."""
        if choice is not None:
            self.sampling = choice
            self.query_one(Assist).sample(choice)

    def action_queue_add(self) -> None:
        """Choose a file of requests for the queue."""
        self._choose_file("Requests for the queue", self._add_requests)

    def _add_requests(self, path: str | None) -> None:
        if path is not None:
            self.execute(invocation("queue add", file=path), stay=True)

    def _choose_file(self, title: str, then: Callable[[str | None], None]) -> None:
        from .dialogs.paths import PathDialog

        self.app.push_screen(PathDialog(title, _REQUESTS), then)

    def choose(self, command: Command) -> None:
        """A command was chosen in the palette."""
        from .palette import asks

        own = {"edit": self.action_edit, "branch": self.action_branch, "export": self.action_export}
        if command.name in own and (command.name == "edit" or self.view is not None):
            own[command.name]()
        elif command.name == "generate":
            self.line.focus()
            self.notify("type some text and press Enter: the model writes on from it")
        elif asks(command) or (command.name == "run" and not (self.view and self.view.queue)):
            self._fill_in(command, self._known(command))
        else:
            self.execute(Invocation(command, command.params()))

    def _fill_in(self, command: Command, values: dict[str, str]) -> None:
        from .dialogs.command_form import CommandForm

        form = CommandForm(command, values, self._suggested)
        self.app.push_screen(form, self._asked)

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
