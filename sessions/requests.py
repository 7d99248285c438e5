"""Reading files of edit requests: JSON, JSON Lines, or typed lines; errors name file and line.

Owns where records begin and end in a file; what a record means is in `shapes.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..engine.request import EditRequest, parse_typed
from ..errors import FileFormatError, RequestError
from .shapes import requests_of

_LINE_SUFFIXES = (".jsonl", ".ndjson")
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class FoundRequest:
    """A request and where it stood.

    Attributes:
        request: The request.
        line: Line of the file its record begins on, counted from 1.
        relation: The relation its record names, "P103"; None where it names none.
    """

    request: EditRequest
    line: int
    relation: str | None = None


def read_requests(path: Path | str) -> list[EditRequest]:
    """All requests of a file: ROME's dicts, CounterFact, zsRE, EasyEdit, or typed lines (`.txt`).

    Raises:
        FileFormatError: The file can't be read or a record is malformed; names file and line.
    """
    return [found.request for found in find_requests(Path(path))]


def parse_requests(text: str, origin: str) -> list[EditRequest]:
    """All requests of a text in any of the forms of a file; `origin` stands for its name.

    Raises:
        FileFormatError: A record is malformed; names origin and line.
    """
    return [found.request for found in parse_found(text, origin)]


def parse_found(text: str, origin: str) -> list[FoundRequest]:
    """As `parse_requests`, each with its line and relation.

    Raises:
        FileFormatError: A record is malformed; names origin and line.
    """
    return _find(Path(origin), text)


def find_requests(path: Path) -> list[FoundRequest]:
    """All requests of a file with the line each record begins on.

    Raises:
        FileFormatError: As `read_requests`.
    """
    return _find(path, _read(path))


def read_records(path: Path) -> Iterator[tuple[int, Any]]:
    """The raw records of a JSON or JSONL file, each with the line it begins on.

    Raises:
        FileFormatError: The file can't be read or is malformed; names file and line.
    """
    return _records(path, _read(path))


def _find(path: Path, text: str) -> list[FoundRequest]:
    found: list[FoundRequest] = []
    for line, record in _records(path, text):
        try:
            parts = [parse_typed(record)] if isinstance(record, str) else list(requests_of(record))
        except RequestError as error:
            raise FileFormatError(f"{path}:{line}: {error.message}", error.hint) from None
        found += [FoundRequest(request, line, _relation(record)) for request in parts]
    if not found:
        raise FileFormatError(f"{path}: no requests in it", "a request has prompt, subject, target")
    return found


def _relation(record: Any) -> str | None:
    """The relation of a record: CounterFact's `relation_id`, wherever it stands, or `relation`."""
    if not isinstance(record, dict):
        return None
    rewrite = record.get("requested_rewrite")
    for part in (rewrite, record):
        for key in ("relation_id", "relation"):
            if isinstance(part, dict) and isinstance(part.get(key), str):
                return str(part[key])
    return None


def _read(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise FileFormatError(f"{path}: {error.strerror or error}", "name a file") from None


def _records(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    if path.suffix.lower() == ".txt":
        return _typed_lines(text)
    start = _SPACE.match(text)
    if start is not None and text.startswith("[", start.end()):
        return _array(path, text, start.end())
    if path.suffix.lower() in _LINE_SUFFIXES or _is_lines(text):
        return _lines(path, text)
    return _whole(path, text)


def _typed_lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _is_lines(text: str) -> bool:
    """Whether the first line is a whole JSON value and more follow."""
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip():
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            _broken(path, number, error)
        yield number, _no_text(path, number, record)


def _array(path: Path, text: str, start: int) -> Iterator[tuple[int, Any]]:
    """The elements of a JSON array, one by one, so that each is known by its line."""
    decoder = json.JSONDecoder()
    where, line, counted = start + 1, 1, 0
    where = _skip(text, where)
    while not text.startswith("]", where):
        line, counted = line + text.count("\n", counted, where), where
        try:
            record, where = decoder.raw_decode(text, where)
        except (ValueError, RecursionError) as error:
            _broken(path, line, error)
        yield line, _no_text(path, line, record)
        where = _skip(text, where)
        if text.startswith(",", where):
            where = _skip(text, where + 1)
        elif not text.startswith("]", where):
            _broken(path, line + text.count("\n", counted, where), "expecting ',' or ']'")
    after = _skip(text, where + 1)
    if after != len(text):
        _broken(path, 1 + text.count("\n", 0, after), "text after the end of the list")


def _whole(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        _broken(path, 1, error)
    yield 1, _no_text(path, 1, record)


def _skip(text: str, where: int) -> int:
    space = _SPACE.match(text, where)
    return space.end() if space else where


def _no_text(path: Path, line: int, record: Any) -> Any:
    """Typed lines come from `.txt` only: text among JSON records is a slip."""
    if isinstance(record, str):
        raise FileFormatError(f"{path}:{line}: not a request but {record!r:.60}")
    return record


def _broken(path: Path, line: int, error: Exception | str) -> NoReturn:
    if isinstance(error, json.JSONDecodeError):
        # Text with line breaks was decoded from its start: the decoder counts the lines itself.
        line = max(line, error.lineno) if error.doc.count("\n") else line
        error = error.msg
    elif isinstance(error, RecursionError):
        error = "nested too deeply"
    raise FileFormatError(f"{path}:{line}: {str(error) or 'broken JSON'}", "mend the JSON there")
