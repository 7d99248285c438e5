"""Reading a session's stored deltas as tensors, some at a time. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..engine.delta import Delta
from ..engine.stored import read_delta
from ..store.records import DeltaRecord

if TYPE_CHECKING:
    from ..store.repository import Repository

_AHEAD = 64
"""Deltas read in one query: moves go along a path, so the next ones are wanted next."""


class DeltaLoader:
    """Gives the deltas of one path by step number.

    Args:
        repository: The store.
        session_id: The session.
        path: The steps that may be asked for, in the order they will mostly be.
    """

    def __init__(self, repository: Repository, session_id: int, path: Sequence[int]) -> None:
        self._repository = repository
        self._session_id = session_id
        self._path = path
        self._places = {step: place for place, step in enumerate(path)}
        self._held: dict[int, DeltaRecord] = {}

    def __call__(self, step: int) -> Delta:
        """The delta of a step.

        Raises:
            StoreError: It is missing or damaged.
        """
        if step not in self._held:
            place = self._places.get(step)
            wanted = [step] if place is None else self._path[place : place + _AHEAD]
            found = self._repository.deltas(self._session_id, wanted)
            self._held = {record.step: record for record in found}
        record = self._held[step]
        return read_delta(record.weight_name, record.data)
