"""Keys, completion and suggestions of the line editor, without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from romebench.hparams import load_preset
from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.repl.completer import LineCompleter, Suggest
from romebench.workbench.repl.editor import make_editor
from romebench.workbench.repl.history import open_history
from romebench.workbench.repl.lexer import LineLexer
from romebench.workbench.repl.toolbar import toolbar
from romebench.workbench.tui.bottom.typed_lines import TypedLines

F4, ALT_ENTER = "\x1bOS", "\x1b\r"


@pytest.fixture
def bench(study: Path) -> Iterator[Bench]:
    with Bench(Paths.under(study)) as bench:
        bench.resume()
        yield bench


@pytest.fixture
def type_(bench: Bench, tmp_path: Path) -> Callable[..., list[str]]:
    """Send keys to an editor; gives what it hands over, one text for each expected."""

    def type_(keys: str, count: int = 1, **options: bool) -> list[str]:
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            editor = make_editor(bench, tmp_path / "typed", **options)
            pipe.send_text(keys)
            taken = [editor.prompt() for _ in range(count)]
            type_.mode = editor.editing_mode
            return taken

    return type_


def test_a_line_goes_on_where_something_is_missing(type_) -> None:
    assert type_('generate "one\rtwo"\r') == ['generate "one\ntwo"']
    assert type_("a prompt \\\rgoes on\r") == ["a prompt \\\ngoes on"]
    assert type_(f"undo{ALT_ENTER}redo\r") == ["undo\nredo"]
    assert type_("\x1b[200~undo\nredo\x1b[201~\r") == ["undo\nredo"]


def test_what_was_typed_is_kept_for_the_workbench_too(type_, tmp_path: Path) -> None:
    type_("undo\rundo\r \rlog\r", 4)
    assert TypedLines(tmp_path / "typed").newest_first == ["log", "undo"]
    assert list(open_history(tmp_path / "typed").load_history_strings()) == ["log", "undo"]


def test_vi_and_emacs_keys(type_) -> None:
    assert type_("nudo\x1b0xpi\r", vi=True) == ["undo"]
    assert type_.mode is EditingMode.VI
    assert type_(f"ogl\x01{F4}\x1bxp\r") == ["gol"]
    assert type_.mode is EditingMode.VI
    assert type_(f"{F4}{F4}log\r") == ["log"]
    assert type_.mode is EditingMode.EMACS


def offered(bench: Bench, line: str, *, asked: bool = False) -> list[str]:
    event = CompleteEvent(completion_requested=asked, text_inserted=not asked)
    return [found.text for found in LineCompleter(bench).get_completions(Document(line), event)]


def test_what_is_offered(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a script.txt").touch()
    assert offered(bench, "un") == ["undo"]
    assert offered(bench, "/qu") == ["quit", "queue"]
    assert offered(bench, "undo\ngoto b") == ["base"]
    assert offered(bench, "source a") == ['"a script.txt"']
    assert offered(bench, "time o") == ["on", "off"]
    assert offered(bench, "help sessions re") == ["sessions rename"]
    assert offered(bench, "help sour") == ["source"]
    assert offered(bench, "exit ") == []
    assert offered(bench, "[lebr") == ["LeBron James]"]
    assert offered(bench, "LeBron James pl") == []
    assert offered(bench, "LeBron James pl", asked=True) == ["LeBron James plays the sport of"]


def test_the_end_of_a_known_prompt_is_suggested(bench: Bench) -> None:
    suggest, buffer = Suggest(bench), Buffer()

    def suggested(text: str, at: int | None = None) -> str | None:
        found = suggest.get_suggestion(buffer, Document(text, at))
        return found.text if found else None

    assert suggested("LeBron") == " James plays the sport of"
    assert suggested("LeBron", 3) is None
    assert suggested("nobody knows") is None
    buffer.history.append_string("LeBron James was here")
    assert suggested("LeBron") == " James was here"


def test_a_store_that_is_gone_suggests_nothing(tmp_path: Path) -> None:
    (tmp_path / "romebench.sqlite3").write_text("no store")
    bench = Bench(Paths.under(tmp_path))
    assert Suggest(bench).get_suggestion(Buffer(), Document("LeBron")) is None
    assert offered(bench, "[lebr") == []


def test_a_history_that_cannot_be_written_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert open_history(tmp_path / "file" / "history").get_strings() == []
    kept = open_history(tmp_path / "history")
    (tmp_path / "history").unlink()
    (tmp_path / "history").mkdir()
    kept.append_string("undo")
    assert kept.get_strings() == ["undo"]


def test_colours_say_what_a_line_is() -> None:
    def styled(line: str) -> dict[str, str]:
        pieces = LineLexer().lex_document(Document(line))(0)
        assert "".join(text for _, text in pieces) == line
        return {style.removeprefix("class:line."): text for style, text in pieces if style}

    assert styled("The [A b] is => c") == {"subject": "[A b]", "arrow": "=>", "target": " c"}
    assert styled(" edit [A] is") == {"command": "edit", "subject": "[A]"}
    assert styled("/undo -n 2") == {"command": "/undo"}
    assert styled("# [A]") == {"comment": "# [A]"}
    assert styled(r"\[A] stays plain") == {}
    assert styled("]a[") == {"subject": "["}


def test_the_toolbar_follows_and_fits(bench: Bench) -> None:
    def shown(columns: int = 400, mode: str = "") -> str:
        return "".join(text for _, text in toolbar(bench, columns, mode))

    status = bench.status()
    assert status is not None
    assert status.verdict
    assert shown(mode="F4 emacs") == (
        f" study │ pocket (not loaded) │ r-rome @ layer {load_preset('pocket').layer} │ C "
        f"│ step 1 (1/1) on main │ {status.verdict} │ F4 emacs"
    )
    narrow = f" study │ step 1 (1/1) on main │ {status.verdict}"
    assert shown(len(narrow), "F4 emacs") == narrow
    assert shown(10) == " study"
    bench.session(write=True).undo()
    assert "base (0/1) on main" in shown()
    empty = Bench(bench.paths, current="other")
    assert toolbar(empty)[1][1] == "other (new)"
    assert toolbar(Bench(bench.paths))[1][1] == "no session yet: an edit makes one"
