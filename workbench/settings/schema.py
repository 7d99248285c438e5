"""Which settings there are: name, section, type, allowed values, and what each is for.

The one list that reading, writing, `config show`, completion and docs/configuration.md are made
from. Knows no file and no screen.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ...engine.rules import Rule

KEYS = "keys"
"""The section of keys: any action may stand in it."""


class EditingMode(StrEnum):
    """How lines are edited in the REPL."""

    EMACS = "emacs"
    VI = "vi"


class Pager(StrEnum):
    """When the REPL shows a long result in a pager, which `PAGER` names."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: Its key in a file, the field of `Settings`, and, in capitals, of its variable.
        section: The table it stands in.
        kind: str, int, float or bool.
        about: What it is for, one phrase.
        choices: The only values allowed.
        minimum: Smallest number allowed.
        maximum: Largest number allowed.
        names_file: May be a file or folder, counted from the file it is written in.
        example: A value for the commented file that `config init` writes.
    """

    name: str
    section: str
    kind: type
    about: str
    example: str | int | float | bool
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    names_file: bool = False

    @property
    def key(self) -> str:
        """Its full name, "session.model"."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"ROMEBENCH_{self.name.upper()}"


def _names(choices: type[StrEnum]) -> tuple[str, ...]:
    return tuple(each.value for each in choices)


_SESSION = (
    Setting(
        "model", "session", str, "model of a new session: pocket, a hub name or a folder",
        "pocket", names_file=True,
    ),
    Setting("rule", "session", str, "update rule of a new session", "r-rome", _names(Rule)),
    Setting(
        "hparams", "session", str, "hyperparameters of a new session: a preset or a JSON file",
        "pocket", names_file=True,
    ),
    Setting("device", "session", str, "auto, cpu, cuda, cuda:N or map", "auto"),
    Setting(
        "dtype", "session", str, "precision the model of a new session is held in", "auto",
        ("auto", "float16", "bfloat16", "float32", "float64"),
    ),
    Setting("seed", "session", int, "seeds contexts and generations", 0, minimum=0),
    Setting("vitals", "session", str, "measured after each step", "full", ("cheap", "full")),
    Setting(
        "guard", "session", str, "what a verdict does", "stop", ("off", "warn", "stop", "undo")
    ),
)  # fmt: skip

_GENERATE = (
    Setting("max_new_tokens", "generate", int, "tokens to write", 40, minimum=1),
    Setting("greedy", "generate", bool, "take the likeliest token each time", False),
    Setting("temperature", "generate", float, "flattens (above 1) or sharpens", 1.0, minimum=0.0),
    Setting("top_k", "generate", int, "draw from the k likeliest; 0: from all", 5, minimum=0),
    Setting(
        "top_p", "generate", float, "draw from those with this much probability together", 1.0,
        minimum=0.0, maximum=1.0,
    ),
)  # fmt: skip

_INTERFACE = (
    Setting("theme", "interface", str, "colours of the workbench", "romebench-dark"),
    Setting(
        "color", "interface", str, "colour on the command line", "auto", ("auto", "always", "never")
    ),
    Setting(
        "editing_mode", "interface", str, "line editing in the REPL", "emacs", _names(EditingMode)
    ),
    Setting("pager", "interface", str, "long results of the REPL", "auto", _names(Pager)),
)

SETTINGS: tuple[Setting, ...] = (*_SESSION, *_GENERATE, *_INTERFACE)
"""Every setting but the keys."""

SECTIONS: tuple[str, ...] = (*dict.fromkeys(each.section for each in SETTINGS), KEYS)
"""The tables of a file, in order."""

_BY_NAME = {each.name: each for each in SETTINGS}


def setting(name: str) -> Setting | None:
    """The setting of a name, "model" or "session.model"; None where there is none."""
    section, _, last = name.rpartition(".")
    found = _BY_NAME.get(last)
    return found if found is not None and section in ("", found.section) else None


def nearest(name: str, among: Iterable[str]) -> str | None:
    """The likeliest meant of some names."""
    return next(iter(difflib.get_close_matches(name, list(among), n=1)), None)
