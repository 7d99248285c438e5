"""What a new evaluation is of: data, method, sample. Knows the command it becomes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from ....engine.rules import DEFAULT_RULE, Rule
from ....hparams.finetune import Baseline
from ...commands.options import SessionChoices
from ...commands.parsing import Invocation
from ...render.text import visible
from ..conductor import invocation
from ..text import MUTED
from .base import Dialog

_DATASETS = (
    ("CounterFact: ES, PS, NS, GE, RS, S", "counterfact"),
    ("zsRE: accuracy of answers", "zsre"),
)


@dataclass(frozen=True, slots=True)
class Started:
    """What was asked for. `session`: the one that will hold the run."""

    session: str
    invocation: Invocation


class EvaluationDialog(Dialog[Started]):
    """Fields for data set, file, method, sample and mode; checked as they are filled in.

    Args:
        model: The model of the session that is open, which the run will use.
        taken: Names of sessions.
    """

    title_text = "New evaluation"

    def __init__(self, model: str, taken: Collection[str]) -> None:
        super().__init__(id="evaluation")
        self._model = model
        self._taken = taken

    def body(self) -> ComposeResult:
        """The fields."""
        yield _label("Measured", "what a figure is called")
        yield Select(
            _DATASETS, allow_blank=False, value="counterfact", id="field-dataset", compact=True
        )
        yield _label("Data", "pocket, the embedded test set, or a file of records")
        yield Input("pocket" if self._model == "pocket" else "", id="field-data", compact=True)
        yield _label("Method", "a rule, or a fine-tuning baseline of the ROME paper")
        methods = [*Rule, *Baseline]
        yield Select(
            [(str(each), str(each)) for each in methods], allow_blank=False,
            value=str(DEFAULT_RULE), id="field-method", compact=True,
        )  # fmt: skip
        yield _label("Sample", "so many cases, drawn with the seed; all of them where empty")
        yield Input("", placeholder="all", id="field-limit", compact=True)
        yield Checkbox("each edit on top of those before it", id="field-sequential", compact=True)
        yield Checkbox("write texts, for GE", True, id="field-texts", compact=True)
        yield _label("Session", "holds the run; a run of that name goes on")
        yield Input(self._free(), id="field-session", compact=True)
        yield Static("", id="evaluation-note")

    def _free(self, dataset: str = "counterfact") -> str:
        stem = f"{Path(self._model).name}-{dataset}"
        names = (stem, *(f"{stem}-{n}" for n in range(2, len(self._taken) + 3)))
        return next(name for name in names if name not in self._taken)

    def buttons(self) -> ComposeResult:
        """Start or not."""
        yield Button("Start", id="start", variant="primary", compact=True)
        yield Button("Cancel", id="close", compact=True)

    def _typed(self, name: str) -> str:
        return self.query_one(f"#field-{name}", Input).value.strip()

    def _picked(self, name: str) -> str:
        return str(self.query_one(f"#field-{name}", Select).value)

    def _ticked(self, name: str) -> bool:
        return self.query_one(f"#field-{name}", Checkbox).value

    def _problem(self) -> str:
        data, limit = self._typed("data"), self._typed("limit")
        if not data:
            return "name a file of records"
        if data == "pocket" and self._picked("dataset") == "zsre":
            return "the embedded set is in CounterFact's form: name a file of zsRE records"
        if data != "pocket" and not Path(data).expanduser().is_file():
            return f"there is no file {data}"
        if limit and not (limit.isdigit() and int(limit) > 0):
            return f"{limit!r} is no number of cases"
        return "" if self._typed("session") else "name the session that will hold the run"

    @on(Select.Changed, "#field-dataset")
    def _another_dataset(self) -> None:
        dataset = self._picked("dataset")
        self.query_one("#field-texts", Checkbox).display = dataset == "counterfact"
        own = self.query_one("#field-session", Input)
        if own.value in (self._free("counterfact"), self._free("zsre")):
            own.value = self._free(dataset)
        self._check()

    @on(Input.Changed)
    def _check(self) -> None:
        problem = self._problem()
        self.query_one("#start", Button).disabled = bool(problem)
        note = Content.styled(visible(problem, one_line=True), "$error")
        self.query_one("#evaluation-note", Static).update(note)

    @on(Input.Submitted)
    @on(Button.Pressed, "#start")
    def _start(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        if not self._problem():
            self.dismiss(self._started())

    def _started(self) -> Started:
        dataset, method, limit = (
            self._picked("dataset"),
            self._picked("method"),
            self._typed("limit"),
        )
        name = self._typed("session")
        params: dict[str, object] = {
            "data": self._typed("data"),
            "name": name,
            "limit": int(limit) if limit else None,
            "sequential": self._ticked("sequential"),
            "method": method if method in set(Baseline) else None,
        }
        if dataset == "counterfact":
            params["skip_generation"] = not self._ticked("texts")
        choices = SessionChoices()
        if name not in self._taken:
            rule = method if method in set(Rule) else None
            choices = SessionChoices(model=self._model, rule=rule)
        asked = invocation(f"eval {dataset}", **params)
        return Started(name, Invocation(asked.command, asked.params, choices=choices))


def _label(name: str, about: str) -> Label:
    return Label(Content.assemble((name, "bold"), (f"  {about}", MUTED)))
