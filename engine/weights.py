"""The edited weights as a function of the history: base plus the path's deltas, to the bit.

Each edited weight has a master in fp32 (fp64 for fp64 models) in Linear orientation; the live
weight is the master cast down. A state is reached by adding deltas to the base in order, or to a
checkpoint of a shorter stretch of the same path: the same sums in the same order, so the same
bits. Nothing is ever subtracted (that is not exact).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..errors import EditError
from .delta import RankOneDelta, add_in_place
from .fingerprint import weight_sha256
from .model import LoadedModel
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore

CHECKPOINT_BYTES = 96 << 20
"""Memory that checkpoints of one weight may take together; two are always kept."""

PathStep = tuple[int, str]
"""A step of a path: its number and the weight it edits."""


@dataclass(eq=False)
class _Master:
    """One edited weight: base, current sum, and checkpoints along its path."""

    base: Tensor
    current: Tensor
    path: list[int] = field(default_factory=list)
    checkpoints: dict[int, Tensor] = field(default_factory=dict)

    def room(self) -> int:
        """How many checkpoints may be kept."""
        return max(2, CHECKPOINT_BYTES // (self.base.numel() * self.base.element_size()))

    def add(self, step: int, delta: RankOneDelta) -> None:
        """Go one step on."""
        add_in_place(self.current, delta)
        self.path.append(step)

    def keep(self) -> None:
        """Checkpoint the current state, and thin the others out where there are too many."""
        depth = len(self.path)
        if depth and depth not in self.checkpoints:
            self.checkpoints[depth] = self.current.cpu().clone()
        while len(self.checkpoints) > self.room():
            del self.checkpoints[self._least_useful()]

    def _least_useful(self) -> int:
        """The checkpoint whose loss costs least: dense near the tip, where undo goes, sparse far
        from it (the gap it leaves, weighed by its distance from the tip)."""
        depths = sorted(self.checkpoints)
        tip = len(self.path) + 1
        gaps = zip([0, *depths], depths[:-1], depths[1:], strict=False)
        return min(gaps, key=lambda gap: (gap[2] - gap[0]) / (tip - gap[1]))[1]

    def rewind(self, shared: int) -> None:
        """Go back to the longest checkpoint of the first `shared` steps, or to the base."""
        for depth in [d for d in self.checkpoints if d > shared]:
            del self.checkpoints[depth]
        depth = max(self.checkpoints, default=0)
        source = self.checkpoints[depth] if depth else self.base
        self.current.copy_(source)
        del self.path[depth:]


class EditedWeights:
    """All edited weights of one live model. Owned by whoever owns the model: one thread."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._masters: dict[str, _Master] = {}
        self._sha256: str | None = None

    def apply(self, step: int, delta: RankOneDelta) -> None:
        """Add one delta behind the current path.

        Raises:
            EditError: The delta isn't finite or doesn't fit; nothing has changed.
        """
        master = self._master(delta.weight_name)
        d_out, d_in = master.base.shape
        if delta.left.shape != (d_in,) or delta.right.shape != (d_out,):
            raise EditError(
                f"the delta is {tuple(delta.right.shape)} ⊗ {tuple(delta.left.shape)}, and "
                f"{delta.weight_name} is {(d_out, d_in)}",
                "it belongs to another model",
            )
        if not delta.is_finite():
            raise EditError("the delta is not finite", "nothing was changed")
        master.keep()
        master.add(step, delta)
        self._write(delta.weight_name)

    def goto(
        self,
        path: Sequence[PathStep],
        load: Callable[[int], RankOneDelta],
        *,
        progress: ProgressSink = ignore,
        stop: StopFlag = NEVER,
    ) -> None:
        """Put the live model at exactly the base plus the path's deltas, in order.

        Args:
            path: (step, weight name) from the base's first child to the wanted step.
            load: Gives a step's delta; asked only for those that must be added.

        Raises:
            CancelledError: `stop` was set; the model is where it was.
        """
        before = self.path()
        wanted = self._by_weight(path)
        try:
            for name in {*self._masters, *wanted}:
                self._move(name, wanted.get(name, []), load, progress, stop)
        except BaseException:
            self._restore(before, load)
            raise

    def path(self) -> dict[str, tuple[int, ...]]:
        """Steps that are in force, by weight."""
        return {name: tuple(m.path) for name, m in self._masters.items() if m.path}

    def sha256(self, default_weight: str) -> str:
        """The weight hash of this state (see `fingerprint.weight_sha256`).

        It covers the weights that the path has edited; at the base, `default_weight` alone.
        """
        if self._sha256 is None:
            edited = {name: m.current for name, m in self._masters.items() if m.path}
            self._sha256 = weight_sha256(edited) if edited else ""
        return self._sha256 or self.base_sha256(default_weight)

    def base_sha256(self, weight_name: str) -> str:
        """The weight hash of the unedited model at one site."""
        return weight_sha256({weight_name: self._master(weight_name).base})

    def base_norm(self, weight_name: str) -> float:
        """‖W₀‖_F."""
        return _norm(self._master(weight_name).base)

    def relative_change(self, weight_name: str) -> float:
        """‖W − W₀‖_F / ‖W₀‖_F."""
        master = self._master(weight_name)
        if not master.path:
            return 0.0
        return _norm(master.current.cpu() - master.base) / _norm(master.base)

    def is_finite(self, weight_name: str) -> bool:
        """Whether every number of the live weight is finite (a cast down can overflow)."""
        return bool(torch.isfinite(self._model.linear_view(weight_name)).all())

    @contextmanager
    def at_base(self) -> Iterator[None]:
        """The live model is the unedited one inside, and what it was afterwards."""
        edited = [name for name, master in self._masters.items() if master.path]
        try:
            for name in edited:
                self._copy(name, self._masters[name].base)
            yield
        finally:
            for name in edited:
                self._copy(name, self._masters[name].current)

    def _move(
        self,
        name: str,
        wanted: list[int],
        load: Callable[[int], RankOneDelta],
        progress: ProgressSink,
        stop: StopFlag,
    ) -> None:
        """Bring one weight to the steps that are wanted of it."""
        master = self._master(name)
        if master.path == wanted:
            return
        shared = _shared(master.path, wanted)
        if shared < len(master.path):
            master.keep()
            master.rewind(shared)
        spacing = max(1, (len(wanted) - len(master.path)) // master.room())
        started = len(master.path)
        for step in wanted[started:]:
            check(stop, "moving through the history")
            if len(master.path) % spacing == 0 or len(wanted) - len(master.path) <= 4:
                master.keep()
            master.add(step, load(step))
            done = len(master.path) - started
            if done % 64 == 0:
                progress(Progress("restoring weights", done, len(wanted) - started))
        self._write(name)

    def _restore(
        self, before: dict[str, tuple[int, ...]], load: Callable[[int], RankOneDelta]
    ) -> None:
        """Go back to where a failed move began."""
        for name in self._masters:
            self._move(name, list(before.get(name, ())), load, ignore, NEVER)

    def _by_weight(self, path: Sequence[PathStep]) -> dict[str, list[int]]:
        out: dict[str, list[int]] = {}
        for step, name in path:
            out.setdefault(name, []).append(step)
        return out

    def _master(self, name: str) -> _Master:
        """The master of a weight; made from the live weight when it is first edited."""
        held = self._masters.get(name)
        if held is None:
            live = self._model.linear_view(name)
            base = live.to(self._model.compute_dtype).contiguous().clone()
            held = self._masters[name] = _Master(base.cpu().clone(), base)
        return held

    def _write(self, name: str) -> None:
        self._copy(name, self._masters[name].current)
        self._sha256 = None

    def _copy(self, name: str, source: Tensor) -> None:
        """Cast a state down into the live weight."""
        with torch.no_grad():
            self._model.linear_view(name).copy_(source)


def _shared(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the common beginning."""
    return next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def _norm(matrix: Tensor) -> float:
    return float(torch.linalg.vector_norm(matrix, dtype=torch.float64))
