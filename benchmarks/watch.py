"""The collapse watch against a truth it does not read: long sequences of edits on pocket.

Each run is a session of 200 test requests in the order of a seed, recorded with full vitals and no
guard. Every five steps facts of subjects that no run edits are asked, greedily, and the verdict
never sees the answers. `--keep STORE` leaves the sessions, for `compare` and `report`. `--singles`
makes single edits from the base instead and counts the verdicts: what is not `ok` is a false alarm.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from romebench.engine.model import LoadedModel
from romebench.engine.pocket import calibration_path, evaluation_set, load_world
from romebench.engine.pocket.recall import Rate, answered
from romebench.engine.request import EditRequest
from romebench.engine.rules import Rule
from romebench.sessions.live import LiveSession
from romebench.sessions.options import SessionOptions
from romebench.sessions.setup import open_or_create
from romebench.sessions.watch.calibrate import calibrate
from romebench.sessions.watch.calibration import read_calibration
from romebench.sessions.watch.levels import Verdict
from romebench.sessions.watch.verdict import judge
from romebench.store import Database, Repository
from romebench.store.records import Json

EVERY = 5
FACTS = 300


@dataclass(frozen=True, slots=True)
class Run:
    """One sequence: what the watch said, and what was so."""

    rule: str
    order: int
    steps: int
    warned: int | None
    collapsed: int | None
    reason: str
    base_recall: float
    recall: list[float]
    halved: int | None
    distance: float
    perplexity_ratio: float
    in_force: float | None
    least_key_ratio: float
    vitals_s: float
    step_s: float

    @property
    def hit(self) -> bool | None:
        """Whether `collapsed` came before recall had halved; None where it never halved."""
        if self.halved is None:
            return None
        return self.collapsed is not None and self.collapsed <= self.halved


def requests(split: str) -> list[EditRequest]:
    """The requests of a split, in the file's order."""
    found = []
    for record in evaluation_set(split):
        rewrite = record["requested_rewrite"]
        found.append(
            EditRequest(
                rewrite["prompt"],
                rewrite["subject"],
                rewrite["target_new"]["str"],
                rewrite["target_true"]["str"],
                str(record["case_id"]),
            )
        )
    return found


def unedited() -> list[tuple[str, str]]:
    """Questions about subjects that are in no request, with their answers."""
    taken = {request.subject for split in ("dev", "test") for request in requests(split)}
    facts = [fact for fact in load_world().facts if fact.subject not in taken]
    drawn = random.Random(0).sample(facts, min(FACTS, len(facts)))
    return [(fact.prompt.format(fact.subject), fact.object) for fact in drawn]


def measure(live: LiveSession, asked_for: list[EditRequest], rule: Rule, order: int) -> Run:
    """Make the edits of one order and keep both accounts."""
    asked = unedited()
    before = _recall(live.model, asked)
    recall, records = [], []
    began = time.process_time()
    spent = 0.0
    for done, request in enumerate(asked_for, 1):
        records.append(live.edit(request))
        if done % EVERY == 0:
            paused = time.process_time()
            recall.append(_recall(live.model, asked))
            spent += time.process_time() - paused
    took = time.process_time() - began - spent
    vitals = [record.vitals for record in records]
    verdicts = [record.verdict for record in records]
    collapsed = _first(verdicts, ("collapsed",))
    halved = next((i * EVERY for i, r in enumerate(recall, 1) if r < before / 2), None)
    worst = records[collapsed - 1 if collapsed else -1]
    return Run(
        rule=str(rule),
        order=order,
        steps=len(asked_for),
        warned=_first(verdicts, ("warn", "collapsed")),
        collapsed=collapsed,
        reason=worst.verdict_reason,
        base_recall=before,
        recall=recall,
        halved=halved,
        distance=vitals[-1]["weight_ratio"],
        perplexity_ratio=vitals[-1]["perplexity_ratio"],
        in_force=vitals[-1].get("in_force"),
        least_key_ratio=min(each["key_ratio"] for each in vitals),
        vitals_s=median(record.timings["vitals_s"] for record in records),
        step_s=took / len(asked_for),
    )


def _recall(model: LoadedModel, asked: Sequence[tuple[str, str]]) -> float:
    return sum(answered(model.model, model.tokenizer, asked)) / len(asked)


def _first(verdicts: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((at for at, verdict in enumerate(verdicts, 1) if verdict in wanted), None)


def run_all(
    store: Path, split: str, rules: Sequence[Rule], orders: Sequence[int], edits: int,
    told: Callable[[Run], None],
) -> list[Run]:  # fmt: skip
    """Every rule in every order, each a session of its own in the store."""
    found = []
    given = requests(split)
    with Database.open(store) as database:
        repository = Repository(database)
        for rule in rules:
            for order in orders:
                options = SessionOptions(rule=str(rule), vitals="full", guard="off")
                live = open_or_create(repository, f"{rule}-{order}", options)
                drawn = random.Random(order).sample(given, min(edits, len(given)))
                try:
                    found.append(measure(live, drawn, rule, order))
                finally:
                    live.close()
                told(found[-1])
    return found


def singles(store: Path, split: str, rule: Rule, limit: int | None) -> None:
    """Single edits from the base, and the verdict on each; none of them breaks the model."""
    verdicts: Counter[str] = Counter()
    told: list[str] = []
    with Database.open(store) as database:
        live = open_or_create(Repository(database), "singles", SessionOptions(rule=str(rule)))
        record = live.session.record
        ranges = read_calibration(calibration_path(record.weight_name))

        def judged(request: EditRequest, rule: Rule, figures: Json) -> None:
            verdict, reason = judge(figures, ranges, str(rule))
            verdicts[str(verdict)] += 1
            if verdict is not Verdict.OK:
                told.append(f"{request.subject}: {verdict}, {reason}")

        calibrate(live, requests(split)[:limit], source=split, rules=[rule], on_edit=judged)
        live.close()
    total = sum(verdicts.values())
    alarms = total - verdicts[str(Verdict.OK)]
    low, high = Rate(alarms, total).interval
    print(f"{rule}, {total} single edits of the {split} set: {dict(verdicts)}")
    print(f"false alarms {alarms / total:.1%} [{low:.1%}, {high:.1%}]", *told, sep="\n")


HEADER = """\
| rule | order | warn | collapsed | recall halved | hit | unedited recall, base → end \
| ‖W−W₀‖/‖W₀‖ | perplexity ratio | in force | least k₀·u/k̄·u | CPU s a step |
|---|---|---|---|---|---|---|---|---|---|---|---|"""


def row(run: Run) -> str:
    """One run as a line of the table."""
    hit = {None: "–", True: "yes", False: "no"}[run.hit]
    force = "–" if run.in_force is None else f"{run.in_force:.2f}"
    return (
        f"| {run.rule} | {run.order} | {run.warned or '–'} | {run.collapsed or '–'} "
        f"| {run.halved or 'never'} | {hit} | {run.base_recall:.2f} → {run.recall[-1]:.2f} "
        f"| {run.distance:.2f} | {run.perplexity_ratio:.3f} | {force} "
        f"| {run.least_key_ratio:.2f} | {run.step_s:.2f} |"
    )


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m romebench.benchmarks.watch")
    parser.add_argument("--rules", nargs="+", type=Rule, default=[Rule.ROME], choices=tuple(Rule))
    parser.add_argument("--orders", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--singles", action="store_true")
    parser.add_argument("--keep", type=Path, help="a new store that keeps the sessions")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        store = chosen.keep or Path(folder) / "store.sqlite3"
        if chosen.singles:
            for rule in chosen.rules:
                singles(store, chosen.split, rule, None)
            return 0
        print(HEADER, flush=True)
        runs = run_all(
            store,
            chosen.split,
            chosen.rules,
            chosen.orders,
            chosen.edits,
            lambda run: print(row(run), flush=True),
        )
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([asdict(run) for run in runs], indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
