"""Outcomes about settings and the files they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....errors import ExitCode
from .base import Result, names_of

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file that settings are looked for in.

    Attributes:
        source: "--config", "project" or "user".
        exists: It is there.
    """

    source: str
    path: str
    exists: bool


@dataclass(frozen=True, slots=True)
class SettingsFiles(Result):
    """The files that settings are looked for in, nearest first."""

    kind: ClassVar[str] = "config-files"
    table: ClassVar[str] = "files"
    columns: ClassVar[tuple[str, ...]] = names_of(SettingsFile)
    files: tuple[SettingsFile, ...]


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A setting and where its value comes from.

    Attributes:
        key: Its full name, "session.model".
        value: What counts; None where the session or the program decides.
        source: "environment", "--config", "project", "user" or "built-in".
        where: The variable, or file and line; empty where it is built in.
        about: What it is for.
    """

    key: str
    value: Value
    source: str
    where: str
    about: str


@dataclass(frozen=True, slots=True)
class SettingsShown(Result):
    """The settings that count here."""

    kind: ClassVar[str] = "config"
    table: ClassVar[str] = "settings"
    columns: ClassVar[tuple[str, ...]] = names_of(SettingLine)
    settings: tuple[SettingLine, ...]


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """Something wrong with the settings.

    Attributes:
        where: File and line, or the variable.
        hint: The way out.
    """

    where: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class SettingsChecked(Result):
    """What is wrong with the settings; `problems` is empty where nothing is."""

    kind: ClassVar[str] = "config-check"
    table: ClassVar[str] = "problems"
    columns: ClassVar[tuple[str, ...]] = names_of(SettingsProblem)
    files: tuple[str, ...]
    problems: tuple[SettingsProblem, ...]

    @property
    def exit_code(self) -> ExitCode:
        """USAGE where something is wrong."""
        return ExitCode.USAGE if self.problems else ExitCode.OK


@dataclass(frozen=True, slots=True)
class SettingsWritten(Result):
    """A settings file was "made", or a value in it "set" or "unset".

    Attributes:
        nearer: Where a nearer value of the key stands, which counts instead; empty if nowhere.
    """

    kind: ClassVar[str] = "config-change"
    action: str
    path: str
    key: str = ""
    value: Value = None
    nearer: str = ""
