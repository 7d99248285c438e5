"""The table of the workbench's keys: what the whole screen does, and all there is together.

A letter is typed where text is typed, so what a letter does in panes has a key with a modifier too.
"""

from __future__ import annotations

from .keymap import LINE, LISTS, PAGES, Action
from .pane_keys import PANES
from .tabs.table import TABS


def _anywhere(
    name: str,
    call: str,
    keys: str,
    label: str,
    about: str,
    *,
    show: bool = False,
    pane: bool = False,
) -> Action:
    return Action(name, call, keys, label, about, show=show, pane=pane, anywhere=True)


APP = (
    _anywhere("quit", "quit", "ctrl+q", "quit", "Stop what runs and leave", show=True),
    _anywhere("palette", "command_palette", "ctrl+p", "palette", "Find any command", show=True),
    _anywhere("screenshot", "picture", "f8", "screenshot", "Save an SVG of the screen"),
)
"""Wherever one is, dialogs included."""

WORKSPACE = (
    _anywhere("undo", "undo", "u,alt+u,ctrl+z", "undo", "Take back the last edit", show=True),
    _anywhere("redo", "redo", "r,alt+r,ctrl+y", "redo", "Apply again what was undone", show=True),
    _anywhere("step", "step", "s,alt+s", "step", "Take the next request of the queue", show=True),
    _anywhere("run_queue", "run_queue", "S,alt+S", "run", "Run the queue to its end", show=True),
    _anywhere("edit", "edit", "e,alt+e", "edit", "Fill in an edit in a form", show=True),
    _anywhere(
        "compare", "compare", "c,alt+c", "compare", "Base and edited model side by side", pane=True
    ),
    _anywhere(
        "branch", "branch", "b,alt+n,alt+b", "branch", "Make a branch at the cursor", pane=True
    ),
    _anywhere(
        "export",
        "export",
        "x,alt+x",
        "export",
        "Write the session or its deltas to a file",
        pane=True,
    ),
    _anywhere(
        "queue_add", "queue_add", "a,alt+a", "add", "Choose a file of requests for the queue"
    ),
    _anywhere(
        "sessions", "sessions", "o,alt+o", "sessions", "The sessions: open, new, rename, delete"
    ),
    _anywhere(
        "sampling",
        "sampling",
        "t,alt+t",
        "sampling",
        "How texts are generated: length, temperature, seed",
    ),
    _anywhere("greedy", "greedy", "T,alt+T", "greedy", "Generate greedily, or draw again"),
    _anywhere(
        "copy", "copy", "y,alt+y", "copy", "Copy the request, the text or the line of the pane"
    ),
    _anywhere(
        "copy_record", "copy_record", "Y,alt+Y", "copy line", "Copy the step's line of an export"
    ),
    _anywhere("editor", "editor", "f4", "editor", "Write a long prompt in $EDITOR"),
    _anywhere(
        "jump",
        "jump",
        "ctrl+o",
        "jump",
        "A letter on every pane and tab: press one to go there",
        show=True,
    ),
    _anywhere("pane_left", "pane('left')", "h,left", "left", "To the list at the left"),
    _anywhere("pane_right", "pane('right')", "l,right", "right", "To the tab at the right"),
    _anywhere("help", "help", "f1,question_mark", "help", "Help on the focused pane", show=True),
    _anywhere("type", "focus_line", "i", "type", "Go to the input line"),
    _anywhere(
        "type_command", "type_slash", "slash", "command", "Begin a command in the input line"
    ),
    *(
        _anywhere(
            f"tab_{tab.name}",
            f"tab('{tab.name}')",
            f"{at},alt+{at}",
            tab.title,
            f"Show the {tab.title} tab",
        )
        for at, tab in enumerate(TABS, start=1)
    ),
    Action(
        "back",
        "back",
        "escape",
        "back",
        "Close the top layer, cancel what runs, or leave the input line",
    ),
)
"""Wherever no dialog is open."""

GROUPS: tuple[tuple[str, tuple[Action, ...]], ...] = (
    ("Anywhere", APP),
    ("Outside dialogs", WORKSPACE),
    ("In the input line", LINE),
    ("In lists", LISTS),
    ("In pages of text", PAGES),
    *PANES,
)
"""Every action, as the docs list them."""

PANE_OF = {action.name: title for title, group in PANES for action in group}
"""The pane of each action that acts in one alone."""

ACTIONS: tuple[Action, ...] = tuple(action for _, group in GROUPS for action in group)
