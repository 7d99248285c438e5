"""Outcomes about models and hyperparameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....store.records import Json
from .base import Result


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A model in a list. `preset`: the hparams preset that fits it, if any."""

    name: str
    about: str
    preset: str | None


@dataclass(frozen=True, slots=True)
class ModelList(Result):
    """The models romebench knows by name, and the architectures it can edit."""

    kind: ClassVar[str] = "models"
    table: ClassVar[str] = "models"
    models: tuple[ModelLine, ...]
    architectures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialEdit:
    """An edit that was computed, checked and taken back; see `engine.trial.Trial`."""

    weight_name: str
    rule: str
    residual: float
    agreement: float | None
    restored: bool
    prob_before: float
    prob_after: float
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class ModelShown(Result):
    """A model: where its weights lie, what it is, and how it is edited.

    Attributes:
        path: Folder the weights lie in.
        d_in: Width of a key.
        d_out: Width of a value.
        sites: The projections that can be edited, by weight name.
        facts: What the adapter knows of the architecture.
        probed: The adapter was found by structure, not looked up.
        trial: What a trial edit showed, where one was made.
    """

    kind: ClassVar[str] = "model"
    name: str
    revision: str | None
    path: str
    model_type: str
    parameters: int
    n_layers: int
    d_in: int
    d_out: int
    max_positions: int | None
    dtype: str
    device: str
    model_sha256: str
    tokenizer_sha256: str
    preset: str | None
    sites: tuple[str, ...]
    facts: Json
    probed: bool
    trial: TrialEdit | None = None


@dataclass(frozen=True, slots=True)
class HparamsLine:
    """A preset in a list. `mom2_adjustment`: uses C (C = I without it)."""

    name: str
    layer: int
    v_num_grad_steps: int
    mom2_adjustment: bool


@dataclass(frozen=True, slots=True)
class HparamsList(Result):
    """The hyperparameter presets."""

    kind: ClassVar[str] = "hparams-list"
    table: ClassVar[str] = "presets"
    presets: tuple[HparamsLine, ...]


@dataclass(frozen=True, slots=True)
class HparamsShown(Result):
    """Hyperparameters, in the field's own JSON keys."""

    kind: ClassVar[str] = "hparams"
    name: str
    values: Json
