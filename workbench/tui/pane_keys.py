"""The keys of single panes and of the list of sessions: what they do there and nowhere else.

Knows no widget. What all lists and pages have in common is in `keymap.py`.
"""

from __future__ import annotations

from dataclasses import replace

from .keymap import LISTS, Action

_CHOOSE = next(action for action in LISTS if action.name == "list_choose")

GO_TO_STEP = replace(_CHOOSE, label="go to", about="Move the cursor to this step", show=True)
"""In the history, what choosing a line does."""

GO_TO_OPERATION = replace(
    _CHOOSE, label="go to", about="Go to where the operation left the cursor", show=True
)
"""In the log."""

TRY_EXAMPLE = replace(_CHOOSE, label="try it", about="Put the edit in the input line", show=True)
"""Among the examples of an empty Console."""

WATCH = (
    Action("watch_before", "move(-1)", "left,h", "step before", "The step before"),
    Action("watch_after", "move(1)", "right,l", "step after", "The step after"),
    Action("watch_back", "leap(-1)", "shift+left,H,pageup", "a tenth back", "A tenth back"),
    Action("watch_on", "leap(1)", "shift+right,L,pagedown", "a tenth on", "A tenth on"),
    Action("watch_first", "end(-1)", "home,g", "first step", "The first step"),
    Action("watch_last", "end(1)", "end,G", "last step", "The last step"),
    Action("watch_above", "select(-1)", "up,k", "session above", "The session above"),
    Action("watch_below", "select(1)", "down,j", "session below", "The session below"),
    Action("watch_go_to", "choose", "enter", "go to", "Go to the step under the cursor", show=True),
    Action(
        "watch_overlay", "overlay", "o", "overlay", "Choose sessions to lay over this one",
        show=True,
    ),
    Action("watch_vitals", "vitals", "v", "vitals", "Choose which vitals are drawn", show=True),
    Action("watch_more", "more", "f", "more figures", "Show the vitals that come next"),
    Action("watch_next_warning", "bad(1)", "n", "next warning", "The next step that is not ok"),
    Action("watch_warning_before", "bad(-1)", "N", "warning before", "The one before"),
    Action("watch_zoom_in", "zoom(-1)", "plus,equals_sign", "zoom in", "Fewer steps, wider"),
    Action("watch_zoom_out", "zoom(1)", "minus", "zoom out", "More steps, narrower"),
    Action("watch_all_steps", "zoom(0)", "0", "all steps", "All steps"),
)  # fmt: skip

MATRIX = (
    Action("matrix_before", "column(-1)", "left,h", "step before", "The step before"),
    Action("matrix_after", "column(1)", "right,l", "step after", "The step after"),
    replace(_CHOOSE, label="go to", about="Go to the step of the column", show=True),
)

RETENTION = (
    Action(
        "retention_measure", "measure(False)", "m", "measure",
        "Ask every edit again at later steps", show=True,
    ),
    Action("retention_measure_all", "measure(True)", "M", "measure all", "At every later step"),
    Action(
        "retention_score", "score", "p", "score", "In force, paraphrases or neighbours", show=True
    ),
)  # fmt: skip

EVAL = (
    Action("eval_new", "new", "n", "new", "Begin an evaluation", show=True),
    Action(
        "eval_stop", "stop_or_go_on", "space", "stop / go on", "Stop the run, or go on with it",
        show=True,
    ),
    Action(
        "eval_back", "back", "backspace,left,h", "back", "Back to the page around this one",
        show=True,
    ),
)  # fmt: skip

INSIDE = (Action("inside_prompt", "prompt", "enter", "prompt", "Type another prompt", show=True),)
TRACE = (
    Action("trace_kind", "kind", "k", "states / mlp / attn", "Restore something else", show=True),
)

SESSIONS = (
    Action("sessions_new", "wish('new')", "n", "new", "Make a session", show=True),
    Action("sessions_rename", "wish('rename')", "r", "rename", "Give it another name", show=True),
    Action(
        "sessions_delete", "wish('delete')", "d,delete", "delete", "Delete it, after a question",
        show=True,
    ),
    Action("sessions_open", "wish('open')", "o", "open", "Go on with it", show=True),
)  # fmt: skip

PANES: tuple[tuple[str, tuple[Action, ...]], ...] = (
    ("In the Watch tab", WATCH),
    ("In the Retention tab", (*MATRIX[:2], *RETENTION)),
    ("In the Lens and Trace tabs", (*INSIDE, *TRACE)),
    ("In the Eval tab", EVAL),
    ("In the list of sessions", SESSIONS),
)
"""As the docs list them; names are unique."""
