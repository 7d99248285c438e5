"""What every outcome is: a frozen dataclass that is ready to be JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, ClassVar

from ....errors import ExitCode
from ....store.records import Json


def plain(value: Any) -> Any:
    """`value` as JSON has it: dataclasses become objects, numbers that aren't finite null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@dataclass(frozen=True, slots=True)
class Result:
    """Base of every outcome.

    Attributes:
        kind: Names it in JSON, under "result".
        table: The field whose items are the rows of `--format csv`; empty where it is no table.
        columns: The columns of that table where it has no rows.
    """

    kind: ClassVar[str] = ""
    table: ClassVar[str] = ""
    columns: ClassVar[tuple[str, ...]] = ()

    @property
    def exit_code(self) -> ExitCode:
        """What the process tells the shell about it."""
        return ExitCode.OK

    @property
    def verbatim(self) -> str | None:
        """The text to print as it stands, where the outcome is one; else it is drawn."""
        return None

    def to_json(self) -> Json:
        """The outcome as one JSON object."""
        body: Json = plain(self)
        return {"result": self.kind, **body}

    def rows(self) -> Sequence[Json]:
        """The outcome as rows of one table."""
        items = getattr(self, self.table) if self.table else ()
        return [plain(item) for item in items]

    @classmethod
    def is_table(cls) -> bool:
        """Whether there is a table in it."""
        return bool(cls.table) or cls.rows is not Result.rows


def names_of(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass, for `Result.columns`."""
    return tuple(field.name for field in dataclasses.fields(kind))
