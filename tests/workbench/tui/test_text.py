"""Figures, answers, tokens and typed lines as text; no screen."""

from __future__ import annotations

import pytest
from textual.content import Content

from romebench.errors import RequestError, UsageError
from romebench.workbench.commands.parsing import HelpAsked, Invocation
from romebench.workbench.tui.bottom.tokens import token_content
from romebench.workbench.tui.bottom.typed_lines import TypedLines
from romebench.workbench.tui.flow import Flow
from romebench.workbench.tui.lane.answers import changed
from romebench.workbench.tui.lane.examples import WELL_KNOWN, examples_for
from romebench.workbench.tui.text import duration, figure, percent, ratio, said, site_of, spark
from romebench.workbench.tui.understand import OwnWord, overview, understand


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (float("nan"), "–"), (0.0, "0 %"), (0.00018, "0.018 %"), (0.987, "98.7 %")],
)
def test_percent(value, shown):
    assert percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0.0812, ".081"), (1.2345, "1.234"), (12.345, "12.3")]
)
def test_ratio(value, shown):
    assert ratio(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59.4, "59 s"), (65, "1:05"), (3725, "1:02:05")]
)
def test_duration(seconds, shown):
    assert duration(seconds) == shown


def test_figures_and_sites():
    assert figure(True) == "yes"
    assert figure(12345) == "12,345"
    assert figure(0.123456) == "0.1235"
    assert figure("x") == "–"
    assert site_of("transformer.h.1.mlp.c_proj.weight") == "h.1.mlp.c_proj"


def test_spark_goes_from_the_lowest_to_the_highest():
    assert spark([0.0, 0.5, 1.0]) == "▁▄█"
    assert spark([]) == ""
    assert spark([2.0, float("nan"), 2.0]) == "▁▁"
    assert len(spark([float(n) for n in range(100)], 24)) == 24


def test_said_shows_controls_and_keeps_markup_as_text():
    assert said("[b]a\x1b[0m\n").plain == "[b]a␛[0m␊"
    assert said("a" * 50, width=10).plain == "a" * 9 + "…"


def test_what_differs_between_two_answers():
    olds, news = changed(" basketball. He is", " football. He is")
    assert olds == [(" basketball", True), (". He is", False)]
    assert news == [(" football", True), (". He is", False)]
    assert changed("same", "same") == ([("same", False)], [("same", False)])
    assert changed("", " new") == ([], [(" new", True)])


@pytest.mark.parametrize("old", ["", " a b, c.", "x\n y  z ", "漢字 é"])
def test_the_pieces_are_the_whole_text(old):
    olds, news = changed(old, " a c!")
    assert "".join(text for text, _ in olds) == old
    assert "".join(text for text, _ in news) == " a c!"


def test_tokens_mark_the_lookup_position():
    content = token_content(["Le", "Bron", " is\n"], 1, [" it"])
    assert content.plain == "Le│▸Bron◂│ is␊  →   it"


def test_every_relation_of_the_pocket_world_has_an_example():
    from romebench.engine.pocket import load_world
    from romebench.engine.request import parse_typed

    world = load_world()
    found = examples_for("pocket")
    assert len(found) == len({fact.relation for fact in world.facts})
    assert found[0].line == "[LeBron James] plays the sport of => football"
    facts = {(fact.prompt, fact.subject): fact.object for fact in world.facts}
    for example in found:
        request = parse_typed(example.line)
        truth = facts[request.prompt, request.subject]
        assert truth == example.truth
        assert request.target_new != truth
        assert request.target_new in world.objects
    assert examples_for("gpt2-xl") == WELL_KNOWN


def test_typed_lines_go_back_and_forth(tmp_path):
    lines = TypedLines(tmp_path / "deep" / "history")
    for line in ("one", "two", "two", "  ", "three"):
        lines.add(line)
    assert lines.newest_first == ["three", "two", "one"]
    assert lines.older("draft") == "three"
    assert lines.older("three") == "two"
    assert lines.older("two") == "one"
    assert lines.older("one") is None
    assert [lines.newer(), lines.newer(), lines.newer()] == ["two", "three", "draft"]
    assert lines.newer() is None
    assert lines.beginning("t") == "three"
    assert lines.beginning("three") is None


def test_typed_lines_share_the_file_of_the_line_editor(tmp_path):
    from prompt_toolkit.history import FileHistory

    path = tmp_path / "history"
    FileHistory(str(path)).append_string("from the REPL")
    TypedLines(path).add("from the TUI")
    assert list(FileHistory(str(path)).load_history_strings()) == ["from the TUI", "from the REPL"]
    assert TypedLines(path).newest_first == ["from the TUI", "from the REPL"]


def test_typed_lines_that_cannot_be_kept_are_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    lines = TypedLines(tmp_path / "file" / "history")
    lines.add("one")
    assert lines.newest_first == ["one"]


def test_understanding_a_line():
    edit = understand("[Poland] has the capital => Paris")
    assert isinstance(edit, Invocation)
    assert edit.command.name == "edit"
    assert edit.params.text == ("[Poland] has the capital => Paris",)
    plain = understand("once upon")
    assert isinstance(plain, Invocation)
    assert (plain.command.name, plain.params.prompt) == ("generate", ("once upon",))
    command = understand("/undo -n 2")
    assert isinstance(command, Invocation)
    assert (command.command.name, command.params.n) == ("undo", 2)
    assert understand("/help") == OwnWord("help")
    assert understand("/exit") == OwnWord("quit")
    assert isinstance(understand("/help undo"), HelpAsked)
    assert isinstance(understand("/undo --help"), HelpAsked)
    assert understand("   ") is None


@pytest.mark.parametrize(
    ("line", "prompt"), [("//undo", "/undo"), (r"\[x] is", "[x] is"), ("a [b] c", "a [b] c")]
)
def test_escapes_make_literal_text(line, prompt):
    found = understand(line)
    assert isinstance(found, Invocation)
    assert found.command.name == "generate"
    assert found.params.prompt == (prompt,)


@pytest.mark.parametrize("line", ["/", "/nosuch", "/undo -n x", "/quit now", "/undo 'open"])
def test_what_cannot_be_understood_is_named(line):
    with pytest.raises(UsageError):
        understand(line)


@pytest.mark.parametrize("line", ["[a", "[a] is =>", "[a] [b] => c", "[] is => c"])
def test_edits_that_cannot_be_made_are_refused_before_they_run(line):
    with pytest.raises(RequestError):
        understand(line)


def test_the_overview_names_every_command():
    from romebench.workbench.commands.registry import COMMANDS

    text = overview()
    for command in COMMANDS:
        assert f"/{command.name} " in text


def test_pieces_flow_over_lines_and_a_long_one_is_wrapped():
    told = "perplexity is 135.765 times the base model's, over 1.401"
    flow = Flow([Content("u·k 3"), Content(""), Content(told), Content("ok")])
    assert [line.plain for line in flow.lines(30)] == [
        "u·k 3",
        "perplexity is 135.765 times",
        "the base model's, over 1.401",
        "ok",
    ]
    assert [line.plain for line in flow.lines(80)] == [f"u·k 3   {told}   ok"]
