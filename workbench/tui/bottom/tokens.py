"""Tokens as a person reads them, and the preview of an edit while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from ....engine.request import EditRequest
from ..text import FAINT, MUTED, percent, said

if TYPE_CHECKING:
    from ....store.records import Json


def token_content(pieces: list[str], lookup: int | None, targets: list[str]) -> Content:
    """Tokens parted by bars, the lookup position marked, then the target's tokens.

    >>> str(token_content(["Le", "Bron", " is"], 1, [" it"]))
    'Le│▸Bron◂│ is  →   it'
    """
    parts = []
    for index, piece in enumerate(pieces):
        if index == lookup:
            parts.append(
                Content.assemble(("▸", "$accent"), said(piece, "bold $accent"), ("◂", "$accent"))
            )
        else:
            parts.append(said(piece))
    bar = Content.styled("│", FAINT)
    wanted = bar.join([said(piece, "$success") for piece in targets])
    return Content.assemble(bar.join(parts), ("  →  ", MUTED), wanted)


class TokenPreview(Static):
    """What an edit would start from: shown above the input line and in the edit form."""

    def wait(self, request: EditRequest, why: str) -> None:
        """The request is sound; say why there is no more to tell yet."""
        self._show(_request_line(request), Content.styled(why, FAINT))

    def refuse(self, message: str, hint: str = "") -> None:
        """Say what is missing."""
        self._show(
            Content.assemble(("✖ ", "$warning"), said(message, "$warning")),
            said(hint, MUTED),
        )

    def guide(self, text: str) -> None:
        """Say what comes next."""
        self._show(Content.styled(text, MUTED))

    def show_preview(self, request: EditRequest, found: Json) -> None:
        """Show tokens, and where the target stands."""
        lines = [_request_line(request)]
        pieces = [str(piece) for piece in found.get("pieces", ())]
        if pieces:
            targets = [str(piece) for piece in found.get("target_pieces", ())]
            lines.append(token_content(pieces, found.get("lookup_index"), targets))
        lines.append(_standing(request, found))
        lines += [
            Content.assemble(("! ", "$warning"), said(warning, "$warning"))
            for warning in found.get("warnings", ())
        ]
        self._show(*lines)

    def _show(self, *lines: Content) -> None:
        self.update(Content("\n").join([line for line in lines if line]))


def _request_line(request: EditRequest) -> Content:
    return Content.assemble(
        ("edit  ", "bold $accent"),
        ("subject ", MUTED), said(request.subject, "bold"),
        ("  prompt ", MUTED), said(request.prompt),
        ("  target ", MUTED), said(request.target_new, "bold $success"),
    )  # fmt: skip


def _standing(request: EditRequest, found: Json) -> Content:
    rank = found.get("rank_new")
    says = "the model says it already" if found.get("greedy") else ""
    return Content.assemble(
        ("now  ", MUTED),
        ("P(", MUTED), said(request.target_new, width=24), (") ", MUTED),
        (percent(found.get("prob_new")), "bold"),
        (f"  rank {rank:,}" if isinstance(rank, int) else "", MUTED),
        (f"  {says}" if says else "", "$warning"),
        ("  enter edits", FAINT),
    )  # fmt: skip
