"""Texts for statistics: one document after another out of a file, a folder or a dataset.

Knows no model. A source holds no more than one document at a time, and gives the same documents in
the same order every time, so that a collection can be taken up where it stopped.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from ..errors import FileFormatError, UsageError

DOCUMENT_CHARACTERS = 1 << 16
"""Longest document; longer ones are parted, so that memory is bounded by it."""

_PLAIN = (".txt", ".md", ".text", ".raw", ".rst", "")
_LINES = (".jsonl", ".ndjson")
_READ = (*_PLAIN, *_LINES, ".json")


class TextSource(Protocol):
    """Documents, in an order that doesn't change."""

    @property
    def name(self) -> str:
        """What provenance calls it."""
        ...

    def identity(self) -> str:
        """Tells this text from another of the same name, where that can be told."""
        ...

    def documents(self, start: int = 0) -> Iterator[str]:
        """The documents from number `start` on."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """The texts of files, in the order of `paths`.

    Attributes:
        name: The file's or the folder's name.
        paths: Plain text, JSONL or JSON files.
        key: Key of the text in JSON objects.
    """

    name: str
    paths: tuple[Path, ...]
    key: str = "text"

    def documents(self, start: int = 0) -> Iterator[str]:
        """The documents from number `start` on.

        Raises:
            FileFormatError: A file isn't UTF-8 text, or a record has no text; file and line are
                named.
        """
        return islice(self._all(), start, None)

    def identity(self) -> str:
        """SHA-256 over names and sizes of the files: tells another set of texts from this one."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        return digest.hexdigest()

    def _all(self) -> Iterator[str]:
        for path in self.paths:
            try:
                yield from self._of(path)
            except UnicodeDecodeError:
                raise FileFormatError(f"{path}: not UTF-8 text", "name text files") from None
            except OSError as error:
                raise FileFormatError(f"{path}: {error.strerror or error}") from None

    def _of(self, path: Path) -> Iterator[str]:
        if path.suffix in _PLAIN:
            return _plain_documents(path)
        records = _json_lines(path) if path.suffix in _LINES else _json_list(path)
        return _parted(_text_of(record, self.key, where) for where, record in records)


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """A dataset of the `datasets` package.

    Attributes:
        name: "wikitext, wikitext-103-raw-v1, train".
        rows: The dataset, streamed.
        key: Column of the text.
    """

    name: str
    rows: Any = field(repr=False)
    key: str = "text"

    def identity(self) -> str:
        """The fingerprint that the dataset gives itself, where it does."""
        return str(getattr(self.rows, "_fingerprint", ""))

    def documents(self, start: int = 0) -> Iterator[str]:
        """The documents from number `start` on.

        Raises:
            FileFormatError: A row has no such column.
        """
        texts = (_text_of(row, self.key, self.name) for row in self.rows)
        return islice(_parted(texts), start, None)


def open_texts(
    what: str, *, key: str = "text", config: str | None = None, split: str = "train"
) -> TextSource:
    """The texts that `what` names: a file, a folder, or a dataset.

    Args:
        what: A path; where there is none, a dataset's name.
        key: Key or column of the text in JSON objects and datasets.
        config: Configuration of a dataset.
        split: Split of a dataset.

    Raises:
        UsageError: There is no such file, and no dataset of that name.
        FileFormatError: A folder without text files; a file of another kind.
    """
    path = Path(what).expanduser()
    if path.is_file():
        if path.suffix not in _READ:
            raise FileFormatError(f"{path} is no text file", f"files read: {', '.join(_READ)}")
        return FileSource(path.name, (path,), key)
    if path.is_dir():
        if (path / "dataset_info.json").is_file() or (path / "dataset_dict.json").is_file():
            return _saved_dataset(path, key, split)
        kinds = set(_READ) - {""}
        files = tuple(sorted(p for p in path.rglob("*") if p.is_file() and p.suffix in kinds))
        if not files:
            raise FileFormatError(f"{path} holds no text files", "it is searched for .txt, .jsonl")
        return FileSource(path.name, files, key)
    return _hub_dataset(what, key, config, split)


def _hub_dataset(what: str, key: str, config: str | None, split: str) -> DatasetSource:
    package = _datasets(f"there is no file or folder {what!r}")
    try:
        rows = package.load_dataset(what, config, split=split, streaming=True)
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(
            f"there is no file or folder {what!r}, and no such dataset: {first}",
            "name a text file, a folder, a JSONL file, or a dataset with --config and --split",
        ) from error
    return DatasetSource(", ".join(part for part in (what, config, split) if part), rows, key)


def _saved_dataset(path: Path, key: str, split: str) -> DatasetSource:
    package = _datasets(f"{path} is a saved dataset")
    rows = package.load_from_disk(str(path))
    if (path / "dataset_dict.json").is_file():
        if split not in rows:
            raise UsageError(f"{path} has no split {split!r}", f"splits: {', '.join(rows)}")
        rows = rows[split]
    return DatasetSource(path.name, rows, key)


def _datasets(why: str) -> Any:
    try:
        return importlib.import_module("datasets")
    except ImportError:
        raise UsageError(
            f"{why}, and the datasets package is not installed",
            "name a text file, a folder or a JSONL file, or `pip install datasets`",
        ) from None


def _plain_documents(path: Path) -> Iterator[str]:
    """A plain file in stretches of whole lines; a line that is longer than one is parted."""
    with path.open(encoding="utf-8") as file:
        held: list[str] = []
        size = 0
        while line := file.readline(DOCUMENT_CHARACTERS):
            if size + len(line) > DOCUMENT_CHARACTERS and held:
                yield "".join(held)
                held, size = [], 0
            held.append(line)
            size += len(line)
        if "".join(held).strip():
            yield "".join(held)


def _json_lines(path: Path) -> Iterator[tuple[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield f"{path}:{number}", json.loads(line)
            except json.JSONDecodeError as error:
                raise FileFormatError(
                    f"{path}:{number}: {error.msg}", "give one object a line"
                ) from None


def _json_list(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise FileFormatError(f"{path}:{error.lineno}: {error.msg}", "mend the JSON") from None
    if not isinstance(data, list):
        raise FileFormatError(f"{path}: not a list of texts", "give a JSON list, or JSONL")
    return ((f"{path}: item {number}", item) for number, item in enumerate(data, 1))


def _text_of(record: Any, key: str, where: str) -> str:
    text = record.get(key) if isinstance(record, dict) else record
    if not isinstance(text, str):
        keys = ", ".join(record) if isinstance(record, dict) else type(record).__name__
        raise FileFormatError(f"{where}: no text under {key!r} (found: {keys})", "give --key NAME")
    return text


def _parted(texts: Iterator[str]) -> Iterator[str]:
    """Each text in stretches; empty ones are left out."""
    for text in texts:
        if text.strip():
            for start in range(0, len(text), DOCUMENT_CHARACTERS):
                yield text[start : start + DOCUMENT_CHARACTERS]
