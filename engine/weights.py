"""The edited weights as a function of the history: base plus the path's deltas, to the bit.

Each edited weight has a master in fp32 (fp64 for fp64 models) in Linear orientation, its bias with
it; the live weight is the master cast down. A state is reached by adding deltas to the base in
order, or to a checkpoint of a shorter stretch of the same path: the same sums in the same order, so
the same bits. Nothing is ever subtracted (that is not exact).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..errors import EditError
from .delta import Delta
from .fingerprint import weight_sha256
from .model import LoadedModel
from .progress import NEVER, Progress, ProgressSink, StopFlag, check, ignore

CHECKPOINT_BYTES = 96 << 20
"""Memory that checkpoints of one weight may take together; two are always kept."""

PathStep = tuple[int, str]
"""A step of a path: its number and the weight it edits."""


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """A weight [d_out, d_in] and its bias [d_out], where it has one."""

    weight: Tensor
    bias: Tensor | None

    def on_cpu(self) -> _State:
        """A copy on the CPU."""
        bias = None if self.bias is None else self.bias.cpu().clone()
        return _State(self.weight.cpu().clone(), bias)

    def take(self, other: _State) -> None:
        """Become the other, in place."""
        with torch.no_grad():
            self.weight.copy_(other.weight)
            if self.bias is not None and other.bias is not None:
                self.bias.copy_(other.bias)


@dataclass(eq=False)
class _Master:
    """One edited weight: base, current sum, and checkpoints along its path.

    Attributes:
        biased: Of each step of the path, whether it changed the bias.
    """

    base: _State
    current: _State
    path: list[int] = field(default_factory=list)
    biased: list[bool] = field(default_factory=list)
    checkpoints: dict[int, _State] = field(default_factory=dict)

    def room(self) -> int:
        """How many checkpoints may be kept."""
        weight = self.base.weight
        return max(2, CHECKPOINT_BYTES // (weight.numel() * weight.element_size()))

    def add(self, step: int, delta: Delta) -> None:
        """Go one step on."""
        delta.add_to(self.current.weight, self.current.bias)
        self.path.append(step)
        self.biased.append(delta.has_bias)

    def keep(self) -> None:
        """Checkpoint the current state, and thin the others out where there are too many."""
        depth = len(self.path)
        if depth and depth not in self.checkpoints:
            self.checkpoints[depth] = self.current.on_cpu()
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
        self.current.take(self.checkpoints[depth] if depth else self.base)
        del self.path[depth:]
        del self.biased[depth:]


class EditedWeights:
    """All edited weights of one live model. Owned by whoever owns the model: one thread."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._masters: dict[str, _Master] = {}
        self._sha256: str | None = None

    def apply(self, step: int, delta: Delta) -> None:
        """Add one delta behind the current path.

        Raises:
            EditError: The delta isn't finite or doesn't fit; nothing has changed.
        """
        master = self._master(delta.weight_name)
        if delta.shape != tuple(master.base.weight.shape):
            raise EditError(
                f"the delta is {delta.shape}, and {delta.weight_name} is "
                f"{tuple(master.base.weight.shape)}",
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
        load: Callable[[int], Delta],
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

        It covers the weights that the path has edited, and the biases; at the base,
        `default_weight` alone.
        """
        if self._sha256 is None:
            edited = {name: m.current.weight for name, m in self._masters.items() if m.path}
            for name, master in self._masters.items():
                if any(master.biased) and master.current.bias is not None:
                    edited[bias_name(name)] = master.current.bias
            self._sha256 = weight_sha256(edited) if edited else ""
        return self._sha256 or self.base_sha256(default_weight)

    def base_sha256(self, weight_name: str) -> str:
        """The weight hash of the unedited model at one site."""
        return weight_sha256({weight_name: self._master(weight_name).base.weight})

    def base_norm(self, weight_name: str) -> float:
        """‖W₀‖_F."""
        return _norm(self._master(weight_name).base.weight)

    def relative_change(self, weight_name: str) -> float:
        """‖W − W₀‖_F / ‖W₀‖_F."""
        master = self._master(weight_name)
        if not master.path:
            return 0.0
        base = master.base.weight
        return _norm(master.current.weight.cpu() - base) / _norm(base)

    def is_finite(self, weight_name: str) -> bool:
        """Whether every number of the live weight is finite (a cast down can overflow)."""
        live = self._live(weight_name)
        parts = [live.weight] if live.bias is None else [live.weight, live.bias]
        return all(bool(torch.isfinite(part).all()) for part in parts)

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
        load: Callable[[int], Delta],
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

    def _restore(self, before: dict[str, tuple[int, ...]], load: Callable[[int], Delta]) -> None:
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
            live, dtype = self._live(name), self._model.compute_dtype
            bias = None if live.bias is None else live.bias.to(dtype).clone()
            current = _State(live.weight.to(dtype).contiguous().clone(), bias)
            held = self._masters[name] = _Master(current.on_cpu(), current)
        return held

    def _live(self, name: str) -> _State:
        """The live weight and bias, as views."""
        weight = self._model.linear_view(name)
        bias = self._model.model.get_submodule(name.removesuffix(".weight")).bias
        return _State(weight, bias.detach() if isinstance(bias, Tensor) else None)

    def _write(self, name: str) -> None:
        self._copy(name, self._masters[name].current)
        self._sha256 = None

    def _copy(self, name: str, source: _State) -> None:
        """Cast a state down into the live weight."""
        self._live(name).take(source)


def bias_name(weight_name: str) -> str:
    """Parameter name of the bias beside a weight."""
    return f"{weight_name.removesuffix('.weight')}.bias"


def _shared(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the common beginning."""
    return next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def _norm(matrix: Tensor) -> float:
    return float(torch.linalg.vector_norm(matrix, dtype=torch.float64))
