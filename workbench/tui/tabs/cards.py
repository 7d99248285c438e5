"""What the console shows after an edit and after a move of the cursor, written for a newcomer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from ...render.text import visible
from ...render.vitals import key_vitals, model_vitals
from ..flow import Flow, link
from ..keymap import key_for
from ..lane.answers import Answers, changed
from ..text import FAINT, MUTED, percent, ratio, said, step_name, verdict_content
from .blocks import Block

if TYPE_CHECKING:
    from ....store.records import Json, StepRecord
    from ...commands.results import Edited, Moved

ASKING = "asking the model…"


class AnswerPair(Horizontal):
    """What the base model and the model at the cursor say to one prompt, side by side.

    Where they say the same, one column says so.
    """

    def __init__(self) -> None:
        super().__init__(classes="answers")
        self._base = Static(classes="written")
        self._now = Static(Content.styled(ASKING, FAINT), classes="written")
        self._heading = Static(classes="heading")
        title = Static(Content.styled("base model", MUTED), classes="heading")
        self._left = Vertical(title, self._base, classes="column -base")
        self._left.display = False

    def compose(self) -> ComposeResult:
        """Two columns; the first appears when there is something to compare."""
        yield self._left
        yield Vertical(self._heading, self._now, classes="column -cursor")

    def show(self, answers: Answers) -> None:
        """Show the answers; what differs stands out."""
        olds, news = changed(answers.base, answers.now)
        self._base.update(_answer(answers.prompt, olds, "bold $warning"))
        self._now.update(_answer(answers.prompt, news, "bold $success"))
        self._left.display = answers.differ
        here = "base model" if not answers.step else f"model at {step_name(answers.step)}"
        same = "" if answers.differ or not answers.step else ", as the base model"
        self._heading.update(Content.styled(here + same, MUTED))


def _answer(prompt: str, pieces: list[tuple[str, bool]], style: str) -> Content:
    shown = [(visible(text), style if differs else "") for text, differs in pieces]
    return Content.assemble((visible(prompt), MUTED), *shown)


class Card(Block):
    """Something that happened to the session, with the answers before and after.

    `job` is the number of the job that made it.
    """

    def __init__(self, job: int, classes: str) -> None:
        super().__init__(classes=classes)
        self.job = job
        self._pair = AnswerPair()
        self._answered = False

    @property
    def done(self) -> bool:
        """Whether the answers have come."""
        return self._answered

    def answer(self, answers: Answers | None) -> None:
        """Show the answers, or that there are none."""
        self._answered = True
        if answers is None:
            self._pair.display = False
        else:
            self._pair.show(answers)


_NEXT = (
    ("undo", "undo", "screen.undo"),
    ("compare", "compare at length", "screen.compare"),
    ("tab_edit", "how it was computed", "screen.tab('edit')"),
    ("export", "export", "screen.export"),
)
"""What is likely to come next: action, what it is called here, and what a click does."""


class EditCard(Card):
    """A new step."""

    def __init__(self, job: int, result: Edited) -> None:
        super().__init__(job, f"-edited -{result.step.verdict}")
        self.result = result

    def compose(self) -> ComposeResult:
        """Heading, both answers, figures, and the keys that come next."""
        result, record = self.result, self.result.step
        yield Static(_edit_heading(result))
        yield self._pair
        yield Flow(vitals_pieces(record), classes="figures")
        yield Flow(
            [link(key_for(self, name), label, action) for name, label, action in _NEXT],
            classes="next",
        )


class MoveCard(Card):
    """The cursor went elsewhere."""

    def __init__(self, job: int, result: Moved) -> None:
        super().__init__(job, "-moved")
        self.result = result
        self._answered = not result.steps

    def compose(self) -> ComposeResult:
        """Heading and both answers."""
        result = self.result
        verb = {"undo": "undone", "redo": "redone"}.get(result.action, "crossed")
        count = len(result.steps)
        crossed = "" if not count else f"{count} step{'' if count == 1 else 's'} {verb}"
        if not result.after.step:
            crossed += ", the model is the unedited one again"
        yield Static(
            Content.assemble(
                (f"{result.action}  ", "bold"),
                (f"{step_name(result.before.step)} → ", MUTED),
                (step_name(result.after.step), "bold $accent"),
                (" on ", MUTED),
                said(result.after.branch),
                (f"  {crossed}", FAINT),
            )
        )
        if result.steps:
            yield self._pair


def _edit_heading(result: Edited) -> Content:
    record = result.step
    opened = f" (a new branch: {result.new_branch})" if result.new_branch else ""
    return Content.assemble(
        (f"step {record.step}", "bold $accent"),
        (" on ", MUTED),
        said(result.branch),
        (said(opened).plain, "$warning"),
        "  ",
        said(record.request.get("subject", ""), "bold"),
        (" → ", MUTED),
        said(str(record.request.get("target_new", "")).strip(), "bold $success"),
        (f"  {record.rule}", FAINT),
    )


def vitals_pieces(record: StepRecord) -> list[Content]:
    """The vitals of a step, figure by figure."""
    vitals = record.vitals
    target = said(str(record.request.get("target_new", "")).strip(), width=20)
    return [
        Content.assemble(
            ("P(", MUTED), target, (") ", MUTED),
            percent(vitals.get("prob_new_before")), (" → ", MUTED),
            (percent(vitals.get("prob_new")), "bold"), _rank(vitals),
        ),
        _efficacy(vitals),
        _pair("‖Δ‖/‖W₀‖", ratio(vitals.get("delta_ratio"))),
        _pair("‖W−W₀‖/‖W₀‖", ratio(vitals.get("weight_ratio"))),
        *(_pair(*each) for each in (*key_vitals(vitals), *model_vitals(vitals))),
        verdict_content(record.verdict),
        said(record.verdict_reason, FAINT),
    ]  # fmt: skip


def _rank(vitals: Json) -> Content:
    rank = vitals.get("rank_new")
    return Content("") if rank is None else Content.styled(f" (rank {rank:,})", MUTED)


def _efficacy(vitals: Json) -> Content:
    if vitals.get("efficacy"):
        return Content.styled("✔ the model says it", "$success")
    return Content.styled("✖ the model still says otherwise", "$warning")


def _pair(name: str, value: str) -> Content:
    return Content.assemble((f"{name} ", MUTED), value)
