"""The table of keys: no two meanings for one key, and what `[keys]` of the settings may change."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections import Counter
from pathlib import Path

import pytest
from textual._xterm_parser import XTermParser

from romebench.errors import SettingsError
from romebench.workbench import tui
from romebench.workbench.settings import Settings
from romebench.workbench.tui.alt_digits import free_alt_digits
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.keymap import Action, Keymap, printable
from romebench.workbench.tui.keys import ACTIONS, APP, GROUPS, PANE_OF, WORKSPACE
from romebench.workbench.tui.tabs.table import TABS

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_a_key_means_one_thing_where_it_acts():
    names = Counter(action.name for action in ACTIONS)
    assert max(names.values()) == 1
    for _, group in (("screen", APP + WORKSPACE), *GROUPS[2:]):
        keys = Counter(key for action in group for key in action.keys.split(","))
        assert [key for key, count in keys.items() if count > 1] == []
    assert {f"tab_{tab.name}" for tab in TABS} <= set(names)


def test_what_a_letter_does_in_panes_has_a_key_for_the_input_line_too():
    own = {"type", "type_command"}
    for action in WORKSPACE:
        keys = action.keys.split(",")
        assert action.name in own or any(not printable(key) for key in keys), action.name


@pytest.mark.parametrize(
    ("chosen", "message", "hint"),
    [
        ({"undoo": "z"}, "keys.undoo: there is no action 'undoo'", "did you mean undo?"),
        ({"undo": "ctrl+zz"}, "keys.undo: there is no key 'ctrl+zz'", "write it as"),
        ({"undo": "cntrl+z"}, "there is no key 'cntrl+z'", "did you mean ctrl?"),
        ({"undo": "z", "redo": "y,z"}, "keys.redo: 'z' is given to undo too", "one thing"),
    ],
)
def test_what_is_no_key_is_refused_in_one_line(chosen, message, hint):
    with pytest.raises(SettingsError) as caught:
        Keymap(ACTIONS, chosen)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "key", ["z", "?", "ctrl+z", "alt+shift+u", "f5", "question_mark", "pageup"]
)
def test_what_a_terminal_sends_is_a_key(key):
    assert Keymap(ACTIONS, {"undo": key}).keys_of("undo") == [key]


def test_two_panes_may_share_a_key_and_one_pane_may_not():
    shared = {"watch_overlay": "w", "eval_new": "w"}
    assert Keymap(ACTIONS, shared, PANE_OF).keys_of("eval_new") == ["w"]
    for other in ("watch_vitals", "undo"):
        with pytest.raises(SettingsError, match="given to watch_overlay too"):
            Keymap(ACTIONS, {"watch_overlay": "w", other: "w"}, PANE_OF)


def test_every_key_of_ours_is_in_the_table():
    """But those that answer a dialog or leave it, and vim's in the tree of folders."""
    found = []
    for module in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        for kind in vars(importlib.import_module(module.name)).values():
            own = vars(kind).get("BINDINGS", ()) if isinstance(kind, type) else ()
            if own and kind.__module__ == module.name and ".dialogs." not in module.name:
                found += [(kind.__name__, binding) for binding in own]
    assert len(found) > 100
    outside = [
        (name, binding.key)
        for name, binding in found
        if binding.id not in {action.name for action in ACTIONS}
    ]
    assert set(outside) <= {("JumpOverlay", "escape,ctrl+o"), ("PromptInput", "escape")}, outside


def test_the_page_of_keys_is_current():
    spec = importlib.util.spec_from_file_location("workbench_keys", DOCS / "workbench_keys.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = (DOCS / "workbench.md").read_text(encoding="utf-8")
    assert script.page(text) == text, "run docs/workbench_keys.py"
    assert all(f"| `{action.name}` |" in text for action in ACTIONS)


def test_alt_and_a_digit_are_a_key_as_every_terminal_sends_them():
    free_alt_digits()
    parser = XTermParser()
    assert list(parser.feed("\x1b6")) == []  # no sign yet: it may be the beginning of more
    assert [event.key for event in parser.feed("\x1b")] != ["section_sign"]
    assert [event.key for event in XTermParser().feed("§")] == ["section_sign"]


async def test_the_users_keys_replace_ours(make_desk, settle, text):
    desk = make_desk(steps=3)
    keys = {"undo": "z,alt+z", "redo": "", "tab_log": "f7", "list_down": "n", "quit": "ctrl+x"}
    app = Workbench(desk, Settings(keys=keys))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "alt+z undo" in text(app)
        await pilot.press("alt+u", "alt+z", "escape", "u", "z")
        await settle(pilot)
        assert desk.calls == ["undo", "undo"]
        await pilot.press("r", "alt+r", "n", "enter")
        await settle(pilot)
        assert desk.calls == ["undo", "undo", "goto"]
        assert desk.cursor == 0
        await pilot.press("i", "f7")
        assert app.workspace.active_tab == "log"
        await pilot.press("ctrl+x")
    assert app.finish() == 0


def test_alt_with_a_capital_is_bound_as_terminals_send_it() -> None:
    keys = [each.key for each in Action("run", "run", "S,alt+S", "run").bindings()]
    assert keys == ["S", "alt+S", "alt+shift+s"]
