"""What the engine is kept busy with: the held-out facts of pocket, as lines to be typed."""

from __future__ import annotations

from pathlib import Path

from romebench.engine.pocket import evaluation_set


def typed_edits() -> list[str]:
    """Every fact of the test set as it is typed."""
    lines = []
    for record in evaluation_set("test"):
        request = record["requested_rewrite"]
        prompt = request["prompt"].replace("{}", f"[{request['subject']}]")
        lines.append(f"{prompt} => {request['target_new']['str']}")
    return lines


def write_requests(path: Path) -> Path:
    """A request file of all of them, which lasts for longer than any measurement."""
    path.write_text("".join(f"{line}\n" for line in typed_edits()), encoding="utf-8")
    return path
