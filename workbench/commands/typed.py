"""What an input line means: an edit, a command, or a prompt to write on from.

The REPL and the TUI classify what is typed here and nowhere else. `[subject] … => target` is an
edit, `/name` a command, plain text a prompt. `//` and `\\[` begin literal text. In the REPL the
name of a command works without the slash.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ...engine.request import EditRequest, parse_typed
from ...errors import RequestError


class Intention(StrEnum):
    """What a line asks for."""

    NOTHING = "nothing"
    EDIT = "edit"
    COMMAND = "command"
    GENERATE = "generate"


@dataclass(frozen=True, slots=True)
class Typed:
    """A line that was understood.

    Attributes:
        intention: What it asks for.
        text: The command line without its slash, the edit as typed, or the prompt, unescaped.
    """

    intention: Intention
    text: str = ""

    def request(self) -> EditRequest:
        """The request of an edit.

        Raises:
            RequestError: It can't be edited; the message says what is missing.
        """
        return parse_typed(self.text)


def classify(line: str, *, commands: frozenset[str] = frozenset()) -> Typed:
    r"""Tell what a line asks for.

    Args:
        line: What was typed.
        commands: First words that are commands without a slash too.

    Raises:
        RequestError: The line begins like an edit and has no target.

    >>> classify("[Poland] has the capital => Paris").intention
    <Intention.EDIT: 'edit'>
    >>> classify("/undo -n 2").text
    'undo -n 2'
    >>> classify(r"\[x] is").text
    '[x] is'
    """
    text = line.strip()
    if not text:
        return Typed(Intention.NOTHING)
    if text.startswith("//"):
        return Typed(Intention.GENERATE, _literal(text[1:]))
    if text.startswith("/"):
        return Typed(Intention.COMMAND, text[1:].strip())
    if text.split(maxsplit=1)[0] in commands:
        return Typed(Intention.COMMAND, text)
    if looks_like_edit(text):
        if "=>" not in text:
            raise RequestError(
                f"{text!r} begins an edit and has no '=> target'",
                r"finish it, or begin with \[ for a literal bracket",
            )
        return Typed(Intention.EDIT, text)
    return Typed(Intention.GENERATE, _literal(text))


def looks_like_edit(text: str) -> bool:
    r"""Whether a line is, or begins as, an edit: `[…` at its start, or `[…] … =>` anywhere."""
    bare = text.replace("\\[", "")
    return text.startswith("[") or ("[" in bare and "=>" in bare.partition("[")[2])


def _literal(text: str) -> str:
    """Bring escaped brackets back."""
    return text.replace("\\[", "[").replace("\\]", "]")
