"""A result as a table of plain cells: what `--format csv` prints.

Knows no screen. A result says which of its fields is the table (`Result.table`), or gives `rows`
of its own.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from ....errors import UsageError
from ....store.records import Json
from .base import Result


def flat(row: Json, prefix: str = "") -> Json:
    """A row whose objects inside became columns of their own, "request.subject"."""
    found: Json = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found.update(flat(value, f"{prefix}{name}."))
        else:
            found[prefix + name] = value
    return found


def csv_text(result: Result) -> str:
    """The rows of a result as CSV: a line of column names, then a line for each row.

    A cell is empty where there is no value; a list stands in its cell as JSON.

    Raises:
        UsageError: The result is no table.
    """
    rows = [flat(row) for row in result.rows()]
    columns = list(dict.fromkeys([*_columns(result, rows), *(n for row in rows for n in row)]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def _columns(result: Result, rows: Sequence[Json]) -> Sequence[str]:
    """The columns of a table without rows, so that whoever reads it finds a header."""
    return () if rows else result.columns


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def no_table(name: str) -> UsageError:
    """The error for CSV of something that is no table."""
    return UsageError(f"{name} gives no table, so there is no CSV of it", "use --format json")
