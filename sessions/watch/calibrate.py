"""Making a calibration: single edits from the base, each written by every rule and measured.

One optimised value serves all rules: they differ in how it is written, not in what. The session's
weights and history are afterwards as they were.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...engine.editor import compute_edit, delta_under
from ...engine.probes import read_health, says
from ...engine.progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore
from ...engine.request import EditRequest
from ...engine.rules import Rule
from ...engine.weights import EditedWeights
from ...errors import EditError, RequestError, UsageError
from ...store.records import Json
from ..memory import named_memory
from ..provenance import versions
from .calibration import FIGURES, Calibration, Range
from .vitals import health_json

if TYPE_CHECKING:
    from ..live import LiveSession

FEWEST = 10
"""Fewer single edits than this say nothing of a 5 % quantile."""

OnEdit = Callable[[EditRequest, Rule, Json], None]
"""Is told of each edit that was measured: the request, the rule, its figures."""


def calibrate(
    live: LiveSession,
    requests: Sequence[EditRequest],
    *,
    source: str,
    rules: Sequence[Rule] = tuple(Rule),
    seed: int = 0,
    progress: ProgressSink = ignore,
    stop: StopFlag = NEVER,
    on_edit: OnEdit | None = None,
) -> Calibration:
    """Find the normal range of single edits at the session's site.

    Args:
        requests: What is edited, each alone.
        source: What the provenance calls them.
        rules: The rules that are calibrated.
        seed: Of the draw that gave the requests, for the record.

    Raises:
        UsageError: There are too few requests, or too few could be edited.
        CancelledError: `stop` was set; nothing was kept.
    """
    if len(requests) < FEWEST:
        raise UsageError(
            f"{len(requests)} requests are too few to calibrate on",
            f"give {FEWEST} at least; 50 and more are better",
        )
    live.settle()
    with live.weights.at_base(), named_memory("the calibration"):
        single = _Singles(live, rules)
        try:
            single.measure(requests, progress, stop, on_edit)
        finally:
            single.weights.goto((), live.loader(()))
    ranges = single.ranges()
    record = live.session.record
    return Calibration(
        model=record.model,
        model_sha256=record.model_sha256,
        weight_name=record.weight_name,
        identity=record.statistics is None,
        hparams=record.hparams,
        source={
            "name": source,
            "requests": len(requests),
            "sha256": requests_sha256(requests),
            "seed": seed,
        },
        base=asdict(single.base),
        rules=ranges,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(),
    )


def requests_sha256(requests: Sequence[EditRequest]) -> str:
    """SHA-256 over the requests in their order."""
    text = json.dumps([each.to_json() for each in requests], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class _Singles:
    """Single edits on the base, and what they did. The live weights are the base's inside."""

    def __init__(self, live: LiveSession, rules: Sequence[Rule]) -> None:
        self.live = live
        self.rules = rules
        self.weights = EditedWeights(live.model)
        self.base = read_health(live.model)
        self.found: dict[Rule, list[Json]] = {rule: [] for rule in rules}

    def measure(
        self,
        requests: Sequence[EditRequest],
        progress: ProgressSink,
        stop: StopFlag,
        on_edit: OnEdit | None,
    ) -> None:
        """Take one request after the other; those that can't be edited are left out."""
        for done, request in enumerate(requests):
            check(stop, "the calibration")
            progress(Progress("calibrating", done, len(requests), request.subject))
            try:
                taken = self._take(request, stop)
            except (RequestError, EditError):
                continue
            for rule, figures in taken.items():
                self.found[rule].append(figures)
                if on_edit is not None:
                    on_edit(request, rule, figures)
        progress(Progress("calibrating", len(requests), len(requests)))

    def _take(self, request: EditRequest, stop: StopFlag) -> dict[Rule, Json]:
        live, record = self.live, self.live.session.record
        moment = live.moments.at(record.weight_name, live.hparams)
        self.weights.goto((), live.loader(()))
        edit = compute_edit(
            live.model, request, live.hparams, self.rules[0], record.contexts, moment, stop=stop
        )
        taken: dict[Rule, Json] = {}
        for rule in self.rules:
            delta, key_ratio = delta_under(edit, rule, moment)
            self.weights.goto((), live.loader(()))
            self.weights.apply(1, delta)
            taken[rule] = {
                "delta_ratio": delta.frobenius() / self.weights.base_norm(record.weight_name),
                "key_ratio": key_ratio,
                "efficacy": float(says(live.model, [request])[0]),
                **health_json(read_health(live.model, stop=stop), self.base),
            }
        return taken

    def ranges(self) -> dict[str, dict[str, Range]]:
        """The ranges of every rule.

        Raises:
            UsageError: Too few edits gave finite figures.
        """
        out: dict[str, dict[str, Range]] = {}
        for rule, lines in self.found.items():
            whole = [line for line in lines if all(line[name] is not None for name in FIGURES)]
            if len(whole) < FEWEST:
                raise UsageError(
                    f"only {len(whole)} requests could be edited with {rule}",
                    f"{FEWEST} at least are needed; are they of this model?",
                )
            names = (*FIGURES, "efficacy")
            out[str(rule)] = {name: Range.of([line[name] for line in whole]) for name in names}
        return out


def draw(requests: Sequence[EditRequest], count: int | None, seed: int) -> list[EditRequest]:
    """So many of the requests, drawn with a seed; all of them in order for None."""
    if count is None or count >= len(requests):
        return list(requests)
    return random.Random(seed).sample(list(requests), count)
