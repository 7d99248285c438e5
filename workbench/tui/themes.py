"""The workbench's own themes: dark, light, high contrast, monochrome. The choice is kept.

Textual's are there too. With `NO_COLOR` set, Textual draws any of them in grey.
"""

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

CONTRAST = Theme(
    name="romebench-contrast",
    primary="#66d9ff",
    secondary="#ffb3ff",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#3a3a3a",
    success="#00ff66",
    warning="#ffb000",
    error="#ff6b6b",
    dark=True,
    text_alpha=1.0,
    variables={
        "foreground-muted": "#e0e0e0",
        "foreground-disabled": "#c0c0c0",
        "text-muted": "#e0e0e0",
        "text-disabled": "#c0c0c0",
        "block-cursor-background": "#ffff00",
        "block-cursor-foreground": "#000000",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#3a3a3a",
        "border": "#ffff00",
        "border-blurred": "#a0a0a0",
        "footer-key-foreground": "#ffff00",
        "footer-background": "#000000",
    },
)

MONOCHROME = Theme(
    name="romebench-mono",
    primary="#ffffff",
    secondary="#d0d0d0",
    accent="#ffffff",
    foreground="#d8d8d8",
    background="#101010",
    surface="#181818",
    panel="#303030",
    success="#ffffff",
    warning="#c8c8c8",
    error="#ffffff",
    dark=True,
    variables={
        "block-cursor-background": "#d8d8d8",
        "block-cursor-foreground": "#101010",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#404040",
        "border": "#ffffff",
        "border-blurred": "#505050",
        "footer-key-foreground": "#ffffff",
        "footer-background": "#181818",
    },
)

OWN = (DARK, LIGHT, CONTRAST, MONOCHROME)
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
