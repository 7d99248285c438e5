"""Completing inside an edit or a prompt: the subject in its brackets, the wording, the target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .known import prompts, subjects, targets, wordings

if TYPE_CHECKING:
    from ..bench import Bench

ARROW = "=>"

Insertion = tuple[int, str, str]
"""Where in the text something goes, what it is, and a few words beside it."""


def complete_prose(text: str, bench: Bench) -> Iterator[Insertion]:
    """What can stand at the end of an edit or a prompt that is being typed.

    Args:
        text: What is typed of it; a prompt of nothing completes to nothing.
    """
    head, bracket, rest = text.partition("[")
    if not bracket:
        return _prompt(text, bench)
    if head.endswith("\\"):
        return iter(())
    subject, closed, tail = rest.partition("]")
    if not closed:
        return _subject(head, rest, len(text), bench)
    if ARROW in tail:
        return _target(head, subject, tail, len(text), bench)
    return _wording(head, subject, tail, len(text), bench)


def _prompt(text: str, bench: Bench) -> Iterator[Insertion]:
    typed = text.lstrip()
    if typed:
        yield from _fitting(prompts(bench), typed, len(text))


def _subject(head: str, typed: str, end: int, bench: Bench) -> Iterator[Insertion]:
    known = ((f"{name}]", about) for name, about in subjects(bench, head.lstrip()))
    yield from _fitting(known, typed, end, anywhere=True)


def _wording(head: str, subject: str, tail: str, end: int, bench: Bench) -> Iterator[Insertion]:
    """What goes on behind the subject, up to the arrow."""
    found = False
    for wording, about in wordings(bench, subject):
        before, _, after = wording.partition("{}")
        whole = f"{after} {ARROW} "
        if before.casefold() == head.lstrip().casefold() and _begins(whole, tail):
            found = True
            yield end - len(tail), whole, about
    if not found and tail.strip() and not tail.rstrip().endswith("="):
        yield end - len(tail), f"{tail.rstrip()} {ARROW} ", "then what it should say"


def _target(head: str, subject: str, tail: str, end: int, bench: Bench) -> Iterator[Insertion]:
    after, _, typed = tail.rpartition(ARROW)
    typed = typed.lstrip()
    wording = f"{head.lstrip()}{{}}{after.rstrip()}"
    yield from _fitting(targets(bench, subject, wording), typed, end)


def _fitting(
    known: Iterable[tuple[str, str]], typed: str, end: int, *, anywhere: bool = False
) -> Iterator[Insertion]:
    """What begins as typed, whatever the case; and where asked, what has a word that does."""
    later: list[Insertion] = []
    for text, about in known:
        if _begins(text, typed):
            yield end - len(typed), text, about
        elif anywhere and f" {typed.casefold()}" in text.casefold():
            later.append((end - len(typed), text, about))
    yield from later


def _begins(text: str, typed: str) -> bool:
    return len(text) > len(typed) and text.casefold().startswith(typed.casefold())
