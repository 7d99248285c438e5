"""Long prompts in the user's editor: `$VISUAL` or `$EDITOR` on a file, the screen put aside."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from textual.app import App, SuspendNotSupported

from ...errors import UsageError

_USUAL = "vi"


def edited(app: App[object], text: str) -> str:
    """The text as the user left it; its last line break is the editor's and goes.

    Raises:
        UsageError: There is no editor, it failed, or the terminal can't be lent to it.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _USUAL
    with tempfile.TemporaryDirectory(prefix="romebench-") as folder:
        path = Path(folder) / "prompt.txt"
        path.write_text(text, encoding="utf-8")
        _run(app, command, path)
        return path.read_text(encoding="utf-8", errors="replace").removesuffix("\n")


def _run(app: App[object], command: str, path: Path) -> None:
    hint = "set EDITOR to an editor that runs in a terminal"
    try:
        words = [*shlex.split(command), str(path)]
        with app.suspend():
            code = subprocess.run(words, check=False).returncode
    except SuspendNotSupported:
        raise UsageError("an editor can't be opened in this terminal", "type in the line") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"the editor {command!r} can't be started: {error}", hint) from None
    if code != 0:
        raise UsageError(f"the editor {command!r} ended with {code}; the line is as it was", hint)
