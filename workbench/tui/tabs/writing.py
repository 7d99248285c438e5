"""Generated text in the console: streaming, one column or base and edited side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from ...commands.context import Side
from ...render.text import visible
from ..lane.answers import changed
from ..text import FAINT, MUTED, step_name
from .blocks import Block

if TYPE_CHECKING:
    from ....store.records import GenerationRecord
    from ...commands.results import Written

_CARET = "▌"


class Column(Vertical):
    """One text: a heading, the prompt dimmed, and what the model wrote."""

    def __init__(self, side: Side, heading: str, prompt: str) -> None:
        super().__init__(classes=f"column -{side}")
        self._heading = heading
        self._prompt = prompt
        self._text = ""
        self._done = False
        self._body = Static(self._content(), classes="written")

    @property
    def text(self) -> str:
        """What was written so far."""
        return self._text

    @property
    def done(self) -> bool:
        """Whether the text is whole."""
        return self._done

    def compose(self) -> ComposeResult:
        """Heading and text."""
        if self._heading:
            yield Static(Content.styled(self._heading, MUTED), classes="heading")
        yield self._body

    def add(self, text: str) -> None:
        """Take a piece of text."""
        self._text += text
        self._body.update(self._content())

    def finish(self, text: str | None = None) -> None:
        """The text is whole."""
        self._done = True
        if text is not None:
            self._text = text
        self._body.update(self._content())

    def mark(self, pieces: list[tuple[str, bool]], style: str) -> None:
        """Show the text in pieces, those that differ in a style."""
        self._done = True
        shown = [(visible(text), style if differs else "") for text, differs in pieces]
        self._body.update(Content.assemble((visible(self._prompt), MUTED), *shown))

    def _content(self) -> Content:
        caret = ("", "") if self._done else (_CARET, "$accent")
        return Content.assemble((visible(self._prompt), MUTED), visible(self._text), caret)


class Writing(Block):
    """A generation. `job` is the number of the job that writes it."""

    def __init__(self, job: int, prompt: str, *, compare: bool, at: Side, step: int) -> None:
        super().__init__(classes="-writing")
        self.job = job
        here = f"at {step_name(step)}"
        sides: tuple[Side, ...] = ("base", "cursor") if compare else (at,)
        headings = {"base": "base model", "cursor": here if compare else ""}
        self._prompt = prompt
        self._columns = {side: Column(side, headings[side], prompt) for side in sides}
        self._foot = Static("", classes="foot")
        self._foot.display = False

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return all(column.done for column in self._columns.values())

    @property
    def text(self) -> str:
        """What was written so far, in the last column."""
        return list(self._columns.values())[-1].text

    @property
    def whole(self) -> str:
        """The prompt and what was written so far."""
        return self._prompt + self.text

    def compose(self) -> ComposeResult:
        """The columns, and a line with how it ended."""
        with Horizontal(classes="columns"):
            yield from self._columns.values()
        yield self._foot

    def add(self, side: Side, text: str) -> None:
        """Take a piece of text."""
        if side in self._columns:
            self._columns[side].add(text)

    def finish(self, result: Written) -> None:
        """The texts are whole; with two of them, show where they differ."""
        new = {"base": result.base, "cursor": result.generation}
        if result.base is None:
            new = {"base": result.generation, "cursor": result.generation}
        texts = {side: _continuation(new[side]) for side in self._columns}
        for side, column in self._columns.items():
            column.finish(texts[side])
        if len(self._columns) == 2 and texts["base"] != texts["cursor"]:
            olds, news = changed(texts["base"], texts["cursor"])
            self._columns["base"].mark(olds, "$warning")
            self._columns["cursor"].mark(news, "bold $success")
        self._say(_foot(result))

    def stop(self, why: str) -> None:
        """It ended before it was whole."""
        for column in self._columns.values():
            column.finish()
        self._say(why)

    def _say(self, text: str) -> None:
        self._foot.display = True
        self._foot.update(Content.styled(text, FAINT))


def _continuation(record: GenerationRecord | None) -> str:
    """The text without its prompt."""
    if record is None:
        return ""
    return record.text.removeprefix(record.prompt)


def _foot(result: Written) -> str:
    parameters = result.generation.parameters
    how = "greedy" if parameters.get("greedy") else f"seed {result.generation.seed}"
    count = len(result.generation.token_ids)
    parts = [f"{count} token" + ("" if count == 1 else "s"), how]
    if parameters.get("finish") == "stopped":
        parts.append("stopped")
    if result.base is None:
        parts.append("base model" if result.at == "base" else step_name(result.generation.step))
    return " · ".join(parts)
