"""What a typed line means: one place, the same for the REPL and the TUI."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romebench.errors import RequestError
from romebench.workbench.commands.typed import Intention, classify

COMMANDS = frozenset({"undo", "log"})


@pytest.mark.parametrize(
    ("line", "intention", "text"),
    [
        ("", Intention.NOTHING, ""),
        ("   ", Intention.NOTHING, ""),
        ("[A] is => b", Intention.EDIT, "[A] is => b"),
        (
            "The capital of [Poland] is => Paris",
            Intention.EDIT,
            "The capital of [Poland] is => Paris",
        ),
        ("/undo -n 2", Intention.COMMAND, "undo -n 2"),
        ("undo -n 2", Intention.COMMAND, "undo -n 2"),
        ("undoing things", Intention.GENERATE, "undoing things"),
        ("Undo this", Intention.GENERATE, "Undo this"),
        ("//etc/passwd holds", Intention.GENERATE, "/etc/passwd holds"),
        (r"\[sic] he said", Intention.GENERATE, "[sic] he said"),
        (r"a \[b] => c", Intention.GENERATE, "a [b] => c"),
        ("arrays like a[0] are", Intention.GENERATE, "arrays like a[0] are"),
        ("x => y", Intention.GENERATE, "x => y"),
        ("=> [x]", Intention.GENERATE, "=> [x]"),
    ],
)
def test_lines(line: str, intention: Intention, text: str) -> None:
    typed = classify(line, commands=COMMANDS)
    assert (typed.intention, typed.text) == (intention, text)


def test_without_bare_commands_a_name_is_text() -> None:
    assert classify("undo -n 2").intention is Intention.GENERATE


def test_an_edit_without_a_target_says_so() -> None:
    with pytest.raises(RequestError, match="=> target"):
        classify("[LeBron James] plays the sport of")


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])).map(str.strip))
def test_any_prompt_can_be_escaped(prompt: str) -> None:
    r"""`\[` and `//` let every text through to the model as it is."""
    if not prompt or "\\" in prompt:
        return
    line = prompt.replace("[", "\\[")
    line = "/" + line if line.startswith("/") else line
    assert classify(line).text == prompt
