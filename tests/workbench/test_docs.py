"""The generated pages are those the code would write now, and every command is on them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from romebench.workbench.commands.registry import COMMANDS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_pages_are_current() -> None:
    command = [sys.executable, str(DOCS / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_has_its_section() -> None:
    headings = (DOCS / "commands.md").read_text(encoding="utf-8").splitlines()
    for command in COMMANDS:
        assert f"### {command.name}" in headings
