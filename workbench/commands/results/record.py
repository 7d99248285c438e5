"""Outcomes of checking the record and of taking it away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....errors import ExitCode
from .base import Result


@dataclass(frozen=True, slots=True)
class Replayed(Result):
    """Stored deltas were applied again from the base, and each weight hash compared.

    Attributes:
        checked: Steps whose hash was compared.
        mismatch: The first step whose hash differs, with `expected` and `found`; None if none.
    """

    kind: ClassVar[str] = "replay"
    session: str
    checked: int
    mismatch: int | None
    expected: str | None
    found: str | None
    elapsed_s: float

    @property
    def exit_code(self) -> ExitCode:
        """EDIT_FAILED where a hash differs."""
        return ExitCode.OK if self.mismatch is None else ExitCode.EDIT_FAILED


@dataclass(frozen=True, slots=True)
class Verified(Result):
    """What a session's stored data says about itself; `problems` is empty for a sound one."""

    kind: ClassVar[str] = "verify"
    session: str
    steps: int
    deltas: int
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """STORE where something is wrong."""
        return ExitCode.STORE if self.problems else ExitCode.OK


@dataclass(frozen=True, slots=True)
class Exported(Result):
    """A session, or its deltas, went to a file. `what`: "session" or "deltas"."""

    kind: ClassVar[str] = "export"
    what: str
    session: str
    path: str
    steps: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Imported(Result):
    """A session came from a file.

    Attributes:
        copied_from: The name in the file, where the session got another here.
        same_session: It kept its identity; false for a copy of one the store holds already.
    """

    kind: ClassVar[str] = "import"
    session: str
    path: str
    steps: int
    copied_from: str | None
    same_session: bool
