"""Outcomes about romebench itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....errors import ExitCode
from .base import Result


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder romebench uses."""

    name: str
    path: str
    exists: bool


@dataclass(frozen=True, slots=True)
class Places(Result):
    """Where everything lies. `home`: what ROMEBENCH_HOME says, if it is set."""

    kind: ClassVar[str] = "where"
    table: ClassVar[str] = "places"
    home: str | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of `doctor`. `status`: "ok", "warn" or "fail"."""

    name: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class Diagnosis(Result):
    """What `doctor` found."""

    kind: ClassVar[str] = "doctor"
    table: ClassVar[str] = "checks"
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> ExitCode:
        """STORE where a check fails."""
        failed = any(check.status == "fail" for check in self.checks)
        return ExitCode.STORE if failed else ExitCode.OK
