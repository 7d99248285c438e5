"""What is known of facts, so that edits and prompts can be completed: subjects, wordings, targets.

Three sources, the nearest first: the session's steps, its queue, and the world that the embedded
model was trained on. Reads the store, never the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.request import EditRequest

if TYPE_CHECKING:
    from ...engine.pocket import World
    from ..bench import Bench

POCKET = "pocket"

_RECENT = 40
"""Steps whose wording is looked up; a list of thousands would be read at every key."""

Offers = Iterator[tuple[str, str]]
"""Texts that can be put in, each with a few words beside it."""


def subjects(bench: Bench, head: str = "") -> Offers:
    """Subjects, those of the newest steps first.

    Args:
        head: What stands before the subject; the world's subjects must fit it.
    """
    session = _session(bench)
    seen: set[str] = set()
    for subject, about in _chained(_of_steps(session), _of_queue(session), _of_world(bench, head)):
        if subject not in seen:
            seen.add(subject)
            yield subject, about


def wordings(bench: Bench, subject: str) -> Offers:
    """Prompt templates with `{}` that ask something of a subject."""
    seen: set[str] = set()
    for request in _requests(bench, subject):
        if request.prompt not in seen:
            seen.add(request.prompt)
            yield request.prompt, f"⇒ {request.target_new.strip()}"
    world = _world_of(bench)
    for fact in world.by_subject.get(subject, ()) if world else ():
        if fact.prompt not in seen:
            yield fact.prompt, f"is {fact.object}"


def targets(bench: Bench, subject: str, wording: str) -> Offers:
    """What a subject was, or could be, said to have: the objects of the same relation."""
    seen: set[str] = set()
    for request in _requests(bench, subject):
        target = request.target_new.strip()
        if request.prompt == wording and target not in seen:
            seen.add(target)
            yield target, "edited before"
    world = _world_of(bench)
    for fact in world.by_subject.get(subject, ()) if world else ():
        if world and fact.prompt == wording:
            for found in world.objects_of(fact.relation):
                if found not in seen:
                    yield found, "true" if found == fact.object else ""


def prompts(bench: Bench) -> Offers:
    """Whole prompts with their subjects: those of steps, then those of the world."""
    edited = {each.text: f"edited: {each.target_new.strip()}" for each in _requests(bench)}
    yield from edited.items()
    world = _world_of(bench)
    for fact in world.facts if world else ():
        text = fact.prompt.replace("{}", fact.subject)
        if text not in edited:
            yield text, fact.relation.replace("_", " ")


def layers(bench: Bench) -> Offers:
    """The layers of the model: of the one in memory, else by the folder it lies in."""
    session = _session(bench)
    count = getattr(bench, "n_layers", None)
    record = getattr(session, "record", None)
    if count is None:
        count = _configured(POCKET if record is None else record.model)
    edited = () if record is None else record.hparams.get("layers", ())
    for layer in range(count or 0):
        yield str(layer), "the session's site" if layer in edited else f"of {count}"


def _configured(model: str) -> int | None:
    """How many layers the configuration in a model's folder says; None where none is at hand."""
    from ...engine.pocket import model_path

    path = (model_path() if model == POCKET else Path(model)) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    counts = (config.get(key) for key in _LAYER_KEYS) if isinstance(config, dict) else ()
    return next((count for count in counts if isinstance(count, int)), None)


_LAYER_KEYS = ("n_layer", "num_hidden_layers", "num_layers", "n_layers")


def _chained(*sources: Iterable[tuple[str, str]]) -> Offers:
    for source in sources:
        yield from source


def _session(bench: Bench) -> Any:
    return None if bench.name is None else bench.session(write=False)


def _of_steps(session: Any) -> Offers:
    for line in reversed(_told(session, "lines")):
        yield line.subject, f"step {line.step} → {line.target_new.strip()}"


def _of_queue(session: Any) -> Offers:
    for entry in _told(session, "queue"):
        if entry.status == "pending":
            yield str(entry.request.get("subject", "")), "queued"


def _of_world(bench: Bench, head: str) -> Offers:
    world = _world_of(bench)
    for fact in world.facts if world else ():
        if fact.prompt.partition("{}")[0].casefold() == head.casefold():
            yield fact.subject, fact.kind.replace("_", " ")


def _requests(bench: Bench, subject: str | None = None) -> Iterator[EditRequest]:
    """Requests of the newest steps, of one subject or of all."""
    session = _session(bench)
    read: Callable[[int], Any] | None = getattr(session, "step", None)
    if read is None:
        return
    lines = [line for line in reversed(_told(session, "lines")) if subject in (None, line.subject)]
    for line in lines[:_RECENT]:
        yield EditRequest.from_json(read(line.step).request)


def _told(session: Any, what: str) -> list[Any]:
    """What a session tells; a picture of one, as the TUI completes from, need not tell all."""
    tell = getattr(session, what, None)
    return list(tell()) if tell is not None else []


def _world_of(bench: Bench) -> World | None:
    """The embedded model's world where that is what is edited, or will be."""
    session = _session(bench)
    if session is None:
        return _world()
    record = getattr(session, "record", None)
    return _world() if record is not None and record.model == POCKET else None


@cache
def _world() -> World:
    from ...engine.pocket import load_world

    return load_world()
