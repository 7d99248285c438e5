"""The header: where the session stands, in one line. Every part has a tooltip."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from .text import MUTED, said, site_of, verdict_content
from .view import View

NAME = "romebench"


class HeaderPart(Static):
    """One part of the header: a dim label, where there is room, and a value."""

    def __init__(self, id: str, label: str, tooltip: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.label = label
        self.tooltip = Content(tooltip)
        self._shown: Content | None = None

    def show(self, value: Content | str) -> None:
        """Show a value; nothing where it is empty."""
        content = value if isinstance(value, Content) else Content(value)
        self.set_class(not content, "-empty")
        label = (f"{self.label} ", MUTED) if self.label else ""
        shown = Content.assemble(label, content)
        # An update lays the whole screen out, and most parts stay as they are from step to step.
        if self._shown is None or not self._shown.is_same(shown):
            self._shown = shown
            self.update(shown)


class HeaderBar(Horizontal):
    """Session, model, device and dtype, rule, site, C, step and verdict."""

    def compose(self) -> ComposeResult:
        """The parts, from left to right."""
        yield HeaderPart("h-name", "", "romebench: a workbench for rank-one model editing")
        yield HeaderPart("h-session", "", "Session: everything you do is recorded in it")
        yield HeaderPart("h-model", "", "Model, and how it is loaded")
        yield HeaderPart("h-device", "", "Device and precision the model is held in")
        yield HeaderPart("h-rule", "", "Update rule of the session")
        yield HeaderPart("h-site", "", "Site: the weight that edits change")
        yield HeaderPart(
            "h-moment",
            "",
            "C: second moments of the site's inputs. C=I: none, the identity instead",
        )
        yield HeaderPart(
            "h-state", "", "What is not as usual: reading only, another guard, fewer vitals"
        )
        yield HeaderPart("h-step", "", "Cursor: steps in force of the steps on this branch")
        yield HeaderPart("h-verdict", "", "Verdict of the cursor's step on the model's health")

    def on_mount(self) -> None:
        """Begin with the name alone."""
        self.show(None)

    def show(self, view: View | None, *, loading: bool = False) -> None:
        """Show where a session stands; None while none is open."""
        part = self._part
        part("name").show(Content.styled(NAME, "bold $primary"))
        if view is None:
            for name in ("session", "model", "device", "rule", "site", "moment", "verdict"):
                part(name).show("")
            part("state").show("")
            part("step").show(Content.styled("starting" if loading else "no session", MUTED))
            return
        status = view.status
        part("session").show(said(status.session, "bold", width=24))
        part("model").show("" if status.model == status.session else said(status.model, width=28))
        part("device").show(Content.styled(f"{status.device}·{status.dtype}", MUTED))
        part("rule").show(Content.styled(status.rule, "$secondary"))
        part("site").show(Content.styled(site_of(status.weight_name), MUTED))
        identity = status.second_moment != "C"
        part("moment").show(Content.styled(status.second_moment, "$warning" if identity else ""))
        remarks = ", ".join(status.remarks)
        part("state").show(Content.styled(remarks, "$warning") if remarks else "")
        part("step").show(
            Content.assemble(
                "step ", (f"{status.depth}/{status.length}", "bold"), " on ", said(status.branch)
            )
        )
        verdict = verdict_content(status.verdict) if status.verdict else Content("")
        part("verdict").show(verdict)

    def _part(self, name: str) -> HeaderPart:
        return self.query_one(f"#h-{name}", HeaderPart)
