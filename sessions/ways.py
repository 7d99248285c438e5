"""What a step is made with: a rule of ROME with its hyperparameters, or another method.

One entry for each kind; everything else asks a way for its name, its weight and its edit. A step's
record says which way it was: `recorded_way` reads that back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..engine.editor import compute_edit
from ..engine.methods.finetune import fine_tune, tuned_weight
from ..engine.rules import Rule
from ..hparams import Hparams
from ..hparams.finetune import Baseline, FineTuneHparams, fine_tune_preset, read_fine_tune
from .watch.levels import Verdict
from .watch.verdict import judge

if TYPE_CHECKING:
    from ..engine.edit import ComputedEdit
    from ..engine.model import LoadedModel
    from ..engine.progress import ProgressSink, StopFlag
    from ..engine.request import EditRequest
    from ..store.records import Json, StepRecord
    from .live import LiveSession


class Way(Protocol):
    """A way to make an edit, decided to its last hyperparameter."""

    @property
    def name(self) -> str:
        """What the step's record calls it: "r-rome", "ft"."""
        ...

    @property
    def layer(self) -> int:
        """The block that is edited."""
        ...

    def to_json(self) -> Json:
        """Its hyperparameters, in the published keys."""
        ...

    def weight_name(self, model: LoadedModel) -> str:
        """The weight that is edited.

        Raises:
            RomebenchError: The model has no such place.
        """
        ...

    def compute(
        self, live: LiveSession, request: EditRequest, progress: ProgressSink, stop: StopFlag
    ) -> ComputedEdit:
        """Compute the edit on the live weights, which are only read."""
        ...

    def judge(self, live: LiveSession, vitals: Json, weight_name: str) -> tuple[str, str]:
        """The verdict on a step's vitals, and its reason."""
        ...


@dataclass(frozen=True, slots=True)
class RankOne:
    """A rule of ROME."""

    rule: Rule
    hparams: Hparams

    @property
    def name(self) -> str:
        """The rule's."""
        return str(self.rule)

    @property
    def layer(self) -> int:
        """The block that is edited."""
        return self.hparams.layer

    def to_json(self) -> Json:
        """The hyperparameters."""
        return self.hparams.to_json()

    def weight_name(self, model: LoadedModel) -> str:
        """The MLP's second projection."""
        return model.weight_name(self.hparams.layer)

    def compute(
        self, live: LiveSession, request: EditRequest, progress: ProgressSink, stop: StopFlag
    ) -> ComputedEdit:
        """The value optimised, and written by the rule."""
        moment = live.moments.at(self.weight_name(live.model), self.hparams)
        return compute_edit(
            live.model, request, self.hparams, self.rule, live.session.record.contexts, moment,
            progress=progress, stop=stop,
        )  # fmt: skip

    def judge(self, live: LiveSession, vitals: Json, weight_name: str) -> tuple[str, str]:
        """By the calibration of the site, where there is one."""
        return live.vitals.judge(vitals, weight_name, self.hparams, self.name)


@dataclass(frozen=True, slots=True)
class FineTune:
    """A fine-tuning baseline."""

    baseline: Baseline
    hparams: FineTuneHparams

    @property
    def name(self) -> str:
        """The baseline's."""
        return str(self.baseline)

    @property
    def layer(self) -> int:
        """The block that is trained."""
        return self.hparams.layers[0]

    def to_json(self) -> Json:
        """The hyperparameters."""
        return self.hparams.to_json()

    def weight_name(self, model: LoadedModel) -> str:
        """The projection that the hyperparameters name."""
        return tuned_weight(model, self.hparams)

    def compute(
        self, live: LiveSession, request: EditRequest, progress: ProgressSink, stop: StopFlag
    ) -> ComputedEdit:
        """Trained on the request."""
        return fine_tune(live.model, request, self.hparams, progress=progress, stop=stop)

    def judge(self, live: LiveSession, vitals: Json, weight_name: str) -> tuple[str, str]:
        """By what is measured of the model; a calibration is of single edits by a rule."""
        verdict, reason = judge(vitals, None, self.name)
        if verdict is Verdict.UNCALIBRATED:
            reason = f"no calibration covers {self.name}: its figures are for reading"
        return str(verdict), reason


def find_method(name: str, hparams: str | None, model: str) -> FineTune:
    """A method with the hyperparameters of a file, else with those published for a model.

    Raises:
        HparamsError: Nothing is published for the model; a key is wrong.
        FileFormatError: The file can't be read.
    """
    baseline = Baseline(name)
    if hparams is not None:
        return FineTune(baseline, read_fine_tune(Path(hparams)))
    return FineTune(baseline, fine_tune_preset(baseline, model))


def recorded_way(step: StepRecord) -> Way:
    """The way a step was made.

    Raises:
        HparamsError: Its hyperparameters are damaged.
    """
    if step.rule in tuple(Baseline):
        return FineTune(Baseline(step.rule), FineTuneHparams.from_json(step.hparams))
    return RankOne(Rule(step.rule), Hparams.from_json(step.hparams))
