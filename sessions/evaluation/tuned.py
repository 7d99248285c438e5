"""Cases taken by a baseline, whose edits are dense and so never stored.

What is stored of a case is its result with the hash of the parameters it left. A sequential run
that goes on makes its edits again and compares every hash; from base there is nothing to make
again. The live model is put back to the bit after each case, or at the end of the run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...engine.methods.dense import DenseEdits
from ...engine.methods.finetune import fine_tune
from ...engine.progress import Progress, ProgressSink, StopFlag, check
from ...errors import ModelError
from ...hparams.finetune import FineTuneHparams
from ...store.records import BASE, Json, MeasurementRecord
from ..memory import named_memory
from .cases import EvalCase
from .outcomes import CASE, Outcomes
from .plan import Mode
from .runner import case_json, headline
from .scoring import Scorer

if TYPE_CHECKING:
    from ..live import LiveSession


class TunedTaker:
    """Takes cases with a fine-tuning baseline.

    Args:
        live: The session, at the base.
        scorer: Measures a case.
        hparams: Of the baseline.
    """

    def __init__(self, live: LiveSession, scorer: Scorer, hparams: FineTuneHparams) -> None:
        self._live = live
        self._scorer = scorer
        self._hparams = hparams
        self._edits = DenseEdits(live.model)

    @contextmanager
    def working(
        self,
        outcomes: Outcomes | None,
        cases: Sequence[EvalCase],
        progress: ProgressSink,
        stop: StopFlag,
    ) -> Iterator[None]:
        """The model carries the run's edits inside, and is the unedited one afterwards.

        Args:
            outcomes: What the run has come to already.
            cases: Its cases.

        Raises:
            ModelError: An edit made again gives other weights than it gave.
        """
        self._live.settle()
        try:
            if outcomes is not None and self._scorer.plan.mode is Mode.SEQUENTIAL:
                self._again(outcomes, cases, progress, stop)
            yield
        finally:
            self._edits.restore()

    def take(self, case: EvalCase, stop: StopFlag) -> tuple[Json, None]:
        """Edit, measure, commit; from base, the model is put back."""
        check(stop, "the evaluation")
        plan, session = self._scorer.plan, self._live.session
        try:
            with self._edits.trial(), named_memory("the edit"):
                result = self._measured(case, stop)
                session.repository.add_measurement(
                    session.record.id,
                    MeasurementRecord(BASE, CASE, headline(result["post"]), result),
                    command=f"eval {plan.dataset}",
                    params={"case_id": case.case_id, "method": plan.method},
                    elapsed_s=result["time"],
                )
        finally:
            if plan.mode is Mode.BASE:
                self._edits.restore()
        return result, None

    def _measured(self, case: EvalCase, stop: StopFlag) -> Json:
        model = self._live.model
        with self._edits.at_base():
            before = self._scorer.score(model, case, stop=stop)
        began = time.perf_counter()
        delta = fine_tune(model, case.request, self._hparams, stop=stop)
        self._edits.apply(delta)
        elapsed_s = time.perf_counter() - began
        after = self._scorer.score(model, case, stop=stop)
        result = case_json(case, elapsed_s, before.figures, after.figures)
        result["distance_from_original"] = self._edits.distances()
        result["losses"] = list(delta.losses)
        result["weight_sha256"] = self._edits.sha256()
        return result

    def _again(
        self, outcomes: Outcomes, cases: Sequence[EvalCase], progress: ProgressSink, stop: StopFlag
    ) -> None:
        """Make the edits of a sequential run again, and compare where each ends."""
        by_id = {case.case_id: case for case in cases}
        for done, (case_id, result) in enumerate(outcomes.cases.items()):
            progress(Progress("making the edits again", done, len(outcomes.cases)))
            delta = fine_tune(self._live.model, by_id[case_id].request, self._hparams, stop=stop)
            self._edits.apply(delta)
            if self._edits.sha256() != result["weight_sha256"]:
                raise ModelError(
                    f"made again, the edit of case {case_id} gives other weights",
                    "fine-tuning differs between machines and numbers of threads; go on where the "
                    "run began, or begin anew with another --name",
                )
