"""The edit form: a request in its parts, checked and previewed as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Button, Input, Label, Select

from ....engine.request import EditRequest
from ....engine.rules import Rule
from ....errors import RequestError
from ....store.records import Json
from ...commands.method import METHODS
from ..bottom.tokens import TokenPreview
from ..text import MUTED
from .base import Dialog

PAUSE_S = 0.25
"""A preview is asked for when typing rests so long."""

_FIELDS = (
    ("prompt", "Prompt", "{} plays the sport of", "with one {} where the subject goes"),
    ("subject", "Subject", "LeBron James", "what stands in the {}"),
    ("target", "Target", "football", "what the model should say next"),
    ("true", "True target", "basketball", "what it says now; may stay empty"),
)


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """What was filled in.

    Attributes:
        request: The edit.
        rule: Another rule than the session's; None for the session's, and for a method.
        method: Another method than a rule.
    """

    request: EditRequest
    rule: str | None
    method: str | None = None


class EditForm(Dialog[FormAnswer]):
    """Fields for prompt, subject, target, true target and rule.

    Args:
        ask: Asks for a preview; it comes back through `show_preview`.
        rule: The session's rule, for the label of the first choice.
        request: What to begin with.
    """

    title_text = "Edit"

    def __init__(
        self,
        ask: Callable[[EditRequest], None],
        *,
        rule: str,
        request: EditRequest | None = None,
    ) -> None:
        super().__init__(id="edit-form")
        self._ask = ask
        self._rule = rule
        self._begin = {} if request is None else _values(request)
        self._timer: Timer | None = None
        self._touched: set[str] = set()

    def body(self) -> ComposeResult:
        """A label, a field and a word of help for each part."""
        for name, label, example, about in _FIELDS:
            yield Label(Content.assemble((label, "bold"), (f"  {about}", MUTED)))
            yield Input(
                self._begin.get(name, ""), placeholder=example, id=f"field-{name}", compact=True
            )
        yield Label(
            Content.assemble(("Rule", "bold"), ("  which update equation, or fine-tuning", MUTED))
        )
        options = [
            (Content.assemble(rule.value, (f"  {rule.equation}", MUTED)), rule.value)
            for rule in Rule
        ]
        options += [
            (Content.assemble(method, ("  fine-tuning, for comparison", MUTED)), method)
            for method in METHODS
        ]
        yield Select(options, prompt=f"the session's: {self._rule}", id="field-rule", compact=True)
        yield TokenPreview(id="form-preview")

    def buttons(self) -> ComposeResult:
        """Edit or not."""
        yield Button("Edit", id="edit", variant="primary", compact=True)
        yield Button("Cancel", id="close", compact=True)

    def on_mount(self) -> None:
        """Say at once what is missing."""
        self._check()

    @property
    def request(self) -> EditRequest:
        """What the fields say.

        Raises:
            RequestError: Something is missing.
        """
        true = self._value("true")
        return EditRequest(
            prompt=self._value("prompt"),
            subject=self._value("subject").strip(),
            target_new=self._value("target").strip(),
            target_true=true.strip() or None,
        )

    def _value(self, name: str) -> str:
        return self.query_one(f"#field-{name}", Input).value

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._touched.add(str(event.input.id).removeprefix("field-"))
        self._check()

    def _check(self) -> None:
        """Mark what is off; ask for a preview where nothing is."""
        problems = {
            "prompt": "exactly one {} is needed" if self._value("prompt").count("{}") != 1 else "",
            "subject": "" if self._value("subject").strip() else "it is empty",
            "target": "" if self._value("target").strip() else "it is empty",
        }
        for name, problem in problems.items():
            shown = problem if name in self._touched else ""
            self.fails(self.query_one(f"#field-{name}", Input), shown)
        self.query_one("#edit", Button).disabled = any(problems.values())
        if self._timer is not None:
            self._timer.stop()
        preview = self.query_one(TokenPreview)
        missing = [f"{name}: {problem}" for name, problem in problems.items() if problem]
        if missing:
            preview.guide(" · ".join(missing))
            return
        preview.wait(self.request, "reading tokens…")
        self._timer = self.set_timer(PAUSE_S, lambda: self._ask(self.request))

    def show_preview(self, request: EditRequest, found: Json | None, error: str) -> None:
        """Show a preview, if it is still of what the fields say."""
        try:
            if request != self.request:
                return
        except RequestError:
            return
        preview = self.query_one(TokenPreview)
        if error:
            preview.refuse(error)
        elif found is None:
            preview.wait(request, "tokens are shown once the model is loaded")
        else:
            preview.show_preview(request, found)

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field; from the last ones it edits."""
        event.stop()
        if event.input.id in ("field-target", "field-true"):
            self._edit()
        else:
            self.focus_next()

    @on(Button.Pressed, "#edit")
    def _edit(self) -> None:
        try:
            request = self.request
        except RequestError as error:
            self._touched.update(("prompt", "subject", "target"))
            self._check()
            self.query_one(TokenPreview).refuse(error.message, error.hint)
            return
        chosen = self.query_one("#field-rule", Select).value
        way = chosen if isinstance(chosen, str) else None
        if way in METHODS:
            self.dismiss(FormAnswer(request, None, way))
        else:
            self.dismiss(FormAnswer(request, way))


def _values(request: EditRequest) -> dict[str, str]:
    return {
        "prompt": request.prompt,
        "subject": request.subject,
        "target": request.target_new.strip(),
        "true": (request.target_true or "").strip(),
    }
