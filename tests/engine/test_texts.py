"""Texts for statistics: every form, in an order that doesn't change, a document at a time."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest

from romebench.engine.texts import DOCUMENT_CHARACTERS, open_texts
from romebench.errors import FileFormatError, UsageError


def test_a_plain_file_is_read_in_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    lines = [f"line {i} " + "x" * 900 + "\n" for i in range(200)]
    path.write_text("".join(lines))
    documents = list(open_texts(str(path)).documents())
    assert len(documents) == 3
    assert "".join(documents) == "".join(lines)
    assert all(text.endswith("\n") and len(text) <= DOCUMENT_CHARACTERS for text in documents)
    assert list(open_texts(str(path)).documents(1)) == documents[1:]


def test_a_line_longer_than_a_document_is_parted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("y" * (2 * DOCUMENT_CHARACTERS + 5))
    documents = list(open_texts(str(tmp_path / "a.txt")).documents())
    assert [len(text) for text in documents] == [DOCUMENT_CHARACTERS, DOCUMENT_CHARACTERS, 5]


def test_folders_and_records(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.jsonl").write_text('{"text": "two"}\n\n{"text": ""}\n"three"\n')
    (tmp_path / "a.txt").write_text("one\n")
    (tmp_path / "c.json").write_text(json.dumps([{"text": "four"}]))
    (tmp_path / "d.bin").write_bytes(b"\xff\xfe")
    source = open_texts(str(tmp_path))
    assert list(source.documents()) == ["one\n", "four", "two", "three"]
    assert source.name == tmp_path.name


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("a.jsonl", b'{"text": "x"}\n{"body": "y"}\n', r"a.jsonl:2: no text under 'text'.*body"),
        ("a.jsonl", b'{"text": "x"}\nnot json\n', "a.jsonl:2: "),
        ("a.json", b'{"text": "x"}', "not a list"),
        ("a.txt", b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_what_is_no_text_is_named_by_file_and_line(
    tmp_path: Path, name: str, content: bytes, named: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileFormatError, match=named):
        list(open_texts(str(tmp_path / name)).documents())


def test_files_of_another_kind_and_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"")
    with pytest.raises(FileFormatError, match="no text file"):
        open_texts(str(tmp_path / "a.parquet"))
    with pytest.raises(FileFormatError, match="holds no text files"):
        open_texts(str(tmp_path))


def test_without_the_datasets_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"no file or folder 'wikitext'.*not installed"):
        open_texts("wikitext")


def test_a_dataset_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def load_dataset(name: str, config: str | None, *, split: str, streaming: bool) -> object:
        asked.append((name, config, split, streaming))
        if name == "no/such":
            raise FileNotFoundError("Couldn't find 'no/such' on the hub\nmore")
        return [{"page": "one"}, {"page": " "}, {"page": "two"}]

    fake = types.SimpleNamespace(load_dataset=load_dataset)
    monkeypatch.setitem(sys.modules, "datasets", fake)  # type: ignore[arg-type]
    source = open_texts("wikitext", key="page", config="raw", split="test")
    assert list(source.documents()) == ["one", "two"]
    assert list(source.documents(1)) == ["two"]
    assert asked == [("wikitext", "raw", "test", True)]
    assert source.name == "wikitext, raw, test"
    with pytest.raises(UsageError, match=r"no such dataset: Couldn't find 'no/such' on the hub$"):
        open_texts("no/such")
