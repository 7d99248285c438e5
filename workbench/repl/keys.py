"""Keys of the line editor, beside prompt-toolkit's own."""

from __future__ import annotations

from prompt_toolkit.application.current import get_app
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import (
    Condition,
    completion_is_selected,
    emacs_insert_mode,
    has_focus,
    is_searching,
)
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.vi_state import InputMode

from .entries import is_whole

TOGGLE = "F4"
"""The key that changes between vi and emacs, as the toolbar names it."""


def line_keys() -> KeyBindings:
    """The bindings."""
    keys = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER) & ~is_searching

    @keys.add("f4")
    def _toggle(event: KeyPressEvent) -> None:
        vi = event.app.editing_mode is EditingMode.VI
        event.app.editing_mode = EditingMode.EMACS if vi else EditingMode.VI

    @keys.add("enter", filter=typing & completion_is_selected)
    def _take(event: KeyPressEvent) -> None:
        # What the menu has put in is kept, and the line can go on.
        event.current_buffer.complete_state = None

    @keys.add("enter", filter=typing & ~completion_is_selected)
    def _send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    @keys.add("escape", "enter", filter=typing & emacs_insert_mode)
    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    @keys.add("tab", filter=typing & Condition(_only_one))
    def _put_in(event: KeyPressEvent) -> None:
        state = event.current_buffer.complete_state
        if state is not None:
            event.current_buffer.apply_completion(state.completions[0])

    return keys


def _only_one() -> bool:
    """The menu offers one thing."""
    state = get_app().current_buffer.complete_state
    return state is not None and len(state.completions) == 1


def mode_name() -> str:
    """Which keys are in force: "emacs", "vi insert", "vi normal" …"""
    app = get_app()
    if app.editing_mode is not EditingMode.VI:
        return "emacs"
    names = {
        InputMode.INSERT: "insert",
        InputMode.INSERT_MULTIPLE: "insert",
        InputMode.NAVIGATION: "normal",
        InputMode.REPLACE: "replace",
        InputMode.REPLACE_SINGLE: "replace",
    }
    return f"vi {names[app.vi_state.input_mode]}"
