"""What can stand at the end of an input line: command names, options, and values from live state.

The REPL and the TUI complete from here. Reads the store, never the model; a store that can't be
read completes nothing and disturbs nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import click

from ...errors import RomebenchError
from .common import SESSION, common_params, session_option
from .options import SessionChoices
from .prose import complete_prose
from .registry import COMMANDS, FIRST_WORDS, resolve
from .sources import SOURCES, files, sessions, values_of
from .spec import Command, ParamSpec, fields_of
from .words import Word, quoted, words_of

if TYPE_CHECKING:
    from ..bench import Bench

logger = logging.getLogger(__name__)

_MOST = 200
"""Candidates shown at most; more help nobody."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can be put in at the end of the line.

    Attributes:
        text: What to put in, quoted where it has to be.
        start: Where in the line it goes; everything after is replaced.
        about: A few words beside it.
    """

    text: str
    start: int
    about: str = ""


def complete(line: str, bench: Bench, *, bare: bool = True) -> list[Candidate]:
    """The candidates for the end of a line.

    Args:
        line: Everything before the cursor.
        bare: Commands may stand without a slash, and what is no command is an edit or a prompt
            (the REPL).
    """
    blank = len(line) - len(line.lstrip())
    if line[blank : blank + 1] == "/":
        found = _command(_Typed(line, blank + 1), bench)
    elif not bare or line.lstrip().startswith("\\"):
        return []
    elif " " in line.lstrip() and line.split()[0] not in FIRST_WORDS:
        found = _prose(line, 0, bench)
    else:
        found = _first(_Typed(line, 0), bench)
    try:
        return list(islice(found, _MOST))
    except RomebenchError:
        logger.debug("completion of %r failed", line, exc_info=True)
        return []


_Values = Iterator[tuple[str, str]]


class _Typed:
    """A command line as far as it is typed.

    Attributes:
        line: All of it.
        before: The words before the one that is being completed.
        last: That one; empty where the line ends between words.
    """

    def __init__(self, line: str, offset: int) -> None:
        words = [
            Word(word.text, word.start + offset, word.end + offset, word.open_quote)
            for word in words_of(line[offset:])
        ]
        ended = not words or (words[-1].end < len(line) and not words[-1].open_quote)
        self.line = line
        self.before = words if ended else words[:-1]
        self.last = Word("", len(line), len(line)) if ended else words[-1]

    @property
    def names(self) -> list[str]:
        """The words before, as plain text."""
        return [word.text for word in self.before]

    @property
    def prefix(self) -> str:
        """What is typed of the word that is being completed."""
        return self.last.text

    def words(self, values: _Values) -> Iterator[Candidate]:
        """Values as whole words in the place of the last one."""
        for text, about in values:
            yield Candidate(quoted(text), self.last.start, about)


def _first(typed: _Typed, bench: Bench) -> Iterator[Candidate]:
    """The first word may become a command; else it begins an edit or a prompt."""
    found = list(_command(typed, bench))
    yield from found
    if not found and not typed.before and typed.prefix:
        yield from _prose(typed.line, 0, bench)


def _prose(line: str, start: int, bench: Bench) -> Iterator[Candidate]:
    for at, text, about in complete_prose(line[start:], bench):
        yield Candidate(text, start + at, about)


def _command(typed: _Typed, bench: Bench) -> Iterator[Candidate]:
    """Texts that may follow the words before."""
    names = list(_names(typed.names, typed.prefix))
    if names or not typed.before:
        yield from typed.words(iter(names))
        return
    try:
        command, rest = resolve(typed.names)
    except RomebenchError:
        return
    specs = _options(command)
    by_flag = {flag: spec for spec in specs for flag in spec.flags}
    waiting = by_flag.get(rest[-1]) if rest else None
    common = _common(command).get(rest[-1]) if rest else None
    if waiting is None and common is not None and _takes_value(common):
        yield from typed.words(_of_common(common, typed.prefix, bench))
    elif waiting is not None and waiting.kind is not bool:
        yield from typed.words(_of_spec(waiting, typed.prefix, bench))
    elif typed.prefix.startswith("-"):
        yield from typed.words(_starting(_flags(command, specs, rest), typed.prefix))
    else:
        yield from _argument(command, typed, len(typed.before) - len(rest), by_flag, bench)


def _names(before: list[str], prefix: str) -> _Values:
    """Names of commands: the first word, or the second of a family."""
    if len(before) > 1:
        return
    seen = set()
    for command in COMMANDS:
        words = command.name.split()
        if words[: len(before)] != before or len(words) == len(before):
            continue
        word = words[len(before)]
        if word.startswith(prefix) and word not in seen:
            seen.add(word)
            yield word, command.summary if len(words) == len(before) + 1 else f"{word} …"


def _options(command: Command) -> tuple[ParamSpec, ...]:
    own = fields_of(command.params)
    if not command.creates:
        return own
    taken = {spec.name for spec in own}
    return own + tuple(spec for spec in fields_of(SessionChoices) if spec.name not in taken)


def _flags(command: Command, specs: tuple[ParamSpec, ...], rest: list[str]) -> _Values:
    for spec in specs:
        if spec.flags and not set(spec.flags) & set(rest):
            yield spec.flags[0], spec.help
    for option in dict.fromkeys(_common(command).values()):
        if not set(option.opts) & set(rest):
            yield option.opts[0], option.help or ""
    yield "--help", "What it takes."


def _common(command: Command) -> dict[str, click.Option]:
    """The options that every command takes, by their flags."""
    options = common_params(command, inside=True)
    if command.takes_session:
        options.insert(0, session_option())
    return {flag: each for each in options if isinstance(each, click.Option) for flag in each.opts}


def _takes_value(option: click.Option | None) -> bool:
    return option is not None and not option.is_flag and not option.count


def _of_common(option: click.Option, prefix: str, bench: Bench) -> _Values:
    if option.name == SESSION:
        return _starting(sessions(bench), prefix)
    if isinstance(option.type, click.Choice):
        return _starting(((choice, "") for choice in option.type.choices), prefix)
    return files(prefix)


def _argument(
    command: Command, typed: _Typed, first: int, by_flag: dict[str, ParamSpec], bench: Bench
) -> Iterator[Candidate]:
    """The value of the argument whose turn it is.

    Args:
        first: How many words the command's name has.
    """
    taken, skip, common = [], False, _common(command)
    for word in typed.before[first:]:
        if skip:
            skip = False
        elif word.text.startswith("-") and len(word.text) > 1:
            spec = by_flag.get(word.text)
            option = common.get(word.text)
            skip = spec.kind is not bool if spec is not None else _takes_value(option)
        else:
            taken.append(word)
    arguments = [spec for spec in fields_of(command.params) if spec.argument]
    if not arguments or (len(taken) >= len(arguments) and not arguments[-1].many):
        return
    spec = arguments[min(len(taken), len(arguments) - 1)]
    if spec.completes in ("request", "text"):
        yield from _typed_text(typed, taken, bench)
    elif spec.completes == "value" and taken:
        yield from typed.words(_starting(values_of(taken[-1].text), typed.prefix))
    else:
        yield from typed.words(_of_spec(spec, typed.prefix, bench))


def _typed_text(typed: _Typed, taken: list[Word], bench: Bench) -> Iterator[Candidate]:
    """An edit or a prompt behind a command: all its words, in quotes or not."""
    first = taken[0] if taken else typed.last
    quote = typed.line[first.start : first.start + 1]
    if quote not in ("'", '"'):
        # Only a text that goes on to the end of the line: no option may stand in between.
        if typed.before[len(typed.before) - len(taken) :] == taken:
            yield from _prose(typed.line, first.start, bench)
    elif first is typed.last and first.open_quote:
        for found in _prose(typed.line, first.start + 1, bench):
            if quote not in found.text and "\\" not in found.text:
                yield found


def _of_spec(spec: ParamSpec, prefix: str, bench: Bench) -> _Values:
    if spec.choices:
        yield from _starting(((choice, "") for choice in spec.choices), prefix)
    elif spec.completes == "layer":
        # Where several may be named, the last one is completed: "1,2,".
        named = prefix[: prefix.rfind(",") + 1]
        yield from _starting(
            ((named + text, about) for text, about in SOURCES["layer"](bench)), prefix
        )
    elif spec.completes == "file":
        yield from files(prefix)
    elif spec.completes in SOURCES:
        yield from _starting(SOURCES[spec.completes](bench), prefix)
        if spec.completes in ("preset", "model") and prefix:
            yield from files(prefix)


def _starting(values: _Values, prefix: str) -> _Values:
    return ((text, about) for text, about in values if text.startswith(prefix))
