"""The full vitals of a step: those of the engine, with the whole model and earlier edits.

Owns what they are compared with (the base model's own figures, the edits of the path) and what is
sampled. What each figure means is in the docs; the verdict on them is made in `verdict`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.editor import read_key_ratio
from ...engine.probes import Health, read_health, says
from ...engine.progress import NEVER, StopFlag
from ...engine.request import EditRequest
from ...engine.rules import Rule
from ...hparams import Hparams
from ...store.records import Json
from .calibration import Search, find_calibration
from .levels import Verdict, VitalsLevel
from .verdict import foreseen, judge

if TYPE_CHECKING:
    from ..live import LiveSession
    from ..view import SessionView

IN_FORCE_SAMPLE = 32
"""At most so many earlier edits are asked again after a step, drawn anew each time."""


@dataclass(frozen=True, slots=True)
class MadeEdit:
    """An edit of the path.

    Attributes:
        step: Its number.
        request: What was asked.
        succeeded: Whether it was in force right after it was made.
    """

    step: int
    request: EditRequest
    succeeded: bool


class MadeEdits:
    """The edits of a session, read from the store once each."""

    def __init__(self, session: SessionView) -> None:
        self._session = session
        self._held: dict[int, MadeEdit] = {}

    def of(self, steps: Sequence[int]) -> list[MadeEdit]:
        """The edits of some steps, in their order."""
        return [self._edit(step) for step in steps]

    def standing(
        self, path: Sequence[int], *, sample: int | None, seed: int, newest: EditRequest | None
    ) -> list[MadeEdit]:
        """Edits of a path that succeeded and that no later one replaced.

        Args:
            path: Step numbers from the base.
            sample: Draw so many of the path first; None takes all.
            seed: Of the draw.
            newest: A request that is made on top of the path.
        """
        drawn = set(path)
        if sample is not None and len(path) > sample:
            drawn = set(random.Random(seed * 1_000_003 + len(path)).sample(path, sample))
        last = self._last_with_subject(path)
        found = []
        for step in path:
            if step in drawn:
                edit = self._edit(step)
                if edit.succeeded and not self._replaced(edit, last, newest):
                    found.append(edit)
        return found

    def _last_with_subject(self, path: Sequence[int]) -> dict[str, list[int]]:
        on_path = set(path)
        found: dict[str, list[int]] = {}
        for line in self._session.lines():
            if line.step in on_path:
                found.setdefault(line.subject, []).append(line.step)
        return found

    def _replaced(
        self, edit: MadeEdit, last: dict[str, list[int]], newest: EditRequest | None
    ) -> bool:
        later = [self._edit(n).request for n in last[edit.request.subject] if n > edit.step]
        later += [] if newest is None else [newest]
        asked = (edit.request.prompt, edit.request.subject)
        return any((other.prompt, other.subject) == asked for other in later)

    def _edit(self, step: int) -> MadeEdit:
        if step not in self._held:
            record = self._session.step(step)
            self._held[step] = MadeEdit(
                step, EditRequest.from_json(record.request), bool(record.vitals.get("efficacy"))
            )
        return self._held[step]


class FullVitals:
    """Takes the full vitals of a live session's steps.

    Args:
        live: The session; its weights carry the edit when `take` is called.
    """

    def __init__(self, live: LiveSession) -> None:
        self._live = live
        self._base: Health | None = None
        self._calibrations: dict[tuple[str, Hparams], Search] = {}
        self.edits = MadeEdits(live.session)

    def calibration(self, weight_name: str, hparams: Hparams) -> Search:
        """The calibration of a site, looked for once; `forget` has it looked for again."""
        asked = (weight_name, hparams)
        if asked not in self._calibrations:
            record = self._live.session.record
            self._calibrations[asked] = find_calibration(
                self._live.session.repository.database.path,
                record.model_sha256,
                weight_name,
                hparams.to_json(),
                identity=record.statistics is None,
            )
        return self._calibrations[asked]

    def forget(self) -> None:
        """Look for calibrations again: one was made."""
        self._calibrations.clear()

    def judge(self, vitals: Json, weight_name: str, hparams: Hparams, rule: str) -> tuple[str, str]:
        """The verdict on a step's vitals, and its reason."""
        found = self.calibration(weight_name, hparams)
        verdict, reason = judge(vitals, found.calibration, rule)
        mine = verdict is Verdict.UNCALIBRATED and found.calibration is None
        return str(verdict), found.reason if mine else reason

    def foresee(self, request: EditRequest, hparams: Hparams) -> Json:
        """What is known of an edit before it is made, where its site is calibrated: `key_ratio`,
        and `warnings` where that is out of the calibrated range.

        Raises:
            RequestError: The request can't be edited.
        """
        live, record = self._live, self._live.session.record
        weight_name = live.model.weight_name(hparams.layer)
        calibration = self.calibration(weight_name, hparams).calibration
        ranges = None if calibration is None else calibration.rules.get(record.rule)
        if ranges is None:
            return {}
        ratio = read_key_ratio(
            live.model, request, hparams, Rule(record.rule), record.contexts,
            live.moments.at(weight_name, hparams),
        )  # fmt: skip
        return {"key_ratio": ratio, "warnings": list(foreseen(ratio, ranges, record.rule))}

    def base(self, stop: StopFlag = NEVER) -> Health:
        """The unedited model's own figures, read once."""
        if self._base is None:
            with self._live.weights.at_base():
                self._base = read_health(self._live.model, stop=stop)
        return self._base

    def take(self, request: EditRequest, stop: StopFlag) -> Json:
        """The figures that the cheap vitals leave out; none where the session takes those alone.

        Raises:
            CancelledError: `stop` was set.
        """
        if self._live.watch.vitals is VitalsLevel.CHEAP:
            return {}
        found = health_json(read_health(self._live.model, stop=stop), self.base(stop))
        session = self._live.session
        path = session.history.path(session.cursor.step)
        earlier = self.edits.standing(
            path, sample=IN_FORCE_SAMPLE, seed=session.record.seed, newest=request
        )
        kept = says(self._live.model, [each.request for each in earlier], stop=stop)
        found["in_force"] = sum(kept) / len(kept) if kept else None
        found["in_force_of"] = len(kept)
        return found


def health_json(health: Health, base: Health) -> Json:
    """The figures as a step's vitals keep them, each with its ratio to the base model's."""
    return {
        "perplexity": health.perplexity,
        "perplexity_ratio": _ratio(health.perplexity, base.perplexity),
        "ngram_entropy": health.ngram_entropy,
        "entropy_ratio": _ratio(health.ngram_entropy, base.ngram_entropy),
        "word_entropy": health.word_entropy,
    }


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base
