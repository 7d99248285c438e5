"""Write the table of keys into docs/workbench.md: `python docs/workbench_keys.py`."""

from __future__ import annotations

import re
from pathlib import Path

from textual.keys import format_key

from romebench.workbench.tui.keymap import Action
from romebench.workbench.tui.keys import GROUPS

PAGE = Path(__file__).parent / "workbench.md"
BEGIN, END = "<!-- keys: written by docs/workbench_keys.py -->\n", "<!-- end of the keys -->\n"


def tables() -> str:
    """A table for each place where keys act."""
    parts = []
    for title, actions in GROUPS:
        rows = [f"| `{each.name}` | {keys(each)} | {each.about} |" for each in actions]
        parts.append("\n".join([f"### {title}\n", "| action | keys | |", "|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n\n"


def keys(action: Action) -> str:
    """Its keys as they stand on a keyboard."""
    return " ".join(f"`{name(key)}`" for key in action.keys.split(","))


def name(key: str) -> str:
    """A key's name; punctuation as its character."""
    shown = format_key(key)
    return shown if shown.isascii() and len(shown) == 1 else key


def page(text: str) -> str:
    """The page with the tables of now."""
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: f"{BEGIN}\n{tables()}{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
