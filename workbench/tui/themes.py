"""The workbench's own themes, dark and light; Textual's are there too. The choice is kept."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from textual.theme import Theme

logger = logging.getLogger(__name__)

DARK = Theme(
    name="romebench-dark",
    primary="#7fb2e5",
    secondary="#b9a3e3",
    accent="#e8b062",
    foreground="#d8dee9",
    background="#12151c",
    surface="#171b24",
    panel="#252b38",
    success="#8fce9b",
    warning="#e9c46a",
    error="#ef7d7d",
    dark=True,
    variables={
        "block-cursor-background": "#e8b062",
        "block-cursor-foreground": "#12151c",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#2a3040",
        "block-hover-background": "#202634",
        "border": "#e8b062",
        "border-blurred": "#2f3747",
        "footer-key-foreground": "#e8b062",
        "footer-background": "#171b24",
        "input-selection-background": "#7fb2e5 30%",
        "scrollbar": "#2f3747",
        "scrollbar-hover": "#465066",
        "scrollbar-active": "#e8b062",
        "scrollbar-background": "#12151c",
        "scrollbar-background-hover": "#12151c",
        "scrollbar-background-active": "#12151c",
    },
)

LIGHT = Theme(
    name="romebench-light",
    primary="#2a6db0",
    secondary="#6f4fb3",
    accent="#a8640a",
    foreground="#23272f",
    background="#f7f5f0",
    surface="#efece4",
    panel="#ddd8cc",
    success="#2f7d43",
    warning="#96690b",
    error="#b3363a",
    dark=False,
    variables={
        "block-cursor-background": "#a8640a",
        "block-cursor-foreground": "#fffdf8",
        "block-cursor-blurred-background": "#e2dccd",
        "border": "#a8640a",
        "border-blurred": "#cbc4b3",
        "footer-key-foreground": "#a8640a",
    },
)

OWN = (DARK, LIGHT)
_FILE = "workbench.json"


def read_theme(state: Path) -> str | None:
    """The theme that was chosen last."""
    try:
        chosen = json.loads((state / _FILE).read_text(encoding="utf-8")).get("theme")
    except (OSError, ValueError, AttributeError):
        return None
    return chosen if isinstance(chosen, str) else None


def keep_theme(state: Path, theme: str) -> None:
    """Keep the choice; where that can't be written it lasts as long as the process."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        (state / _FILE).write_text(json.dumps({"theme": theme}) + "\n", encoding="utf-8")
    except OSError:
        logger.info("the theme could not be kept in %s", state, exc_info=True)
