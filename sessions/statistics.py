"""Where the second moments of a session come from: a file, the pocket model's own, those that were
collected on this machine, or nowhere.

C is read when the first edit needs it: it can be large, and neither moves nor generations do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.checkpoint import kept_path
from ..engine.loading import POCKET
from ..engine.moments import SecondMoment, load_statistics
from ..errors import StatisticsError
from ..hparams import Hparams
from ..store.records import SessionRecord
from .options import NO_STATISTICS

if TYPE_CHECKING:
    from ..engine.model import LoadedModel
    from ..store.repository import Repository

MomentSource = Callable[[str], SecondMoment | None]
"""Gives C of a weight, or None where there is none."""

_GIVE = "collect them with `stats collect`, give --stats FILE, or --stats none for C = I"


def no_moments(_: str) -> SecondMoment | None:
    """There is no C but the one that was given."""
    return None


def statistics_folder(repository: Repository) -> Path:
    """Where collected statistics are kept: beside the store."""
    return repository.database.path.parent / "statistics"


def choose_moment(
    model: LoadedModel,
    hparams: Hparams,
    weight_name: str,
    stats: str | None,
    folder: Path | None = None,
) -> SecondMoment:
    """C for a new session's site.

    Args:
        stats: A file, "none" for C = I, or None for what ships with the model or was collected.
        folder: Where collected statistics are kept.

    Raises:
        StatisticsError: The file is missing or doesn't fit; there is none for the site.
    """
    if stats == NO_STATISTICS or (stats is None and not hparams.mom2_adjustment):
        return SecondMoment.identity(_width(model, weight_name))
    if stats is not None:
        return _read(model, weight_name, Path(stats).expanduser().resolve(), hparams.mom2_ridge)
    found = found_path(model, weight_name, folder)
    if found is None:
        raise StatisticsError(
            f"there are no second moments for {model.name} at {weight_name}", _GIVE
        )
    return _read(model, weight_name, found, hparams.mom2_ridge)


def found_path(model: LoadedModel, weight_name: str, folder: Path | None) -> Path | None:
    """The file of second moments that ships with the model, else one that was collected."""
    shipped = shipped_path(model, weight_name)
    if shipped is not None or folder is None:
        return shipped
    kept = kept_path(folder, model.model_sha256, weight_name)
    return kept if kept.is_file() else None


def shipped_path(model: LoadedModel, weight_name: str) -> Path | None:
    """The file of second moments that comes with the model for a weight, if there is one."""
    if model.name != POCKET:
        return None
    from ..engine.pocket import moments_path

    path = moments_path(weight_name)
    return path if path.is_file() else None


class SiteMoments:
    """C of every site that a session edits, each found once.

    Args:
        record: The session.
        model: Its model.
        given: C of the session's own site, where it is at hand.
        source: Gives C where it is not.

    Attributes:
        source: Gives C of a weight, or None where there is none.
    """

    def __init__(
        self,
        record: SessionRecord,
        model: LoadedModel,
        given: SecondMoment | None,
        source: MomentSource,
    ) -> None:
        self.source = source
        self._record = record
        self._model = model
        self._found: dict[tuple[str, float], SecondMoment] = {}
        if given is not None:
            self._found[record.weight_name, given.ridge] = given

    def at(self, weight_name: str, hparams: Hparams) -> SecondMoment:
        """C of a site, under the hyperparameters' ridge; the identity where the session uses none.

        Raises:
            StatisticsError: The session uses C, and there is none for this site.
        """
        if self._record.statistics is None or not hparams.mom2_adjustment:
            return SecondMoment.identity(_width(self._model, weight_name))
        key = (weight_name, hparams.mom2_ridge)
        if key not in self._found:
            self._found[key] = self._find(weight_name).with_ridge(hparams.mom2_ridge)
        return self._found[key]

    def _find(self, weight_name: str) -> SecondMoment:
        held = next((c for (name, _), c in self._found.items() if name == weight_name), None)
        found = held if held is not None else self.source(weight_name)
        if found is None:
            raise StatisticsError(
                f"there are no second moments for {weight_name}: those of session "
                f"{self._record.name!r} are of {self._record.weight_name}",
                "make a session at that layer with --stats FILE, or with --stats none for C = I",
            )
        return found


class RecordedMoments:
    """C for the sites of a session: its own as it was recorded, others from what is there.

    Args:
        record: The session.
        model: Its model.
        stats: A file to read C from, where it no longer lies where it did.
        folder: Where collected statistics are kept.
    """

    def __init__(
        self,
        record: SessionRecord,
        model: LoadedModel,
        stats: str | None = None,
        folder: Path | None = None,
    ) -> None:
        self._record = record
        self._model = model
        self._stats = stats
        self._folder = folder

    def __call__(self, weight_name: str) -> SecondMoment | None:
        """C of a weight; None where there is none.

        Raises:
            StatisticsError: The recorded file is gone, or is another.
        """
        if self._record.statistics is None:
            return None
        if weight_name != self._record.weight_name:
            found = found_path(self._model, weight_name, self._folder)
            return None if found is None else _read(self._model, weight_name, found, 0.0)
        moment = _read(self._model, weight_name, self._path(), 0.0)
        recorded = self._record.statistics.get("sha256")
        found = (moment.provenance or {}).get("sha256")
        if recorded is not None and recorded != found:
            raise StatisticsError(
                f"the second moments at {self._path()} are not those of session "
                f"{self._record.name!r}: their SHA-256 was {recorded} and is {found}",
                "give --stats with the file the session was made with",
            )
        return moment

    def _path(self) -> Path:
        if self._stats is not None:
            return Path(self._stats).expanduser().resolve()
        shipped = shipped_path(self._model, self._record.weight_name)
        if shipped is not None:
            return shipped
        recorded = (self._record.statistics or {}).get("path")
        if not recorded or not Path(recorded).is_file():
            kept = found_path(self._model, self._record.weight_name, self._folder)
            if kept is not None:
                return kept
            raise StatisticsError(
                f"the second moments of session {self._record.name!r} are not at {recorded}",
                "give --stats with the file the session was made with",
            )
        return Path(recorded)


def _read(model: LoadedModel, weight_name: str, path: Path, ridge: float) -> SecondMoment:
    """C from a file, with the file's place in its provenance unless it ships with romebench."""
    moment = load_statistics(
        path,
        d_in=_width(model, weight_name),
        weight_name=weight_name,
        ridge=ridge,
        model_sha256=model.model_sha256,
    )
    if path == shipped_path(model, weight_name):
        return moment
    return replace(moment, provenance={**(moment.provenance or {}), "path": str(path)})


def _width(model: LoadedModel, weight_name: str) -> int:
    return int(model.linear_view(weight_name).shape[1])
