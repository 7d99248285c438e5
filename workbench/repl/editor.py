"""The line editor itself: prompt-toolkit put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import get_app
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from .completer import LineCompleter, Suggest
from .history import open_history
from .keys import TOGGLE, line_keys, mode_name
from .lexer import LineLexer
from .toolbar import toolbar

if TYPE_CHECKING:
    from ..bench import Bench

_STYLE = Style.from_dict(
    {
        "prompt": "bold",
        "continuation": "ansibrightblack",
        "line.command": "ansicyan",
        "line.subject": "bold",
        "line.arrow": "ansibrightblack",
        "line.target": "ansigreen bold",
        "line.comment": "ansibrightblack",
        "bottom-toolbar": "noreverse bg:ansibrightblack fg:ansiwhite",
        "toolbar.session": "bold",
        "toolbar.ok": "fg:ansibrightgreen",
        "toolbar.warn": "fg:ansibrightyellow bold",
        "toolbar.collapsed": "bg:ansired fg:ansiwhite bold",
        "toolbar.remark": "italic",
    }
)
_PLAIN = Style.from_dict({"prompt": "bold"})


def make_editor(
    bench: Bench, history: Path, *, vi: bool = False, color: bool = True
) -> PromptSession[str]:
    """A prompt on the terminal.

    Args:
        bench: Completion, suggestions and toolbar tell of it.
        history: File that keeps what was typed; its folder is made.
        vi: Begin with vi's keys instead of emacs's.
        color: Colour what is typed and the toolbar.
    """
    return PromptSession(
        message=FormattedText([("class:prompt", "rome>"), ("", " ")]),
        prompt_continuation=_continuation,
        multiline=True,
        history=open_history(history),
        completer=LineCompleter(bench),
        complete_while_typing=True,
        auto_suggest=Suggest(bench),
        lexer=LineLexer() if color else None,
        bottom_toolbar=lambda: FormattedText(
            toolbar(bench, get_app().output.get_size().columns, f"{TOGGLE} {mode_name()}")
        ),
        key_bindings=line_keys(),
        editing_mode=EditingMode.VI if vi else EditingMode.EMACS,
        style=_STYLE if color else _PLAIN,
        color_depth=None if color else ColorDepth.DEPTH_1_BIT,
        enable_suspend=True,
        enable_open_in_editor=True,
    )


def _continuation(width: int, number: int, wrapped: int) -> FormattedText:
    """What stands before a further line; nothing before the rest of a long one."""
    dots = "" if wrapped else "…> "
    return FormattedText([("class:continuation", dots.rjust(width))])
