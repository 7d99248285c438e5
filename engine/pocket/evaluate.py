"""Measure the pocket model: recall, single edits under every rule, sequences.

``python -m romebench.engine.pocket.evaluate recall|edits|sequences|trace|search`` prints a
table and, with ``--json``, writes every figure and the failures to a file.
Nothing is chosen here: hparams come from the shipped preset unless a file is
given, and ``--split dev`` is the place to compare them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from math import sqrt
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from ...hparams import Hparams, load_preset
from ..loading import load_model
from ..rules import Rule
from . import evaluation_set, held_out_documents, load_world
from .editing import Bench, Record, Scores, SequenceResult, sequence, single_edits
from .recall import Rate, answered, perplexity, questions, rates
from .search import search
from .trace import trace
from .world import Fact, Split

Report = dict[str, Any]


def measure_recall() -> Report:
    """Recall by what training showed, by relation, with the failures, and perplexity."""
    model = load_model("pocket", device="cpu", dtype="float32")
    asked = questions(load_world())
    pairs = [(question.prompt, question.fact.object) for question in asked]
    hits = answered(model.model, model.tokenizer, pairs, _progress("questions"))
    by_relation: dict[str, list[bool]] = defaultdict(list)
    for question, hit in zip(asked, hits, strict=True):
        by_relation[question.fact.relation].append(hit)
    missed = [q for q, hit in zip(asked, hits, strict=True) if not hit]
    return {
        "recall": {str(seen): _rate(rate) for seen, rate in rates(asked, hits).items()},
        "by_relation": {name: _rate(Rate(sum(h), len(h))) for name, h in by_relation.items()},
        "perplexity": perplexity(model.model, model.tokenizer, held_out_documents()),
        "failures": [[q.prompt, q.fact.object, str(q.seen)] for q in missed],
    }


def measure_edits(
    hparams: Hparams, split: Split, rules: Sequence[Rule], limit: int | None
) -> Report:
    """Single edits from the base: the field's metrics, with intervals and failures."""
    records = evaluation_set(split)[:limit]
    bench = Bench.open(hparams)
    results = single_edits(bench, records, rules, _progress("edits"))
    return {
        "split": str(split),
        "hparams": hparams.to_json(),
        "rules": {str(rule): _summary(records, scores) for rule, scores in results.items()},
    }


def measure_sequences(
    hparams: Hparams, rules: Sequence[Rule], edits: Sequence[int], orders: int
) -> Report:
    """Sequences of edits in several orders under each rule, on the test set."""
    bench = Bench.open(hparams)
    records = evaluation_set(Split.TEST)
    marks = sorted(edits)
    runs: list[SequenceResult] = []
    done = 0
    report, total = _progress("edits in sequences"), len(rules) * orders * marks[-1]

    def landed() -> None:
        nonlocal done
        done += 1
        report(done, total)

    for rule in rules:
        for order in range(orders):
            runs += sequence(bench, records, rule, marks, order, report=landed)
    return {"hparams": hparams.to_json(), "runs": [_sequence(run) for run in runs]}


def measure_trace(limit: int | None) -> Report:
    """Causal trace over the facts of the test requests."""
    facts = {(fact.subject, fact.relation): fact for fact in load_world().facts}
    chosen: list[Fact] = []
    for record in evaluation_set(Split.TEST)[: limit or 100]:
        rewrite = record["requested_rewrite"]
        chosen.append(facts[rewrite["subject"], rewrite["relation_id"]])
    return trace(load_model("pocket", device="cpu", dtype="float32"), chosen)


def measure_search(hparams: Hparams, names: int, strongest: int) -> Report:
    """Look for single edits that disable the model under `rome` and not under `r-rome`."""
    looked_at, found = search(Bench.open(hparams), names, strongest, _progress("keys"))
    rows = [{**asdict(each), "disables": each.disables} for each in found]
    return {"hparams": hparams.to_json(), "looked_at": looked_at, "found": rows}


def _rate(rate: Rate) -> Report:
    low, high = rate.interval
    return {"value": rate.value, "low": low, "high": high, "of": rate.total}


def _mean(values: Sequence[float]) -> Report:
    """Mean of per-case scores with a normal 95% interval."""
    middle = fmean(values)
    spread = 1.96 * stdev(values) / sqrt(len(values)) if len(values) > 1 else 0.0
    return {"value": middle, "low": middle - spread, "high": middle + spread, "of": len(values)}


def _summary(records: Sequence[Record], scores: Sequence[Scores]) -> Report:
    kept = [score.kept for score in scores]
    norms = [score.relative_norm for score in scores]
    ratios = [score.ratio for score in scores]
    failed = [r for r, score in zip(records, scores, strict=True) if not score.success]
    return {
        "ES": _rate(Rate(sum(score.success > 0 for score in scores), len(scores))),
        "EM": _mean([score.magnitude for score in scores]),
        "PS": _mean([score.paraphrase for score in scores]),
        "NS": _mean([score.neighbourhood for score in scores]),
        "greedy": _rate(Rate(sum(score.greedy for score in scores), len(scores))),
        "subject facts kept": _rate(Rate(sum(k for k, _ in kept), sum(n for _, n in kept))),
        "norm": {"mean": fmean(norms), "median": median(norms), "max": max(norms)},
        "k0u/kbaru": {"median": median(ratios), "min": min(ratios)},
        "failures": [r["requested_rewrite"]["subject"] for r in failed],
        "cases": [
            {"subject": r["requested_rewrite"]["subject"], **asdict(score)}
            for r, score in zip(records, scores, strict=True)
        ],
    }


def _sequence(run: SequenceResult) -> Report:
    found = asdict(run)
    found["unedited_kept"], found["edits_kept"] = _rate(run.unedited_kept), _rate(run.edits_kept)
    return found


def _progress(what: str) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        sys.stderr.write(f"\r{what} {done}/{total}" + ("\n" if done == total else ""))
        sys.stderr.flush()

    return report


def _line(name: str, found: Report) -> str:
    interval = f"[{found['low']:.3f}, {found['high']:.3f}]"
    return f"{name:<44}{found['value']:.3f}  {interval}  of {found['of']}"


def _recall_table(found: Report) -> list[str]:
    lines = [_line(name, rate) for name, rate in found["recall"].items()]
    lines += [_line(f"  {name}", rate) for name, rate in found["by_relation"].items()]
    return [*lines, f"perplexity of the held-out documents: {found['perplexity']:.3f}"]


def _edits_table(found: Report) -> list[str]:
    lines: list[str] = []
    for rule, summary in found["rules"].items():
        names = ("ES", "EM", "PS", "NS", "greedy", "subject facts kept")
        lines += [_line(f"{rule} {name}", summary[name]) for name in names]
        norm, ratio = summary["norm"], summary["k0u/kbaru"]
        lines.append(f"{rule} ‖Δ‖/‖W₀‖ mean {norm['mean']:.3f} max {norm['max']:.3f}")
        lines.append(f"{rule} k₀·u/k̄·u median {ratio['median']:.3f} min {ratio['min']:.3f}")
    return lines


def _sequences_table(found: Report) -> list[str]:
    return [
        f"{run['rule']:<10}{run['edits']:>4} edits, order {run['order']}: "
        f"‖W−W₀‖/‖W₀‖ {run['distance'][-1]:.2f}  largest ‖Δ‖ {max(run['norms']):.2f}  "
        f"least k₀·u/k̄·u {min(run['ratios']):.2f}  perplexity {run['perplexity']:.2f}  "
        f"unedited kept {run['unedited_kept']['value']:.2f}  "
        f"edits kept {run['edits_kept']['value']:.2f}"
        for run in found["runs"]
    ]


def _search_table(found: Report) -> list[str]:
    lines = [f"{found['looked_at']} requests looked at; the lowest k₀·u/k̄·u under rome / r-rome:"]
    for row in found["found"]:
        pairs = "  ".join(
            f"{name} " + " / ".join(f"{row[key][rule]:.2f}" for rule in row[key])
            for name, key in (
                ("‖Δ‖/‖W₀‖", "norms"),
                ("perplexity ×", "perplexity"),
                ("kept", "kept"),
            )
        )
        whose = "" if row["known"] else " (new name)"
        disables = f"  disables: {', '.join(row['disables'])}" if row["disables"] else ""
        lines.append(f"{row['subject'] + whose:<28}{row['ratio']:6.2f}  {pairs}{disables}")
    return lines


def _trace_table(found: Report) -> list[str]:
    lines = [f"{found['facts']} facts, p(answer) clean {found['clean']:.3f}"]
    lines.append(f"subject corrupted: {found['corrupted']:.3f}; one state put back, by layer:")
    for role, values in found["restored"].items():
        lines.append(f"  {role:<22}" + "  ".join(f"{value:.3f}" for value in values))
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the pocket model.")
    parser.add_argument("what", choices=("recall", "edits", "sequences", "trace", "search"))
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--hparams", type=Path, help="the field's JSON instead of the preset")
    parser.add_argument("--split", type=Split, default=Split.TEST, choices=tuple(Split))
    parser.add_argument("--rules", type=Rule, nargs="+", choices=tuple(Rule))
    parser.add_argument("--limit", type=int, help="only the first requests")
    parser.add_argument("--edits", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--orders", type=int, default=5)
    parser.add_argument("--names", type=int, default=600, help="search: names the world lacks")
    parser.add_argument("--strongest", type=int, default=20, help="search: how many are edited")
    return parser


def _measure(given: argparse.Namespace, hparams: Hparams) -> tuple[Report, list[str]]:
    """The figures that were asked for, and the lines that show them."""
    if given.what == "recall":
        found = measure_recall()
        return found, _recall_table(found)
    if given.what == "trace":
        found = measure_trace(given.limit)
        return found, _trace_table(found)
    if given.what == "search":
        found = measure_search(hparams, given.names, given.strongest)
        return found, _search_table(found)
    if given.what == "edits":
        found = measure_edits(hparams, given.split, given.rules or tuple(Rule), given.limit)
        return found, _edits_table(found)
    rules = given.rules or (Rule.ROME, Rule.R_ROME)
    found = measure_sequences(hparams, rules, given.edits, given.orders)
    return found, _sequences_table(found)


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    given = _parser().parse_args(argv)
    hparams = load_preset("pocket")
    if given.hparams is not None:
        hparams = Hparams.from_json(json.loads(given.hparams.read_text(encoding="utf-8")))
    found, lines = _measure(given, hparams)
    sys.stdout.write("\n".join(lines) + "\n")
    if given.json is not None:
        given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
