"""The Edit tab: how one step was computed, the step under the history's highlight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ..bottom.tokens import token_content
from ..helpable import Help
from ..text import FAINT, MUTED, duration, figure, padded, percent, said, site_of, spark
from .cards import vitals_pieces
from .page import Page

if TYPE_CHECKING:
    from ....store.records import Json, StepRecord

_SPARK = 24

_TERMS = (
    ("loss", "loss", "the sum; stops below 0.05"),
    ("nll", "NLL", "of the target, mean over contexts, nats"),
    ("kl", "KL", "drift of “{} is a”, weighted"),
    ("weight_decay", "decay", "‖δ‖/‖v₀‖², weighted"),
    ("prob", "P(target)", "mean over contexts"),
    ("offset_norm", "‖δ‖", "length of the offset"),
)

_EXPLAINED = (
    ("k0_dot_u", "k₀·u", "key in the bare prompt, along the update"),
    ("kbar_dot_u", "k̄·u", "mean key over the contexts, along the update"),
    ("divisor", "divisor", "what the rule divides by"),
    ("amplification", "amplification", "change at k̄ over what the rule means to write; 1 is ideal"),
    ("key_cosine", "cos(k₀, k̄)", "how alike the two keys are"),
    ("offset_norm", "‖δ‖", "the optimised offset of the value"),
    ("v0_norm", "‖v₀‖", "the value before"),
    ("delta_norm", "‖Δ‖", "the change of the weight"),
    ("grad_steps", "gradient steps", ""),
    ("early_stop", "stopped early", "the loss fell below 0.05"),
    ("clamped_steps", "clamped", "gradient steps whose δ was cut to clamp_norm"),
)


class EditTab(Page):
    """One step: tokens, vitals, loss terms per gradient step, diagnostics."""

    help = Help(
        "Edit",
        "How the step under the history's highlight was computed.\n\n"
        "Tokens: the request as the model reads it. The marked token is the lookup position: the "
        "subject's last token, where the key is read and the value written.\n"
        "The value: an offset δ is optimised until the model says the target. Each row is a term "
        "of the loss from the first gradient step to the last.\n"
        "Diagnostics: the numbers that tell a sound edit from one that ruins the model.",
    )

    def compose(self) -> ComposeResult:
        """One page of text."""
        yield Static(id="edit-page")

    def on_mount(self) -> None:
        """There is no step yet."""
        self.show_nothing("make an edit, or choose a step in the history")

    def show_nothing(self, why: str) -> None:
        """Say why there is no step to show."""
        self.query_one("#edit-page", Static).update(Content.styled(why, MUTED))

    def show(self, record: StepRecord) -> None:
        """Show a step."""
        parts = [
            _heading(record),
            Content.assemble(_title("Tokens"), "\n", _tokens(record.tokens)),
            Content.assemble(_title("Vitals"), "\n", _vitals(record)),
            Content.assemble(_title("The value v*"), "\n", _trace(record.losses)),
            Content.assemble(_title("Diagnostics"), "\n", _diagnostics(record.diagnostics)),
            Content.assemble(_title("Gradient steps"), "\n", _table(record.losses)),
            _foot(record),
        ]
        shown = [part for part in parts if part]
        self.query_one("#edit-page", Static).update(Content("\n\n").join(shown))
        self.scroll_home(animate=False)


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


def _trace(losses: tuple[Json, ...]) -> Content:
    lines = []
    for key, name, about in _TERMS:
        values = [float(line[key]) for line in losses if line.get(key) is not None]
        if not values:
            continue
        show = percent if key == "prob" else figure
        lines.append(
            Content.assemble(
                (f"{name:<10}", MUTED),
                (f"{spark(values, _SPARK):<{min(len(values), _SPARK)}}", "$accent"),
                f"  {show(values[0])} → ",
                (show(values[-1]), "bold"),
                (f"  {about}", FAINT),
            )
        )
    return Content("\n").join(lines)


def _diagnostics(found: Json) -> Content:
    lines = [
        Content.assemble(
            (padded(name, 15), MUTED),
            f"{figure(found[key]):<10}",
            (about, FAINT),
        )
        for key, name, about in _EXPLAINED
        if key in found
    ]
    return Content("\n").join(lines)


def _table(losses: tuple[Json, ...]) -> Content:
    head = f"{'step':>4}{'loss':>10}{'NLL':>10}{'KL':>10}{'decay':>10}{'P':>9}{'‖δ‖':>9}"
    lines = [Content.styled(head, MUTED)]
    for line in losses:
        clamped = "  clamped" if line.get("clamped") else ""
        lines.append(
            Content(
                f"{figure(line.get('step')):>4}{figure(line.get('loss')):>10}"
                f"{figure(line.get('nll')):>10}{figure(line.get('kl')):>10}"
                f"{figure(line.get('weight_decay')):>10}{percent(line.get('prob')):>9}"
                f"{figure(line.get('offset_norm')):>9}{clamped}"
            )
        )
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
