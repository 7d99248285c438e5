"""What can stand at the end of an input line: command names, options, and values from live state.

The REPL and the TUI complete from here. Reads the store, never the model; a store that can't be
read completes nothing and disturbs nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import RomebenchError
from .options import SessionChoices
from .registry import COMMANDS, resolve
from .spec import Command, Effect, ParamSpec, fields_of
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
        bare: Commands may stand without a slash (the REPL).
    """
    slash = len(line) - len(line.lstrip())
    if line[slash : slash + 1] == "/":
        offset = slash + 1
    elif bare:
        offset = 0
    else:
        return []
    words = words_of(line[offset:])
    ended = not words or (words[-1].end < len(line) - offset and not words[-1].open_quote)
    last = Word("", len(line) - offset, len(line) - offset) if ended else words[-1]
    before = [word.text for word in (words if ended else words[:-1])]
    try:
        found = list(islice(_values(before, last.text, bench), _MOST))
    except RomebenchError:
        logger.debug("completion of %r failed", line, exc_info=True)
        return []
    start = offset + last.start
    return [Candidate(quoted(text), start, about) for text, about in found]


_Values = Iterator[tuple[str, str]]


def _values(before: list[str], prefix: str, bench: Bench) -> _Values:
    """Texts that begin with `prefix` and may follow the words `before`, each with a remark."""
    names = list(_names(before, prefix))
    if names or not before:
        yield from names
        return
    try:
        command, rest = resolve(before)
    except RomebenchError:
        return
    specs = _options(command)
    by_flag = {flag: spec for spec in specs for flag in spec.flags}
    waiting = by_flag.get(rest[-1]) if rest else None
    if rest and rest[-1] == "--session" and command.takes_session:
        yield from _starting(_sessions(bench), prefix)
    elif waiting is not None and waiting.kind is not bool:
        yield from _of_spec(waiting, prefix, bench)
    elif prefix.startswith("-"):
        yield from _starting(_flags(command, specs, rest), prefix)
    else:
        yield from _argument(command, rest, by_flag, prefix, bench)


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
    if command.takes_session:
        yield "--session", "The session to act on."
    if command.effect is Effect.DESTRUCTIVE:
        yield "--yes", "Don't ask first."
    yield "--json", "Print one JSON object."
    yield "--help", "What it takes."


def _argument(
    command: Command, rest: list[str], by_flag: dict[str, ParamSpec], prefix: str, bench: Bench
) -> _Values:
    """The value of the argument whose turn it is."""
    taken, skip = 0, False
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("-") and len(word) > 1:
            spec = by_flag.get(word)
            skip = word == "--session" or (spec is not None and spec.kind is not bool)
        else:
            taken += 1
    arguments = [spec for spec in fields_of(command.params) if spec.argument]
    if taken < len(arguments):
        yield from _of_spec(arguments[taken], prefix, bench)


def _of_spec(spec: ParamSpec, prefix: str, bench: Bench) -> _Values:
    if spec.choices:
        yield from _starting(((choice, "") for choice in spec.choices), prefix)
    elif spec.completes == "file":
        yield from _files(prefix)
    elif spec.completes in _SOURCES:
        yield from _starting(_SOURCES[spec.completes](bench), prefix)
        if spec.completes in ("preset", "model") and prefix:
            yield from _files(prefix)


def _starting(values: _Values, prefix: str) -> _Values:
    return ((text, about) for text, about in values if text.startswith(prefix))


def _sessions(bench: Bench) -> _Values:
    for line in bench.repository.sessions():
        yield line.name, f"{line.model}, {line.steps} steps"


def _branches(bench: Bench) -> _Values:
    if bench.name is None:
        return
    for branch in bench.session(write=False).branches():
        yield branch.name, f"tip {branch.tip}"


def _steps(bench: Bench) -> _Values:
    if bench.name is None:
        return
    for line in reversed(bench.session(write=False).lines()):
        yield str(line.step), f"{line.subject} → {line.target_new.strip()}"


def _refs(bench: Bench) -> _Values:
    yield from _branches(bench)
    yield "base", "the unedited model"
    yield from _steps(bench)


def _presets(_: Bench) -> _Values:
    from ...hparams import preset_names

    return ((name, "preset") for name in preset_names())


_SOURCES: dict[str, Callable[[Bench], _Values]] = {
    "session": _sessions,
    "branch": _branches,
    "step": _steps,
    "ref": _refs,
    "preset": _presets,
    "model": _presets,
}


def _files(prefix: str) -> _Values:
    """Files and folders that begin with `prefix`, hidden ones only where asked for."""
    folder, slash, stem = prefix.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(stem) and (stem.startswith(".") or not entry.name.startswith(".")):
            yield folder + slash + entry.name + ("/" if entry.is_dir() else ""), ""
