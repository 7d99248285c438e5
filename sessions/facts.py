"""Files of known facts, and the file of cases that lets a long average be taken up again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.average import Average, Case, Fact, trace_facts
from ..engine.noise import noise_source
from ..engine.progress import NEVER, ProgressSink, StopFlag, ignore
from ..engine.request import EditRequest
from ..engine.trace import TraceSettings
from ..errors import FileFormatError, StoreError
from ..store.records import Json
from .inspection import CURSOR, Reading, as_json, weights_at
from .memory import named_memory
from .requests import find_requests, read_records

if TYPE_CHECKING:
    from .live import LiveSession


def read_facts(path: Path) -> list[Fact]:
    """Facts of a file: kmeng01/rome's known facts, or requests in any shape (their true targets).

    Raises:
        FileFormatError: The file can't be read or a record is malformed; names file and line.
    """
    records = list(read_records(path))
    if not records or not isinstance(records[0][1], dict) or "attribute" not in records[0][1]:
        return [_asked(found.request) for found in find_requests(path)]
    return [_known(path, line, record) for line, record in records]


def _asked(request: EditRequest) -> Fact:
    answer, start = request.target_true, request.prompt.index("{}")
    return Fact(_key(request.text, answer), request.text, request.subject, answer, start)


def _key(prompt: str, answer: str | None) -> str:
    """What a fact says: files number their records in many ways, or not at all."""
    return f"{prompt} => {answer or '?'}"


def _known(path: Path, line: int, record: Any) -> Fact:
    try:
        prompt, subject = record["prompt"], record["subject"]
        if not (isinstance(prompt, str) and isinstance(subject, str) and subject in prompt):
            raise FileFormatError(
                f"{path}:{line}: the subject {subject!r} is not in the prompt {prompt!r}",
                "a fact has its subject in its prompt, as text",
            )
        answer = str(record["attribute"])
        return Fact(_key(prompt, answer), prompt, subject, answer)
    except (KeyError, TypeError, AttributeError) as error:
        raise FileFormatError(
            f"{path}:{line}: not a known fact (missing {error})",
            "a fact has prompt, subject and attribute",
        ) from None


@contextmanager
def case_file(
    path: Path | None, header: Json
) -> Iterator[tuple[dict[str, Case], Callable[[Case], None]]]:
    """Cases that are in the file, and what adds one to it, a line each.

    Args:
        path: None keeps nothing.
        header: What the cases depend on: weights, kind, window, noise, samples.

    Raises:
        FileFormatError: The file holds something else, or cases of another header.
        StoreError: It can't be written.
    """
    if path is None:
        yield {}, lambda _: None
        return
    done = _read_cases(path, header) if path.exists() else {}
    try:
        with path.open("a", encoding="utf-8") as file:
            if not file.tell():
                file.write(json.dumps({"type": "trace-cases", **header}) + "\n")

            def add(case: Case) -> None:
                file.write(json.dumps(as_json(case)) + "\n")
                file.flush()

            yield done, add
    except OSError as error:
        raise StoreError(f"can't write {path}: {error.strerror or error}", "make room") from error


def _read_cases(path: Path, header: Json) -> dict[str, Case]:
    lines = _lines(path)
    first = {"type": "trace-cases", **header}
    if not lines:
        return {}
    if lines[0] != json.loads(json.dumps(first)):
        raise FileFormatError(
            f"{path} holds cases of other weights or settings", "name another file for the cases"
        )
    try:
        return {case.key: case for case in map(Case.from_json, lines[1:])}
    except (TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(f"{path} holds something else ({error})", "name another") from None


def _lines(path: Path) -> Sequence[Any]:
    """The lines that are whole: a process that died may have left half of one, which goes."""
    found: list[Any] = []
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileFormatError(
            f"can't read {path}: {error.strerror or error}", "name another"
        ) from None
    whole = data[: data.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            found.append(json.loads(line))
        except ValueError:
            raise FileFormatError(f"{path}:{number}: not JSON", "name another file") from None
    if len(whole) < len(data):
        with path.open("rb+") as file:
            file.truncate(len(whole))
    return found


def take_average(
    live: LiveSession,
    facts: Sequence[Fact],
    settings: TraceSettings,
    *,
    at: int | str = CURSOR,
    limit: int | None = None,
    cases: Path | None = None,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
) -> Reading[Average]:
    """Average indirect effects over facts at a step.

    The noise is scaled by the embeddings of all the facts' subjects, as published.

    Args:
        limit: Trace only the first so many; the noise is that of all facts.
        cases: A file that keeps each fact as it is traced; the same call goes on from it.

    Raises:
        FileFormatError: `cases` holds something else.
        RequestError: A fact's prompt is too long.
        CancelledError: `stop` was set; what `cases` holds stands.
    """
    began = time.perf_counter()
    with weights_at(live, at, progress, stop) as step, named_memory("the traces"):
        source = noise_source(live.model, settings.noise, [fact.subject for fact in facts])
        header = as_json(
            {
                "weight_sha256": live.session.weight_sha256_at(step),
                "model_sha256": live.session.record.model_sha256,
                "kind": settings.kind,
                "window": settings.window,
                "severed": settings.severed,
                "samples": settings.samples,
                "noise": source.to_json(),
            }
        )
        with case_file(cases, header) as (done, add):
            found = trace_facts(
                live.model, facts[:limit], settings, source,
                done=done, on_case=add, progress=progress, stop=stop,
            )  # fmt: skip
    return Reading(step, found, time.perf_counter() - began)
