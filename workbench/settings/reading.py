"""Reading a settings file, and saying exactly what is wrong with it: line, key, nearest valid key.

Knows the schema and TOML; where files lie is in layers.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import SettingsError
from .schema import KEYS, SECTIONS, SETTINGS, Setting, nearest, setting

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Said:
    """A value a file or a variable gives. `line`: where in the file."""

    value: Value
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file.

    Attributes:
        line: Where; None where it can't be told.
        key: The key in question, "session.modle"; empty where the file is no TOML.
        message: What is wrong.
        hint: The way out.
    """

    line: int | None
    key: str
    message: str
    hint: str


def read_settings(path: Path) -> dict[str, Said]:
    """What a file says, by full name ("session.model").

    Raises:
        SettingsError: It can't be read, or holds something it should not; names file and line.
    """
    said, problems = check_text(_text_of(path), path.parent)
    if problems:
        first = problems[0]
        more = f" (and {len(problems) - 1} more: `config validate`)" if len(problems) > 1 else ""
        where = str(path) if first.line is None else f"{path}:{first.line}"
        raise SettingsError(f"{where}: {first.message}{more}", first.hint)
    return said


def check_file(path: Path) -> tuple[Problem, ...]:
    """All that is wrong with a file.

    Raises:
        SettingsError: It can't be read at all.
    """
    return tuple(check_text(_text_of(path), path.parent)[1])


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise SettingsError(
            f"{path}: {error.strerror or error}", "`config path` shows which files are read"
        ) from None


def check_text(text: str, folder: Path) -> tuple[dict[str, Said], list[Problem]]:
    """What a file's text says, and what is wrong with it.

    Args:
        folder: Where the file lies; relative files in it count from there.
    """
    import tomllib

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return {}, [_syntax(str(error))]
    lines = _lines(text)
    said: dict[str, Said] = {}
    problems: list[Problem] = []
    for key, value in _entries(tables):
        line = lines.get(key) or lines.get(key.partition(".")[0])
        try:
            said[key] = Said(_checked(key, value, folder), line)
        except SettingsError as error:
            problems.append(Problem(line, key, error.message, error.hint))
    return said, problems


def _syntax(told: str) -> Problem:
    found = re.search(r" \(at line (\d+), column (\d+)\)$", told)
    if found is None:
        return Problem(None, "", f"not TOML: {told}", 'texts stand in quotes: model = "pocket"')
    told = told[: found.start()]
    message = f"not TOML: {told[:1].lower() + told[1:]} (column {found[2]})"
    return Problem(int(found[1]), "", message, 'texts stand in quotes: model = "pocket"')


def _entries(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Full names and values; what stands outside a table, or is one it should not be, as it is."""
    for name, value in tables.items():
        if isinstance(value, dict) and name in SECTIONS:
            yield from ((f"{name}.{key}", item) for key, item in value.items())
        else:
            yield name, value


def _checked(key: str, value: Any, folder: Path) -> Value:
    """The value of a key, where both are right.

    Raises:
        SettingsError: The key or the value is wrong; without file and line.
    """
    section, _, name = key.partition(".")
    if section == KEYS and name:
        return _key_names(key, value)
    found = setting(key) if name else None
    if found is None:
        raise _unknown(section, name, is_table=isinstance(value, dict))
    checked = checked_value(found, value, key)
    if found.names_file and isinstance(checked, str):
        return _placed(checked, folder)
    return checked


def _unknown(section: str, name: str, *, is_table: bool) -> SettingsError:
    """The error for a key or section that there is not."""
    if name:
        own = [each.name for each in SETTINGS if each.section == section]
        return SettingsError(f"there is no setting {name!r} in [{section}]", _place(name, own))
    if is_table or section in SECTIONS:
        near = nearest(section, SECTIONS)
        named = ", ".join(f"[{each}]" for each in SECTIONS)
        hint = f"did you mean [{near}]?" if near else f"there are {named}"
        return SettingsError(f"there is no section [{section}]", hint)
    return SettingsError(f"{section!r} stands in no section", _place(section, ()))


def _place(name: str, own: Sequence[str]) -> str:
    """Where a misplaced or misspelt setting belongs.

    Args:
        own: The settings of the section it stands in.
    """
    right = setting(name)
    if right is not None:
        return f"{name} belongs in [{right.section}]"
    near = nearest(name, own)
    if near is not None:
        return f"did you mean {near}?"
    found = setting(nearest(name, [each.name for each in SETTINGS]) or "")
    if found is not None:
        return f"did you mean {found.name}, in [{found.section}]?"
    return f"there are {', '.join(own)}" if own else "`config show` lists the settings"


def checked_value(found: Setting, value: Any, name: str) -> Value:
    """The value of a setting, where it is one it may have.

    Args:
        name: What to call it in a message: a key or a variable.

    Raises:
        SettingsError: It may not.
    """
    right = _of_kind(found.kind, value)
    if right is None:
        raise SettingsError(f"{name} is {value!r}, not {_KINDS[found.kind]}", _for_example(found))
    if found.choices and right not in found.choices:
        near = nearest(str(right), found.choices)
        meant = f"did you mean {near}? " if near else ""
        raise SettingsError(f"{name} is {value!r}", f"{meant}one of {', '.join(found.choices)}")
    if isinstance(right, str) and not right.strip():
        raise SettingsError(f"{name} is empty", _for_example(found))
    if not isinstance(right, str):
        _in_range(found, right, name)
    return right


_KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _for_example(found: Setting) -> str:
    shown = found.example if found.kind is not bool else str(found.example).lower()
    return (
        f"for example {found.name} = {shown!r}"
        if found.kind is str
        else (f"for example {found.name} = {shown}")
    )


def _of_kind(kind: type, value: Any) -> Value | None:
    """`value` as one of that kind; None where it is none."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    return value if right else None


def _in_range(found: Setting, value: float, name: str) -> None:
    low, high = found.minimum, found.maximum
    # A number that is none (nan) is in no range.
    if (low is None or value >= low) and (high is None or value <= high) and value == value:
        return
    allowed = f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
    raise SettingsError(f"{name} is {value}", f"give {allowed}")


def _key_names(key: str, value: Any) -> str:
    """The keys of an action: a text, or a list of them."""
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise SettingsError(
            f"{key} is {value!r}, not the name of a key",
            'for example undo = "ctrl+z", or undo = ["u", "ctrl+z"]; "" takes the key away',
        )
    return ",".join(part.strip() for part in parts)


def _placed(value: str, folder: Path) -> str:
    """A file named as `./file` or `../file` counts from the folder of the settings file."""
    return str((folder / value).absolute()) if value.startswith(("./", "../")) else value


_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_ENTRY = re.compile(r"""\s*(["'\w.\s-]+?)\s*=""")


def _lines(text: str) -> dict[str, int]:
    """The line of each table and key; TOML's parser doesn't tell."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        if header is not None:
            section = _bare(header[1])
            found.setdefault(section, number)
        elif entry is not None:
            name = _bare(entry[1])
            found.setdefault(f"{section}.{name}" if section else name, number)
    return found


def _bare(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
