"""A desk without store and model: a session in memory whose every figure is made up."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from romebench.engine.request import EditRequest
from romebench.errors import UsageError
from romebench.store.records import (
    CursorRecord,
    GenerationRecord,
    OperationRecord,
    QueueRecord,
    SessionSummary,
    StepLine,
    StepRecord,
)
from romebench.workbench.bench import Status
from romebench.workbench.commands.context import Chunk
from romebench.workbench.commands.parsing import Invocation
from romebench.workbench.commands.results import Edited, Moved, Result, SessionList, Written
from romebench.workbench.paths import Paths
from romebench.workbench.render.graph import graph
from romebench.workbench.tui.lane.answers import Answers
from romebench.workbench.tui.lane.desk import Desk, Ears, Opened
from romebench.workbench.tui.view import View

WEIGHT = "transformer.h.1.mlp.c_proj.weight"
STAMP = "2026-03-01T12:30:00.000000+00:00"

FACTS = (
    ("{} plays the sport of", "LeBron James", "football", "basketball", 0.081),
    ("The {} is located in the city of", "Eiffel Tower", "Rome", "Paris", 0.0794),
    ("{} was the founder of", "Steve Jobs", "Microsoft", "Apple", 0.1203),
    ("The capital of {} is", "Poland", "Paris", "Warsaw", 0.0655),
)


def step_record(step: int, parent: int, depth: int, *, verdict: str = "uncalibrated") -> StepRecord:
    """A step whose every figure is made up and stays the same."""
    prompt, subject, target, _, ratio = FACTS[(step - 1) % len(FACTS)]
    losses = tuple(
        {
            "step": n,
            "loss": 6.2 / (n + 1),
            "nll": 6.0 / (n + 1),
            "kl": 0.01 * n,
            "weight_decay": 0.02 * n,
            "prob": 1 - 0.9 ** (n + 1),
            "offset_norm": 0.8 * n,
            "clamped": n > 6,
        }
        for n in range(9)
    )
    return StepRecord(
        step=step,
        parent=parent,
        depth=depth,
        created_at=STAMP,
        request={"prompt": prompt, "subject": subject, "target_new": target},
        rule="r-rome",
        hparams={"layers": [1]},
        weight_name=WEIGHT,
        weight_sha256=f"{step:064x}",
        tokens={
            "prompt": prompt.replace("{}", subject),
            "pieces": ["Le", "Bron", " James", " plays", " the", " sport", " of"],
            "lookup_index": 2,
            "target_pieces": [" " + target],
        },
        losses=losses,
        diagnostics={
            "k0_dot_u": 3.1,
            "kbar_dot_u": 3.02,
            "divisor": 3.02,
            "amplification": 1.0,
            "key_cosine": 0.981,
            "offset_norm": 6.4,
            "v0_norm": 8.1,
            "delta_norm": 2.12,
            "grad_steps": 9,
            "early_stop": False,
            "clamped_steps": 2,
        },
        vitals={
            "delta_ratio": ratio,
            "weight_ratio": ratio * depth**0.5,
            "u_dot_k": 3.02,
            "key_ratio": 1.026,
            "finite": True,
            "efficacy": True,
            "prob_new": 0.987,
            "prob_new_before": 0.00018,
            "rank_new": 1,
            "perplexity": 12.5 * 1.02**depth,
            "perplexity_ratio": 1.02**depth,
            "ngram_entropy": 4.7,
            "entropy_ratio": 1.0,
            "in_force": 1.0 if depth > 1 else None,
            "in_force_of": depth - 1,
        },
        verdict=verdict,
        verdict_reason="no calibration for this model and site",
        timings={"keys_s": 0.05, "value_s": 0.4, "total": 0.5},
    )


def step_line(record: StepRecord) -> StepLine:
    """The short form of a step."""
    return StepLine(
        step=record.step,
        parent=record.parent,
        depth=record.depth,
        subject=record.request["subject"],
        target_new=record.request["target_new"],
        rule=record.rule,
        verdict=record.verdict,
        delta_ratio=record.vitals["delta_ratio"],
        perplexity_ratio=record.vitals.get("perplexity_ratio"),
        weight_name=record.weight_name,
        weight_sha256=record.weight_sha256,
        created_at=record.created_at,
    )


class FakeDesk(Desk):
    """A session in memory: edits, moves and texts that need no model.

    Attributes:
        calls: The command lines that were run.
        gate: While cleared, every command waits in the lane.
        raises: Raised by the next command.
        written: What the model writes, in pieces.
        said: What the model at the cursor answers.
        verdict: Of the steps to come.
    """

    def __init__(self, home: Path, *, steps: int = 0, exists: bool = True) -> None:
        self._paths = Paths.under(home)
        self.exists = exists
        self.records: dict[int, StepRecord] = {}
        self.branches: dict[str, int] = {"main": 0}
        self.branch = "main"
        self.cursor = 0
        self.loaded = False
        self.writable = True
        self.busy: Any = None
        self.queue: tuple[QueueRecord, ...] = ()
        self.others: tuple[SessionSummary, ...] = ()
        self.named = False
        self.calls: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.raises: BaseException | None = None
        self.load_raises: BaseException | None = None
        self.written = [" the", " city", " of Paris."]
        self.said = " football. He is an athlete."
        self.closed = False
        self.verdict = "uncalibrated"
        for _ in range(steps):
            self._grow()

    @property
    def paths(self) -> Paths:
        return self._paths

    def _grow(self) -> StepRecord:
        step = max(self.records, default=0) + 1
        if self.cursor != self.branches[self.branch]:
            self.branch = f"{self.branch}-{len(self.branches) + 1}"
        depth = self.records[self.cursor].depth + 1 if self.cursor else 1
        record = step_record(step, self.cursor, depth, verdict=self.verdict)
        self.records[step] = record
        self.branches[self.branch] = self.cursor = step
        return record

    def path(self, step: int) -> list[int]:
        found = []
        while step:
            found.append(step)
            step = self.records[step].parent
        return found

    def open(self) -> Opened:
        return Opened(self.view() if self.exists else None, self.busy, self.named)

    def load(self, ears: Ears) -> View | None:
        if self.load_raises is not None:
            raise self.load_raises
        self.exists = self.loaded = True
        return self.view()

    def view(self) -> View | None:
        if not self.exists:
            return None
        lines = [step_line(record) for record in self.records.values()]
        tips: dict[int, tuple[str, ...]] = {}
        for name, tip in self.branches.items():
            tips[tip] = (*tips.get(tip, ()), name)
        tip = self.branches[self.branch]
        return View(
            status=Status(
                session="study",
                model="pocket",
                device="cpu",
                dtype="float32",
                rule="r-rome",
                weight_name=WEIGHT,
                layer=1,
                second_moment="C",
                branch=self.branch,
                step=self.cursor,
                depth=len(self.path(self.cursor)),
                length=len(self.path(tip)),
                total=len(self.records),
                verdict=self.records[self.cursor].verdict if self.cursor else "",
                writable=self.writable,
                loaded=self.loaded,
            ),
            lines={line.step: line for line in lines},
            rows=tuple(graph(lines, self.cursor)),
            tips=tips,
            path=frozenset(self.path(self.cursor)),
            branches=tuple(self.branches),
            queue=self.queue,
            sessions=(
                SessionSummary(
                    "study", "pocket", "r-rome", len(lines), self.cursor, "main", STAMP, STAMP
                ),
                *self.others,
            ),
        )

    def execute(self, invocation: Invocation, ears: Ears) -> Result:
        self.calls.append(invocation.command.name)
        while not self.gate.wait(0.01):
            if ears.stop.is_set():
                from romebench.engine.progress import check

                check(ears.stop, invocation.command.name)
        if self.raises is not None:
            error, self.raises = self.raises, None
            raise error
        name, params = invocation.command.name, invocation.params
        if name == "edit":
            record = self._grow()
            return Edited("study", self.branch, None, record)
        if name in ("undo", "redo", "goto"):
            return self._move(name, params)
        if name == "generate":
            return self._write(params, ears)
        if name == "branch":
            self.branches[params.name] = self.cursor
            self.branch = params.name
        return SessionList((), "study")

    def _move(self, name: str, params: Any) -> Moved:
        before, old = self.cursor, CursorRecord(self.branch, self.cursor)
        tip = self.path(self.branches[self.branch])[::-1]
        at = tip.index(before) + 1 if before in tip else 0
        if name == "undo":
            if not before:
                raise UsageError("nothing to undo: the cursor is at the base")
            self.cursor = self.records[before].parent
            steps: tuple[int, ...] = (before,)
        elif name == "redo":
            self.cursor = tip[at]
            steps = (self.cursor,)
        else:
            known = {"base": 0, **self.branches}
            self.cursor = known[params.ref] if params.ref in known else int(params.ref)
            steps = ()
        after = CursorRecord(self.branch, self.cursor)
        return Moved(name, "study", old, after, steps, len(self.path(self.cursor)), "0" * 64)

    def _write(self, params: Any, ears: Ears) -> Written:
        prompt = " ".join(params.prompt)
        sides = ("base", "cursor") if params.compare else (params.at,)
        for side in sides:
            ears.emit(Chunk(side, prompt, prompt=True))
            for piece in self.written:
                ears.emit(Chunk(side, piece))

        def record(side: str) -> GenerationRecord:
            parameters = {"greedy": params.greedy, "finish": "length"}
            return GenerationRecord(
                0 if side == "base" else self.cursor,
                prompt, parameters, 0, tuple(range(len(self.written))),
                prompt + "".join(self.written), created_at=STAMP,
            )  # fmt: skip

        base = record("base") if params.compare else None
        return Written("study", params.at, record(params.at), base)

    def answers(self, result: Result, stop: Any) -> Answers | None:
        if isinstance(result, Edited):
            request = result.step.request
        elif isinstance(result, Moved) and result.steps:
            request = self.records[result.steps[-1]].request
        else:
            return None
        prompt = EditRequest.from_json(request).text
        truth = " basketball. He is an athlete."
        return Answers(prompt, truth, self.said if self.cursor else truth, self.cursor)

    def preview(self, request: EditRequest, ears: Ears) -> Any:
        if not self.loaded:
            return None
        return {
            "pieces": ["Le", "Bron", " James", " plays", " the", " sport", " of"],
            "lookup_index": 2,
            "target_pieces": [" " + request.target_new],
            "prob_new": 0.00018,
            "rank_new": 12,
            "greedy": False,
            "warnings": [],
        }

    def step(self, number: int) -> StepRecord:
        return self.records[number]

    def operations(self, session: str, limit: int) -> list[OperationRecord]:
        found = [operation(1, "create", {"name": "study"}, 0, 0)]
        for number, record in self.records.items():
            before = record.parent
            found.append(operation(number + 1, "edit", {"request": record.request}, before, number))
        return found[-limit:]

    def close(self) -> None:
        self.closed = True


def operation(
    number: int, command: str, params: dict[str, Any], before: int, after: int
) -> OperationRecord:
    """An operation that went well."""
    return OperationRecord(
        number=number,
        command=command,
        params=params,
        status="ok",
        result={},
        before=CursorRecord("main", before),
        after=CursorRecord("main", after),
        created_at=STAMP,
        elapsed_s=0.4,
    )
