"""The export's lines: each record of a session as one JSON object with a `"type"`, and back.

Owns the format's version and the shape of every line; knows no files and no store. The shapes are
the store's records themselves, read off their fields, so that a field can't be forgotten; the
bytes of a delta travel as base64 under `data`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from ..store.records import (
    BranchRecord,
    CursorRecord,
    DeltaRecord,
    GenerationRecord,
    Json,
    MeasurementRecord,
    OperationRecord,
    QueueRecord,
    SessionRecord,
    StepRecord,
)

FORMAT = "romebench-session"
"""What the session line says under `format`."""

VERSION = 1
"""Version of the format, under `version` of the session line. Raised when a line changes shape."""

LINE_TYPES: dict[str, type[Any]] = {
    "session": SessionRecord,
    "branch": BranchRecord,
    "cursor": CursorRecord,
    "queue": QueueRecord,
    "step": StepRecord,
    "delta": DeltaRecord,
    "generation": GenerationRecord,
    "measurement": MeasurementRecord,
    "operation": OperationRecord,
}
"""Every `"type"` a line can have, with the record it stands for."""

LOCAL_FIELDS = frozenset({"id", "used_at"})
"""Fields of a session that belong to one store and do not travel."""

LATER_FIELDS = frozenset({"watch"})
"""Fields of a session that exports of an earlier romebench lack; their defaults stand for them."""

_LINE_ENDS = {ord(c): f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"}

_NAMES = {record: name for name, record in LINE_TYPES.items()}


class LineError(Exception):
    """A line that is no line of an export; the reader of the file adds where."""


def to_line(record: object) -> str:
    """One record as one line of JSON, `"type"` first, then its fields by name.

    Numbers that are not finite are written as Python writes them (NaN, Infinity): the diagnostics
    of an edit that went wrong can hold some.
    """
    name = _NAMES[type(record)]
    body = {key: _plain(getattr(record, key)) for key in _SHAPES[type(record)]}
    if name == "session":
        body |= {"format": FORMAT, "version": VERSION}
    text = json.dumps(body, sort_keys=True, ensure_ascii=False)
    return _encodable(f'{{"type": "{name}", {text[1:]}', name, body)


def from_line(text: str, **local: Any) -> Any:
    """The record that `to_line` wrote.

    Args:
        text: The line.
        local: Values for the fields that do not travel (`LOCAL_FIELDS`), used for a session.

    Raises:
        LineError: Broken JSON, an unknown type, a missing field, or a value of the wrong kind.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LineError(f"broken JSON ({getattr(error, 'msg', None) or error})") from None
    if not isinstance(data, dict):
        raise LineError("not a JSON object")
    kind = LINE_TYPES.get(data.get("type", ""))
    if kind is None:
        raise LineError(f"unknown type {data.get('type')!r}")
    if kind is SessionRecord:
        check_version(data)
    return _build(kind, data, local if kind is SessionRecord else {})


def check_version(data: Mapping[str, Any]) -> None:
    """Raise where a session line is of another format or a version to come.

    Raises:
        LineError: Names what was found.
    """
    if data.get("format") != FORMAT:
        raise LineError(f"format is {data.get('format')!r}, not {FORMAT!r}")
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise LineError(f"version is {version!r}, not a number from 1")
    if version > VERSION:
        raise LineError(f"written in version {version}; this romebench reads up to {VERSION}")


def _encodable(line: str, name: str, body: Json) -> str:
    """The line, with escapes for everything beyond ASCII where UTF-8 can't hold it, and for the
    characters that some readers (`str.splitlines` is one) take for the end of a line."""
    try:
        line.encode()
    except UnicodeEncodeError:
        return f'{{"type": "{name}", {json.dumps(body, sort_keys=True)[1:]}'
    return line.translate(_LINE_ENDS)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, CursorRecord):
        return {"branch": value.branch, "step": value.step}
    return value


def _shape(kind: type[Any]) -> dict[str, tuple[Callable[[Any], Any], str]]:
    """Field name to the reader of its value, with what the value should be."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    local = LOCAL_FIELDS if kind is SessionRecord else frozenset()
    return {name: _READERS[hints[name]] for name in names if name not in local}


def _build(kind: type[Any], data: Json, local: Mapping[str, Any]) -> Any:
    values = dict(local)
    for name, (read, expected) in _SHAPES[kind].items():
        if name not in data and kind is SessionRecord and name in LATER_FIELDS:
            continue
        if name not in data:
            raise LineError(f"a {data['type']} line without {name!r}")
        try:
            values[name] = read(data[name])
        except (TypeError, ValueError):
            found = repr(data[name])
            short = found if len(found) <= 60 else found[:57] + "…"
            raise LineError(f"{name!r} is {short}, not {expected}") from None
    return kind(**values)


def _exactly(kind: type[Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return read


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _each(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_all(value: Any) -> Any:
        return tuple(read(item) for item in _exactly(list)(value))

    return read_all


def _float(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError
    return float(value)


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(_exactly(str)(value), validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _cursor(value: Any) -> CursorRecord:
    data = _exactly(dict)(value)
    return CursorRecord(_exactly(str)(data.get("branch")), _exactly(int)(data.get("step")))


_TEXT, _INT, _OBJECT = _exactly(str), _exactly(int), _exactly(dict)

_READERS: dict[Any, tuple[Callable[[Any], Any], str]] = {
    str: (_TEXT, "text"),
    int: (_INT, "a whole number"),
    float: (_float, "a number"),
    bytes: (_bytes, "base64"),
    Json: (_OBJECT, "an object"),
    CursorRecord: (_cursor, "a branch and a step"),
    str | None: (_or_none(_TEXT), "text or null"),
    int | None: (_or_none(_INT), "a whole number or null"),
    float | None: (_or_none(_float), "a number or null"),
    Json | None: (_or_none(_OBJECT), "an object or null"),
    tuple[str, ...]: (_each(_TEXT), "a list of text"),
    tuple[int, ...]: (_each(_INT), "a list of whole numbers"),
    tuple[Json, ...]: (_each(_OBJECT), "a list of objects"),
}

_SHAPES = {kind: _shape(kind) for kind in LINE_TYPES.values()}
