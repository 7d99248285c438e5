"""A form for any command, made from its parameters: what the palette opens for those that ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from ....errors import UsageError
from ...commands.options import SessionChoices
from ...commands.parsing import HelpAsked, Invocation, parse
from ...commands.spec import Command, ParamSpec, fields_of
from ...commands.words import split_words
from ...render.text import visible
from ..text import MUTED
from .base import Dialog

_WRITTEN = ("to", "output", "out")
"""Parameters that name a file to be written."""


class CommandForm(Dialog[Invocation]):
    """One field for each parameter; the command line's own parser checks them.

    Args:
        command: What to fill in.
        values: What to begin with, by parameter name.
        suggested: Values a parameter is known to have; the end of one is offered while it is typed.
    """

    def __init__(
        self,
        command: Command,
        values: dict[str, str] | None = None,
        suggested: Callable[[ParamSpec], list[str]] = lambda _: [],
    ) -> None:
        super().__init__(id="command-form")
        self._suggested = suggested
        self.command = command
        self.title_text = command.name
        self._values = values or {}
        self._specs = _specs(command)

    def body(self) -> ComposeResult:
        """Summary, then a label and a field each."""
        yield Static(Content.styled(self.command.summary, MUTED), classes="summary")
        for spec in self._specs:
            if spec.kind is not bool:
                need = ("", "") if not spec.required else (" *", "$error")
                about = (f"  {spec.help}", MUTED)
                yield Label(Content.assemble((_label(spec), "bold"), need, about))
            yield self._field(spec)
        yield Static("", id="form-error")

    def buttons(self) -> ComposeResult:
        """Run or not."""
        yield Button("Run", id="run", variant="primary", compact=True)
        yield Button("Cancel", id="close", compact=True)

    def _field(self, spec: ParamSpec) -> Widget:
        name = f"field-{spec.name}"
        begin = self._values.get(spec.name, "")
        if spec.kind is bool:
            label = Content.assemble((_label(spec), "bold"), (f"  {spec.help}", MUTED))
            return Checkbox(label, id=name, compact=True)
        if spec.choices:
            return Select(
                [(choice, choice) for choice in spec.choices],
                value=begin or (spec.default if spec.default in spec.choices else Select.NULL),
                id=name,
                compact=True,
            )
        shown = "" if spec.default in (None, (), "") else str(spec.default)
        if spec.completes == "file":
            return self._file(spec, begin, shown or spec.metavar)
        return Input(
            begin,
            placeholder=shown or spec.metavar,
            suggester=SuggestFromList(self._suggested(spec)),
            id=name,
            compact=True,
        )

    def _file(self, spec: ParamSpec, begin: str, placeholder: str) -> Widget:
        from .path_field import PathField

        return PathField(
            begin,
            id=f"field-{spec.name}",
            title=_label(spec),
            placeholder=placeholder,
            saves=spec.name in _WRITTEN,
        )

    def words(self) -> list[str]:
        """The command line that the fields stand for.

        Raises:
            UsageError: A quote is not closed.
        """
        words = self.command.name.split()
        arguments: list[str] = []
        for spec in self._specs:
            value = self._value(spec)
            if spec.argument:
                arguments += split_words(value) if spec.many else [value] if value else []
            elif spec.kind is bool:
                words += [spec.flags[0]] if value else []
            elif value:
                words += [spec.flags[0], value]
        return [*words, "--", *arguments] if arguments else words

    def _value(self, spec: ParamSpec) -> Any:
        widget = self.query_one(f"#field-{spec.name}")
        if isinstance(widget, Input):
            return widget.value.strip()
        assert isinstance(widget, Checkbox | Select)
        return widget.value if widget.value is not Select.NULL else ""

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._run()

    @on(Button.Pressed, "#run")
    def _run(self) -> None:
        error = self.query_one("#form-error", Static)
        try:
            asked = parse(self.words())
        except UsageError as failure:
            error.update(Content.styled(visible(failure.message), "$error"))
            return
        if isinstance(asked, HelpAsked):
            error.update(Content(visible(asked.text)))
            return
        self.dismiss(asked)


def _specs(command: Command) -> tuple[ParamSpec, ...]:
    own = fields_of(command.params)
    if not command.creates:
        return own
    taken = {spec.name for spec in own}
    return own + tuple(spec for spec in fields_of(SessionChoices) if spec.name not in taken)


def _label(spec: ParamSpec) -> str:
    words = spec.name.replace("_", " ")
    return words[:1].upper() + words[1:]
