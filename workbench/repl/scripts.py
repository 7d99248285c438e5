"""Lines from a file or from standard input: done one by one, with the place of what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...errors import ExitCode, FileFormatError, RomebenchError, UsageError
from ..cli import diagnostics
from .entries import entries

DEEPEST = 16
"""Files that may name one another in a row."""


class Leave(Exception):  # noqa: N818
    """The user wants to leave.

    Attributes:
        code: What the script that says so came to.
    """

    code: int = ExitCode.OK


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a script."""

    name: str
    line: int

    def __str__(self) -> str:
        return f"{self.name}:{self.line}"


class Scripts:
    """Does the lines of scripts.

    Args:
        take: Does one entry and gives its exit code; tells of a failure itself.
        keep_going: Go on after an entry that failed.
    """

    def __init__(self, take: Callable[[str], int], *, keep_going: bool = False) -> None:
        self._take = take
        self._keep_going = keep_going
        self._places: list[Place] = []

    def run(self, name: str, lines: Iterable[str]) -> int:
        """Do the entries of a script; gives the code of the first that failed.

        Args:
            name: What errors call it.
        """
        first = int(ExitCode.OK)
        for entry in entries(_decoded(name, lines)):
            try:
                with self._at(Place(name, entry.number)):
                    code = self._take(entry.text)
            except Leave as leaving:
                leaving.code = first or leaving.code
                raise
            first = first or code
            # Whoever interrupts a script wants no more of it.
            if code == ExitCode.INTERRUPTED or (code and not self._keep_going):
                break
        return first

    def source(self, name: str) -> int:
        """Do the entries of a file, named as seen from the working folder.

        Raises:
            UsageError: Files name one another without end.
            FileFormatError: It can't be read.
        """
        path = Path(name).expanduser()
        if len(self._places) >= DEEPEST:
            raise UsageError(
                f"{name} is the {DEEPEST}th file in a row that another one names",
                "does a file source itself?",
            )
        try:
            with path.open(encoding="utf-8") as lines:
                return self.run(name, lines)
        except OSError as error:
            raise FileFormatError(
                f"{name}: {error.strerror or error}", "name a text file"
            ) from None

    def placed(self, error: BaseException) -> BaseException:
        """An error that says where it happened, where a script is being done."""
        if self._places and isinstance(error, RomebenchError):
            inner, *outer = reversed(self._places)
            error.message = f"{inner}: {error.message}"
            chain = "".join(f", from {place}" for place in outer)
            error.hint = f"{error.hint}{chain}".removeprefix(", ")
        elif self._places and not isinstance(error, KeyboardInterrupt):
            diagnostics.note(f"{self._places[-1]}: this line met a defect")
        return error

    @contextmanager
    def _at(self, place: Place) -> Iterator[None]:
        self._places.append(place)
        try:
            yield
        finally:
            self._places.pop()


def _decoded(name: str, lines: Iterable[str]) -> Iterator[str]:
    try:
        yield from lines
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{name}: not UTF-8 text (byte {error.start})") from None
