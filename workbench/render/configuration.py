"""Settings and their files, as they are shown."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from ..commands.results import (
    SettingsChecked,
    SettingsFiles,
    SettingsShown,
    SettingsWritten,
)
from . import parts


def shown(result: SettingsShown) -> RenderableType:
    """The settings that count, with their sources."""
    if not result.settings:
        return Text("no keys are set; the workbench's own count", style=parts.LABEL)
    return parts.table(
        "setting", "value", "from", "",
        rows=(
            (
                line.key,
                _value(line.value),
                Text(line.source, style=parts.LABEL if line.source == "built-in" else ""),
                parts.shown(line.where),
            )
            for line in result.settings
        ),
    )  # fmt: skip


def _value(value: object) -> Text:
    return Text("–", style=parts.LABEL) if value is None else parts.shown(_text(value))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def files(result: SettingsFiles) -> RenderableType:
    """The files, nearest first."""
    if not result.files:
        return Text("no settings file is read", style=parts.LABEL)
    return parts.table(
        "source", "file", "",
        rows=(
            (line.source, parts.shown(line.path), Text("" if line.exists else "not there", "dim"))
            for line in result.files
        ),
    )  # fmt: skip


def checked(result: SettingsChecked) -> RenderableType:
    """What is wrong, each with its way out."""
    if not result.problems:
        read = ", ".join(result.files) or "no file"
        return parts.line("nothing is wrong: ", parts.shown(read))
    found: list[RenderableType] = []
    for each in result.problems:
        found.append(parts.line(parts.shown(each.where, "bold"), ": ", parts.shown(each.message)))
        if each.hint:
            found.append(parts.line("  hint: ", parts.shown(each.hint)))
    return Group(*found)


def written(result: SettingsWritten) -> RenderableType:
    """A file that was made or changed."""
    path = parts.shown(result.path)
    if result.action == "made":
        return parts.line("made ", path)
    if result.action == "unset":
        return parts.line("unset ", result.key, " in ", path)
    told = parts.line("set ", result.key, " to ", parts.shown(_text(result.value)), " in ", path)
    if not result.nearer:
        return told
    return Group(told, parts.line("but ", parts.shown(result.nearer), " counts: it is nearer"))
