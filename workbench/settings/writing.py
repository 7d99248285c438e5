"""Writing a settings file: one value in or out, comments and order as they were.

Knows TOML and the schema. What is written is checked as what is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SettingsError
from .layers import typed
from .reading import Value, check_text
from .schema import KEYS, SECTIONS, SETTINGS, Setting, nearest, setting

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


_KEYS = [each.key for each in SETTINGS]


def full_key(name: str) -> str:
    """The full name of a setting that was named in short or in full.

    Raises:
        SettingsError: There is no such setting; the hint names the nearest.
    """
    section, _, action = name.partition(".")
    if section == KEYS and action:
        return name
    found = setting(name)
    if found is None:
        names = [each.name for each in SETTINGS]
        # A right name in a wrong section is meant before a right section with another name.
        near = nearest(name.rpartition(".")[2], names) or nearest(name, _KEYS)
        hint = f"did you mean {near}?" if near else "`config show` lists the settings"
        raise SettingsError(f"there is no setting {name!r}", hint)
    return found.key


def set_value(path: Path, name: str, text: str) -> tuple[str, Value]:
    """Write a value into a file, which is made where it is not there yet.

    Args:
        name: The setting, "model", "session.model" or "keys.undo".
        text: The value as it was typed.

    Returns:
        Full name and value as they stand in the file now.

    Raises:
        SettingsError: There is no such setting, it may not have the value, or the file is no TOML.
    """
    key = full_key(name)
    section, _, last = key.partition(".")
    found = setting(key)
    value = text if found is None else typed(found, text)
    document = _document(path)
    table = _table(document, section)
    if table is None:
        table = document[section] = _new_table(document)
    table[last] = value
    written = document.as_string()
    said, problems = check_text(written, path.parent)
    for problem in problems:
        if problem.key == key:
            raise SettingsError(problem.message, problem.hint)
    _write(path, written)
    return key, said[key].value


def unset_value(path: Path, name: str) -> str:
    """Take a value out of a file; gives the full name.

    Raises:
        SettingsError: There is no such setting, or the file does not say it.
    """
    key = full_key(name)
    section, _, last = key.partition(".")
    document = _document(path)
    table = _table(document, section)
    if table is None or last not in table:
        raise SettingsError(f"{path} does not say {key}", "`config show` tells where it comes from")
    del table[last]
    _write(path, document.as_string())
    return key


def _document(path: Path) -> TOMLDocument:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if not path.exists():
        return tomlkit.document()
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8-sig"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}", "`config validate` tells what is wrong") from None
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}") from None


def _table(document: TOMLDocument, section: str) -> Any:
    """A section as it stands in the file; None where it is not there.

    Raises:
        SettingsError: Something else has its name.
    """
    table = document.get(section)
    if table is not None and not hasattr(table, "keys"):
        raise SettingsError(f"{section} is no section there", f"make it [{section}]")
    return table


def _new_table(document: TOMLDocument) -> Any:
    import tomlkit

    if len(document.body):
        document.add(tomlkit.nl())
    return tomlkit.table()


def _write(path: Path, text: str) -> None:
    from ...sessions.files import whole_file

    # A link to a file among somebody's dotfiles stays a link.
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target, force=True) as file:
        file.write(text.encode())


def template() -> str:
    """A file that says nothing yet: every setting behind a `#`, with what it is for."""
    parts = ["# Settings of romebench. Take the # away from what you want to say.\n"]
    for section in SECTIONS:
        parts.append(f"\n[{section}]\n")
        members = [each for each in SETTINGS if each.section == section]
        parts += [_commented(each) for each in members]
        if section == KEYS:
            parts.append(_KEYS_ABOUT)
    return "".join(parts)


_KEYS_ABOUT = """\
# Keys of the workbench by action: one key, a list of keys, or "" for none.
# undo = "ctrl+z"
"""


def _commented(found: Setting) -> str:
    import json

    allowed = f": {', '.join(found.choices)}" if found.choices else ""
    shown = json.dumps(found.example)
    return f"# {found.about}{allowed}\n# {found.name} = {shown}\n"


def make_file(path: Path, *, force: bool = False) -> None:
    """Write the commented file.

    Raises:
        UsageError: There is a file already and `force` is off, or it can't be written.
    """
    from ...sessions.files import whole_file

    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, force=force) as file:
        file.write(template().encode())
