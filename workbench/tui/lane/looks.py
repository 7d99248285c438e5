"""What the Lens and Trace tabs ask of the engine lane, and what comes back.

`take` runs in the lane; nothing of it is stored (`/lens` and `/trace` store what they read).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....engine.progress import ProgressSink, StopFlag
from ....errors import RequestError

if TYPE_CHECKING:
    from ....engine.lens import LensComparison
    from ....engine.trace import Trace
    from ....sessions.live import LiveSession
    from .desk import Desk, Ears

LENS = "lens"
TRACE = "trace"
KINDS = ("states", "mlp", "attn")

_WINDOW_SHARE = 5
"""A window of MLP or attention outputs covers about this part of the layers, as the published 10
of GPT-2 XL's 48 do."""


@dataclass(frozen=True, slots=True)
class LookAsked:
    """What a tab wants to see.

    Attributes:
        tab: "lens" or "trace".
        line: The prompt as typed, the subject in [ ] and the answer behind => where they are given.
        kind: What a trace restores.
    """

    tab: str
    line: str
    kind: str = KINDS[0]
    looks_inside = True

    @property
    def label(self) -> str:
        """What is done, in the user's words."""
        return self.tab

    @property
    def quiet(self) -> bool:
        """A trace can take long, so it is shown and stoppable."""
        return self.tab == LENS

    def read(self, desk: Desk, ears: Ears) -> Any:
        """A `Look`; None while no model is loaded."""
        return desk.look(self, ears)


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at the cursor, and at the base beside it.

    Attributes:
        step: The cursor; 0 is the base, and then there is nothing beside it.
    """

    asked: LookAsked
    step: int = 0
    lens: LensComparison | None = None
    trace: Trace | None = None
    base: Trace | None = None


def take(live: LiveSession, asked: LookAsked, progress: ProgressSink, stop: StopFlag) -> Look:
    """Look inside the model.

    Raises:
        RequestError: The prompt can't be read.
        CancelledError: `stop` was set.
    """
    return _lens(live, asked) if asked.tab == LENS else _trace(live, asked, progress, stop)


def _lens(live: LiveSession, asked: LookAsked) -> Look:
    from ....engine.lens import compare
    from ....sessions.inspection import take_lens

    prompt, _, _, answer = _parts(asked.line)
    watch = [answer] if answer else []
    base = take_lens(live, prompt, at="base", watch=watch)
    here = take_lens(live, prompt, watch=watch)
    return Look(asked, here.step, lens=compare(base.found, here.found))


def _trace(live: LiveSession, asked: LookAsked, progress: ProgressSink, stop: StopFlag) -> Look:
    from ....engine.trace import TraceKind, TraceSettings
    from ....sessions.inspection import take_trace

    prompt, subject, start, answer = _parts(asked.line)
    if not subject:
        raise RequestError("no subject is in [ ]", "for example [LeBron James] plays the sport of")
    window = max(2, round(live.model.n_layers / _WINDOW_SHARE))
    settings = TraceSettings(TraceKind(asked.kind), window)

    def at(where: str) -> tuple[int, Trace]:
        read = take_trace(
            live, prompt, subject, settings, at=where, start=start, answer=answer,
            progress=progress, stop=stop,
        )  # fmt: skip
        return read.step, read.found

    step, here = at("cursor")
    return Look(asked, step, trace=here, base=at("base")[1] if step else None)


def _parts(line: str) -> tuple[str, str, int | None, str | None]:
    """Text, subject, where it begins and answer; a line without [ ] is text alone."""
    from ...commands.inspecting import marked_prompt

    if "[" in line:
        return marked_prompt(line)
    text, _, answer = line.partition("=>")
    return text.rstrip() if answer else text, "", None, answer.strip() or None
