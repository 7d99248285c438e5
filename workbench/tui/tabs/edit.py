"""The Edit tab: how one step was computed, the step under the history's highlight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ..bottom.tokens import token_content
from ..helpable import Help
from ..text import FAINT, MUTED, duration, figure, padded, said, site_of
from .cards import vitals_pieces
from .fit import clamp, curves, table
from .page import Page

if TYPE_CHECKING:
    from ....store.records import Json, StepRecord

_GROUPS = (
    ("Keys", (
        ("k0_norm", "‖k₀‖", "the key in the bare prompt"),
        ("kbar_norm", "‖k̄‖", "its mean over the contexts"),
        ("key_cosine", "cos(k₀, k̄)", "how alike the two are"),
        ("k0_dot_u", "k₀·u", "key in the bare prompt, along the update"),
        ("kbar_dot_u", "k̄·u", "mean key over the contexts, along the update"),
    )),
    ("Optimisation", (
        ("v0_norm", "‖v₀‖", "the value before"),
        ("offset_norm", "‖δ‖", "the optimised offset"),
        ("clamp_norm", "clamp", "no ‖δ‖ goes beyond"),
        ("clamped_steps", "clamped", "gradient steps whose δ was cut back to it"),
        ("grad_steps", "gradient steps", ""),
        ("early_stop", "stopped early", "the loss was small enough before the last step"),
    )),
    ("Update", (
        ("divisor", "divisor", "what the rule divides by"),
        ("amplification", "amplification", "change at k̄ over what the rule means; 1 is ideal"),
        ("right_norm", "‖right‖", "the value side of Δ"),
        ("delta_norm", "‖Δ‖", "the change of the weight"),
    )),
)  # fmt: skip
"""The diagnostics as they are shown: name in the record, name on the screen, and what it means."""


class EditTab(Page):
    """One step: tokens, vitals, loss terms per gradient step, diagnostics."""

    help = Help(
        "Edit",
        "How the step under the history's highlight was computed.\n\n"
        "Tokens: the request as the model reads it. The marked token is the lookup position: the "
        "subject's last token, where the key is read and the value written.\n"
        "The value: an offset δ is optimised until the model says the target. Each row is a term "
        "of the loss, gradient step by gradient step; while an edit is computed they grow.\n"
        "Diagnostics: the numbers that tell a sound edit from one that ruins the model.",
    )

    _nothing = ""

    def compose(self) -> ComposeResult:
        """One page of text."""
        yield Static(id="edit-page")

    def on_mount(self) -> None:
        """There is no step yet."""
        self.show_nothing("make an edit, or choose a step in the history")

    def show_nothing(self, why: str) -> None:
        """Say why there is no step to show."""
        if why != self._nothing:
            self._nothing = why
            self.query_one("#edit-page", Static).update(Content.styled(why, MUTED))

    def show(self, record: StepRecord) -> None:
        """Show a step."""
        parts = [
            _heading(record),
            Content.assemble(_title("Tokens"), "\n", _tokens(record.tokens)),
            Content.assemble(_title("Vitals"), "\n", _vitals(record)),
            Content.assemble(
                _title(_learned(record.losses)),
                "\n",
                _value(record.losses, record.diagnostics.get("clamp_norm")),
            ),
            Content.assemble(_title("Diagnostics"), "\n", _diagnostics(record.diagnostics)),
            Content.assemble(_title("Gradient steps"), "\n", table(record.losses)),
            _foot(record),
        ]
        self._draw(parts)
        self.scroll_home(animate=False)

    def live(self, figures: Sequence[Mapping[str, Any]], total: int | None) -> None:
        """Show an optimisation that goes on."""
        of = f" of {total}" if total else ""
        self._draw(
            [
                Content.assemble(
                    ("an edit is being computed  ", "bold $accent"),
                    (f"gradient step {len(figures)}{of}", MUTED),
                ),
                Content.assemble(
                    _title(_learned(figures)), "\n", _value(figures, figures[-1].get("clamp_norm"))
                ),
                Content.assemble(_title("Gradient steps"), "\n", table(figures)),
            ]
        )

    def _draw(self, parts: Sequence[Content]) -> None:
        shown = [part for part in parts if part]
        self._nothing = ""
        self.query_one("#edit-page", Static).update(Content("\n\n").join(shown))


def _learned(losses: Sequence[Mapping[str, Any]]) -> str:
    """What was optimised: an offset of the value, or the weight itself."""
    return "The value v*" if losses and "offset_norm" in losses[0] else "Fine-tuning"


def _title(text: str) -> Content:
    return Content.styled(text, "bold $primary")


def _heading(record: StepRecord) -> Content:
    prompt = str(record.request.get("prompt", ""))
    before, _, after = prompt.partition("{}")
    return Content.assemble(
        (f"step {record.step}  ", "bold $accent"),
        said(before), ("[", "$accent"), said(record.request.get("subject", ""), "bold $accent"),
        ("]", "$accent"), said(after), (" => ", MUTED),
        said(str(record.request.get("target_new", "")).strip(), "bold $success"),
        (f"\n{record.rule} at {site_of(record.weight_name)}", MUTED),
    )  # fmt: skip


def _vitals(record: StepRecord) -> Content:
    pieces = vitals_pieces(record)
    return Content("\n").join([piece for piece in pieces if piece])


def _tokens(tokens: Json) -> Content:
    pieces = [str(piece) for piece in tokens.get("pieces", ())]
    targets = [str(piece) for piece in tokens.get("target_pieces", ())]
    return token_content(pieces, tokens.get("lookup_index"), targets)


def _value(losses: Sequence[Mapping[str, Any]], radius: Any) -> Content:
    return Content("\n").join([part for part in (curves(losses), clamp(losses, radius)) if part])


def _diagnostics(found: Json) -> Content:
    lines = []
    for title, rows in _GROUPS:
        told = [row for row in rows if row[0] in found]
        lines += [Content.styled(title, MUTED)] if told else []
        lines += [
            Content.assemble(
                (f"  {padded(name, 15)}", MUTED), f"{figure(found[key]):<10}", (about, FAINT)
            )
            for key, name, about in told
        ]
    return Content("\n").join(lines)


def _foot(record: StepRecord) -> Content:
    spent = [
        f"{name.removesuffix('_s')} {duration(value) if value >= 1 else f'{1000 * value:.0f} ms'}"
        for name, value in record.timings.items()
        if isinstance(value, int | float)
    ]
    return Content.styled(
        f"weight sha256 {record.weight_sha256}\n{' · '.join(spent)}".strip(), FAINT
    )
