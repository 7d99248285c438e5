"""What sessions and branches may be called. Pure text rules; knows no store and no screen."""

from __future__ import annotations

import re
from collections.abc import Container

from ..errors import UsageError

BASE_NAME = "base"
"""The word that stands for step 0 wherever a step can be named."""

FIRST_BRANCH = "main"
"""The branch every session begins with."""

NUMBER = re.compile(r"[+-]?\d+\Z", re.ASCII)
"""A whole number: taken for a step wherever a step or a branch can be named."""

_MAX_NAME = 64
_COUNTED = re.compile(r"(?P<stem>.+?)-(?P<number>[1-9]\d*)\Z", re.ASCII)


def check_branch_name(name: str) -> str:
    """Give `name` back if a branch can have it.

    Raises:
        UsageError: Empty, longer than 64 characters, with white space or control characters,
            "base", a whole number, or beginning with "-": each would be taken for something else.
    """
    _check_text("branch", name)
    if name == BASE_NAME or NUMBER.match(name) or name.startswith("-"):
        raise UsageError(
            f"the branch name {name!r} would be taken for a step or an option",
            'begin with a letter; "base" is the unedited model',
        )
    return name


def check_session_name(name: str) -> str:
    """Give `name` back if a session can have it.

    Raises:
        UsageError: Empty, longer than 64 characters, with white space or control characters, with
            a path separator, or beginning with "-" or ".".
    """
    _check_text("session", name)
    if name.startswith(("-", ".")) or "/" in name or "\\" in name:
        raise UsageError(
            f"the session name {name!r} would be taken for an option or a file",
            'begin with a letter or a digit and leave out "/"',
        )
    return name


def counted_name(stem: str, taken: Container[str]) -> str:
    """The first name of "stem-2", "stem-3", … that is not taken.

    A stem that is itself counted from a taken name counts on: "main-2" gives "main-3".
    """
    counted = _COUNTED.match(stem)
    if counted and counted["stem"] in taken:
        stem = counted["stem"]
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def _check_text(kind: str, name: str) -> None:
    if not 1 <= len(name) <= _MAX_NAME:
        raise UsageError(f"a {kind} name has 1 to {_MAX_NAME} characters, not {len(name)}")
    if any(c.isspace() or not c.isprintable() for c in name):
        raise UsageError(f"the {kind} name {name!r} holds white space or control characters")
