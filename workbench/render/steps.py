"""Edits, previews, steps, runs and generated texts, as they are shown."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from ...store.records import GenerationRecord, Json, StepRecord
from ..commands.results import (
    Edited,
    Previewed,
    QueueChanged,
    QueueShown,
    RunDone,
    StepBrief,
    StepShown,
    Written,
)
from . import parts
from .history import step_name
from .text import visible
from .vitals import key_vitals, model_vitals


def edited(result: Edited) -> RenderableType:
    """A new step: the fact, its probability, and what the vitals say."""
    record = result.step
    opened = " (a new branch)" if result.new_branch else ""
    head = Text.assemble(
        (f"step {record.step}", parts.CURSOR),
        " on ",
        parts.shown(result.branch, parts.CURSOR),
        (opened, parts.LABEL),
        "  ",
        _fact(record.request),
    )
    return Group(head, parts.facts(_vital_rows(record)))


def _fact(request: Json) -> Text:
    return parts.line(
        parts.shown(request.get("subject", ""), "bold"),
        " → ",
        parts.shown(str(request.get("target_new", "")).strip(), "bold"),
    )


def _second_moment(record: StepRecord) -> str:
    """Told where it is not the usual one: with C = I an edit disturbs what it should not."""
    return "  (C = I)" if record.diagnostics.get("identity_moment") else ""


def _vital_rows(record: StepRecord) -> list[tuple[str, Text | str]]:
    vitals = record.vitals
    rank = vitals.get("rank_new")
    rows: list[tuple[str, Text | str]] = [
        (
            "probability",
            f"{parts.percent(vitals.get('prob_new_before'))} → "
            f"{parts.percent(vitals.get('prob_new'))}" + (f"  (rank {rank})" if rank else ""),
        )
    ]
    if vitals.get("prob_true") is not None:
        before, after = vitals.get("prob_true_before"), vitals.get("prob_true")
        rows.append(("of the true one", f"{parts.percent(before)} → {parts.percent(after)}"))
    reason = f"  {visible(record.verdict_reason, one_line=True)}" if record.verdict_reason else ""
    rows += [
        ("‖Δ‖/‖W₀‖", parts.ratio(vitals.get("delta_ratio"))),
        ("‖W−W₀‖/‖W₀‖", parts.ratio(vitals.get("weight_ratio"))),
    ]
    for name, value in key_vitals(vitals):
        rows.append((name, value + (_second_moment(record) if name == "u·k" else "")))
    rows += [
        *model_vitals(vitals),
        ("efficacy", "yes" if vitals.get("efficacy") else "no: the model still says otherwise"),
        ("verdict", parts.line(parts.verdict(record.verdict), (reason))),
    ]
    return rows


def step_line(step: StepBrief) -> RenderableType:
    """One step of a run."""
    number = f"{step.step:>5}" if step.step is not None else "    ✗"
    text = Text.assemble(
        (number, "bold" if step.step is not None else "red"),
        "  ",
        parts.shown(step.subject, width=32),
        " → ",
        parts.shown(step.target_new.strip(), width=24),
    )
    if step.step is None:
        return text.append("  ").append_text(parts.shown(step.message, "red"))
    text.append(f"  {parts.percent(step.prob_before)} → {parts.percent(step.prob_new)}")
    text.append(f"  ‖W−W₀‖/‖W₀‖ {parts.ratio(step.weight_ratio)}  ", style=parts.LABEL)
    return text.append_text(parts.verdict(step.verdict))


def run_done(result: RunDone) -> RenderableType:
    """The outcome of a run; its steps were shown as they came."""
    done = parts.count(len(result.steps), "edit")
    text = Text.assemble(f"{done} on ", parts.shown(result.branch, parts.CURSOR))
    if result.failed:
        text.append(f", {len(result.failed)} failed", style="red")
    if result.pending:
        text.append(f", {parts.count(result.pending, 'request')} left in the queue")
    return text


def previewed(result: Previewed) -> RenderableType:
    """What an edit would start from."""
    found = result.preview
    return Group(_fact(result.request), parts.facts(_token_rows(found)))


def _token_rows(found: Json) -> list[tuple[str, Text | str]]:
    rows: list[tuple[str, Text | str]] = []
    if "pieces" in found:
        rows.append(("tokens", tokens(found["pieces"], found.get("lookup_index"))))
    if "target_pieces" in found:
        rows.append(("target", tokens(found["target_pieces"], None)))
    if "prob_new" in found:
        asked = f"rank {found.get('rank_new')}, {parts.percent(found['prob_new'])}"
        rows.append(("target now", asked))
    rows += [("careful", parts.shown(warning, "yellow")) for warning in found.get("warnings", ())]
    return rows


def tokens(pieces: list[str], lookup: int | None) -> Text:
    """Tokens with a bar between, the one that is edited marked."""
    text = Text()
    for index, piece in enumerate(pieces):
        if index:
            text.append("·", style=parts.LABEL)
        shown = visible(piece, one_line=True)
        if index == lookup:
            text.append(f"▸{shown}◂", style="bold reverse")
        else:
            text.append(shown)
    return text


def step_shown(result: StepShown) -> RenderableType:
    """Everything recorded of a step."""
    record = result.step
    place = "on the cursor's path" if result.on_path else "not on the cursor's path"
    head = Text.assemble(
        (f"step {record.step}", parts.CURSOR),
        f" after {step_name(record.parent)}, depth {record.depth}, {place}  ",
        _fact(record.request),
    )
    rows: list[tuple[str, Text | str]] = [
        ("prompt", parts.shown(record.request.get("prompt", ""))),
        *_token_rows(record.tokens),
        ("rule", record.rule),
        ("weight", parts.shown(record.weight_name)),
        *_vital_rows(record),
        *((name, parts.number(value)) for name, value in record.diagnostics.items()),
        ("took", _timings(record.timings)),
        ("hash", record.weight_sha256),
        ("made", parts.when(record.created_at) + " UTC"),
    ]
    if result.branches:
        rows.insert(0, ("tip of", parts.shown(", ".join(result.branches))))
    shown: list[RenderableType] = [head, parts.facts(rows)]
    if record.losses:
        shown += [Text("losses", style=parts.LABEL), losses(record.losses)]
    for generation in result.generations:
        shown += [Text(f"generated ({generation.role})", style=parts.LABEL), text_of(generation)]
    return Group(*shown)


def _timings(timings: Json) -> str:
    named = ((name.removesuffix("_s").replace("_", " "), took) for name, took in timings.items())
    return ", ".join(f"{name} {parts.seconds(took)}" for name, took in named)


_LOSS_COLUMNS = {
    "loss": "loss",
    "nll": "nll",
    "kl": "kl",
    "weight_decay": "decay",
    "prob": "prob",
    "offset_norm": "‖δ‖",
}


def losses(trace: tuple[Json, ...]) -> RenderableType:
    """The value optimisation, a line for each step."""
    names = [name for name in _LOSS_COLUMNS if name in trace[0]]
    rows = (
        [
            str(entry.get("step", index)),
            *(parts.number(entry.get(name)) for name in names),
            "clamped" if entry.get("clamped") else "",
        ]
        for index, entry in enumerate(trace)
    )
    return parts.table(">step", *(">" + _LOSS_COLUMNS[name] for name in names), "", rows=rows)


def written(result: Written) -> RenderableType:
    """A generated text, or the base's and the edited model's one above the other."""
    if result.base is None:
        return text_of(result.generation)
    return Group(
        Text("base:", style=parts.LABEL),
        text_of(result.base),
        Text("edited:", style=parts.LABEL),
        text_of(result.generation),
    )


def text_of(generation: GenerationRecord) -> Text:
    """What the model wrote, every character of it seen and none obeyed."""
    return Text(visible(generation.text))


def queue_shown(result: QueueShown) -> RenderableType:
    """The queue as a list."""
    if not result.entries:
        return Text("the queue is empty; `queue add FILE` fills it", style=parts.LABEL)
    return parts.table(
        ">#",
        "request",
        "status",
        "from",
        rows=(
            (
                str(entry.position),
                parts.line(
                    parts.shown(entry.request.get("subject", ""), width=32),
                    " → ",
                    parts.shown(str(entry.request.get("target_new", "")).strip(), width=24),
                ),
                parts.shown(
                    entry.status
                    + (f" (step {entry.step})" if entry.step else "")
                    + (f": {entry.message}" if entry.message else "")
                ),
                parts.shown(entry.origin, parts.LABEL),
            )
            for entry in result.entries
        ),
    )


def queue_changed(result: QueueChanged) -> RenderableType:
    """What joined or left the queue."""
    return Text(f"{result.action} {parts.count(result.count, 'request')}, {result.pending} waiting")
