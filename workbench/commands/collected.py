"""What the statistics commands and the layer sweep give back. Cheap to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...store.records import Json
from .results import Result


@dataclass(frozen=True, slots=True)
class StatisticsFile:
    """One file of second moments.

    Attributes:
        d_in: Width of the keys.
        tokens: Keys it is the mean over; None where the file doesn't say.
        about: All that the file says of itself.
    """

    path: str
    weight_name: str
    d_in: int
    tokens: int | None
    model: str
    dataset: str
    about: Json


@dataclass(frozen=True, slots=True)
class StatsWritten(Result):
    """Statistics that were collected or imported.

    Attributes:
        tokens: Keys in them.
        convergence: ‖C − C′‖/‖C‖ at the last doubling; None where it isn't known.
        resumed_at: Keys that an earlier, unfinished run had collected.
        exhausted: The text ended before the wanted number of tokens.
        elapsed_s: Seconds of this run.
        tokens_per_s: Its speed.
        peak_bytes: Most memory the process has held; 0 where the system doesn't tell.
    """

    kind: ClassVar[str] = "statistics-written"
    model: str
    dataset: str
    tokens: int | None
    convergence: float | None
    files: tuple[StatisticsFile, ...]
    resumed_at: int = 0
    exhausted: bool = False
    elapsed_s: float = 0.0
    tokens_per_s: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StatsList(Result):
    """The statistics that are kept on this machine."""

    kind: ClassVar[str] = "statistics-list"
    table: ClassVar[str] = "files"
    folder: str
    files: tuple[StatisticsFile, ...]


@dataclass(frozen=True, slots=True)
class RidgeLine:
    """How C is conditioned under a ridge. `condition` is None where it can't be solved."""

    ridge: float
    condition: float | None
    smallest: float | None
    largest: float
    effective_rank: float


@dataclass(frozen=True, slots=True)
class StatsShown(Result):
    """One statistics file, and how well it can be solved."""

    kind: ClassVar[str] = "statistics"
    table: ClassVar[str] = "conditioning"
    file: StatisticsFile
    conditioning: tuple[RidgeLine, ...]


@dataclass(frozen=True, slots=True)
class LayerLine:
    """A layer's scores; see `engine.sweep.LayerScore`. Shares are of 1."""

    layer: int
    efficacy: float
    paraphrase: float | None
    neighborhood: float | None
    score: float
    prob_new: float
    delta_ratio: float
    identity: bool
    failed: int


@dataclass(frozen=True, slots=True)
class LayersSwept(Result):
    """Every layer, scored on a request file.

    Attributes:
        default_layer: The layer that the hyperparameters name.
        best: The layer with the highest score (of equal ones, the surer of its targets).
    """

    kind: ClassVar[str] = "layers"
    table: ClassVar[str] = "layers"
    model: str
    rule: str
    requests: int
    layers: tuple[LayerLine, ...]
    default_layer: int
    best: int
    elapsed_s: float
