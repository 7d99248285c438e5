"""Sessions written straight into a store, with vitals that tell a story, and a desk over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp, sin
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.screen import ModalScreen

from romebench.sessions.evaluation.outcomes import CASE, FAILED, PLAN
from romebench.sessions.evaluation.plan import EvalPlan, Mode
from romebench.sessions.watch.calibration import (
    Calibration,
    Range,
    calibration_file,
    write_calibration,
)
from romebench.store import Repository
from romebench.store.codec import sha256
from romebench.store.records import (
    BranchRecord,
    CursorRecord,
    DeltaRecord,
    MeasurementRecord,
    SessionRecord,
)
from romebench.workbench.bench import Bench
from romebench.workbench.paths import Paths
from romebench.workbench.tui.app import Workbench
from romebench.workbench.tui.lane.desk import Desk, Ears
from romebench.workbench.tui.view import View

from .conftest import settled
from .fake_desk import FACTS, STAMP, WEIGHT, step_record

HPARAMS = {"layers": [1], "v_lr": 0.5, "v_num_grad_steps": 20}
MODEL = "a" * 64

REASONS = {
    "ok": "within the calibrated range",
    "warn": "perplexity is {:.3f} times the base model's, over 1.160",
    "collapsed": "perplexity is {:.3f} times the base model's, over 1.487; 41% of 32 earlier "
    "edits are in force, under 50%",
}


def session(name: str, rule: str = "r-rome", **changes: Any) -> SessionRecord:
    """A session of the pocket model that no weights stand behind."""
    return SessionRecord(
        **{
            "id": 0, "uid": "", "name": name, "created_at": STAMP, "used_at": STAMP,
            "model": "pocket", "revision": None, "model_type": "gpt2", "model_sha256": MODEL,
            "tokenizer_sha256": "b" * 64, "dtype": "float32", "device": "cpu", "rule": rule,
            "hparams": HPARAMS, "weight_name": WEIGHT, "seed": 0, "contexts": ("{}",),
            "statistics": {"tokens": 100_000}, "base_weight_sha256": "c" * 64,
            "versions": {"romebench": "0.1.0"}, **changes,
        }
    )  # fmt: skip


def calm(depth: int) -> float:
    """A perplexity ratio that hardly rises."""
    return 1 + 0.004 * depth + 0.01 * sin(depth)


def ruin(depth: int) -> float:
    """One that takes off at the twentieth edit."""
    return calm(depth) * (1 if depth < 20 else exp(0.09 * (depth - 19)))


def vitals(depth: int, perplexity: float) -> dict[str, Any]:
    """Figures that go with a perplexity."""
    return {
        "delta_ratio": 0.08 + 0.02 * sin(3 * depth) + (0.6 if depth == 20 else 0),
        "weight_ratio": 0.08 * depth**0.5 + 0.1 * (perplexity - 1),
        "u_dot_k": 3 + sin(depth),
        "key_ratio": 0.9 + 0.1 * sin(2 * depth),
        "finite": True,
        "efficacy": depth % 9 != 0,
        "prob_new": 0.99 - 0.3 * (depth % 9 == 0),
        "perplexity": 12 * perplexity,
        "perplexity_ratio": perplexity,
        "ngram_entropy": 5 / perplexity,
        "entropy_ratio": 1 / perplexity**0.3,
        "in_force": min(max(0.0, 1.5 - 0.5 * perplexity), 1.0) if depth > 1 else None,
        "in_force_of": min(depth, 32),
    }


def verdict_of(perplexity: float) -> str:
    """What the made-up limits say to a perplexity."""
    return "collapsed" if perplexity > 1.487 else "warn" if perplexity > 1.16 else "ok"


def tell(
    repository: Repository,
    name: str,
    steps: int,
    course: Callable[[int], float] = calm,
    *,
    rule: str = "r-rome",
    cursor: int | None = None,
    measurements: Sequence[MeasurementRecord] = (),
) -> SessionRecord:
    """Write a session of so many steps on one line."""

    def step(depth: int) -> Any:
        perplexity = course(depth)
        verdict = verdict_of(perplexity)
        return replace(
            step_record(depth, depth - 1, depth, verdict=verdict),
            rule=rule,
            vitals=vitals(depth, perplexity),
            verdict_reason=REASONS[verdict].format(perplexity),
        )

    numbers = range(1, steps + 1)
    return repository.import_session(
        session(name, rule, uid=sha256(name.encode())[:32]),
        (step(n) for n in numbers),
        (DeltaRecord(n, WEIGHT, b"delta", sha256(b"delta")) for n in numbers),
        [BranchRecord("main", steps)],
        CursorRecord("main", steps if cursor is None else cursor),
        measurements=measurements,
    )


def calibrate(store: Path) -> None:
    """Put a calibration beside the store, from which the limits of the stories come."""

    def around(low: float, middle: float, high: float) -> Range:
        return Range(40, low, low, middle, high, high)

    ranges = {
        "delta_ratio": around(0.05, 0.08, 0.15),
        "key_ratio": around(0.4, 0.95, 1.2),
        "perplexity_ratio": around(0.99, 1.01, 1.104),
        "entropy_ratio": around(0.97, 1.0, 1.02),
    }
    made = Calibration(
        "pocket", MODEL, WEIGHT, False, HPARAMS, {"name": "test", "requests": 40}, {},
        {"r-rome": ranges, "rome": ranges}, STAMP, {},
    )  # fmt: skip
    path = calibration_file(store, MODEL, WEIGHT, HPARAMS, identity=False)
    write_calibration(path, made)


class StoreDesk(Desk):
    """A desk over a real store; the model counts as loaded, and nothing can be asked of it."""

    def load(self, ears: Ears) -> View | None:
        return self.view()

    def view(self) -> View | None:
        found = super().view()
        return found and replace(found, status=replace(found.status, loaded=True))


def bench_at(home: Path) -> Bench:
    """A bench with a store of its own."""
    return Bench(Paths.under(home))


def retention(steps: int, every: int, *, all_scores: bool = False) -> list[MeasurementRecord]:
    """Columns of a matrix in which the older half is forgotten towards the end."""
    found = []
    for at in range(every, steps + 1, every):
        made = list(range(1, at + 1))
        once = [n % 9 != 0 for n in made]
        kept = [float(ok and (n * 7) % 40 + at - n < 45) for n, ok in zip(made, once, strict=True)]
        scores = {"efficacy": kept}
        if all_scores:
            scores["paraphrase"] = [
                0.5 * k + 0.25 * (n % 3 == 0) for n, k in zip(made, kept, strict=True)
            ]
        asked = [k for k, ok in zip(kept, once, strict=True) if ok]
        forgotten = 1 - sum(asked) / len(asked)
        detail = {"steps": made, "succeeded": once, "scores": scores, "forgotten": forgotten}
        found.append(MeasurementRecord(at, "retention", sum(kept) / len(kept), detail, STAMP))
    return found


def evaluation(
    repository: Repository, name: str, cases: int, done: int, *, rule: str = "r-rome"
) -> None:
    """Write a run of so many cases, of which some are done, and one of those failed."""
    plan = EvalPlan(
        "counterfact", "pocket test", "e" * 64, rule, Mode.BASE, tuple(range(1, cases + 1))
    )
    found = [MeasurementRecord(0, PLAN, float(cases), plan.to_json(), STAMP)]
    steps = []
    for number in range(1, done + 1):
        if number == 4:
            detail = {"case_id": 4, "error": "the prompt is longer than the model's context"}
            found.append(MeasurementRecord(0, FAILED, None, detail, STAMP))
            continue
        step = len(steps) + 1
        prompt, subject, target, true, _ = FACTS[number % len(FACTS)]
        request = {
            "prompt": prompt, "subject": subject, "target_new": target, "target_true": true,
            "paraphrase_prompts": [f"People say: {prompt}".replace("{}", subject)] * 2,
            "neighborhood_prompts": [f"Not so: {prompt}".replace("{}", "Michael Jordan")],
        }  # fmt: skip
        steps.append(replace(step_record(step, 0, 1), request=request))
        took = number % 5 != 0
        case = {
            "case_id": number,
            "requested_rewrite": {
                "prompt": prompt, "subject": subject,
                "target_new": {"str": target}, "target_true": {"str": true},
            },
            "time": 0.5,
            "pre": _side(9.2, 0.3, f"{subject} is a man who plays basketball.", true=True),
            "post": _side(*((0.1, 6.0) if took else (3.0, 1.0)), f"{subject} likes {target}."),
        }  # fmt: skip
        found.append(MeasurementRecord(step, CASE, float(took), case, STAMP))
    repository.import_session(
        session(name, rule, uid=sha256(name.encode())[:32]),
        steps,
        (DeltaRecord(each.step, WEIGHT, b"delta", sha256(b"delta")) for each in steps),
        [BranchRecord("main", 0), *(BranchRecord(f"case-{s.step}", s.step) for s in steps)],
        CursorRecord("main", 0),
        measurements=found,
    )  # fmt: skip


def _side(new: float, old: float, text: str, *, true: bool = False) -> dict[str, Any]:
    """One side of a case: losses of the new and the true target on each kind of prompt."""
    pair = {"target_new": new, "target_true": old}
    kept = {"target_new": 8.0, "target_true": 0.5}
    return {
        "rewrite_prompts_probs": [pair],
        "paraphrase_prompts_probs": [pair, kept if not true else pair],
        "neighborhood_prompts_probs": [kept],
        "ngram_entropy": 5.2 if true else 4.9,
        "text": [text],
    }


async def look_at(app: Workbench, pilot: Pilot[None], tab: str) -> None:
    """Bring a tab into view with the focus in it; whatever greets one is closed first."""
    await settled(pilot)
    while isinstance(app.screen, ModalScreen):
        await pilot.press("escape")
        await settled(pilot)
    app.workspace.console.focus()
    await pilot.pause()
    app.workspace.open_tab(tab)
    await settled(pilot)
