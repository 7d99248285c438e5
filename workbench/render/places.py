"""Sessions, models, hyperparameters, files and findings, as they are shown."""

from __future__ import annotations

import json

from rich.console import Group, RenderableType
from rich.text import Text

from ...sessions.watch.levels import Watch
from ..commands.results import (
    Diagnosis,
    Exported,
    HparamsList,
    HparamsShown,
    Imported,
    ModelList,
    ModelShown,
    Places,
    Replayed,
    SessionChanged,
    SessionList,
    SessionShown,
    TrialEdit,
    Verified,
)
from . import parts
from .history import step_name

_STATUS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "bold red")}


def session_list(result: SessionList) -> RenderableType:
    """The sessions, newest used first."""
    if not result.sessions:
        return Text("no session yet; an edit makes one, or `sessions new NAME`", style=parts.LABEL)
    return parts.table(
        "",
        "session",
        "model",
        "rule",
        ">steps",
        "cursor",
        "used (UTC)",
        rows=(
            (
                "@" if line.name == result.current else "",
                parts.shown(line.name, parts.CURSOR if line.name == result.current else ""),
                parts.shown(line.model, width=32),
                line.rule,
                f"{line.steps:,}",
                parts.line(f"{step_name(line.cursor)} on ", parts.shown(line.branch)),
                parts.when(line.used_at),
            )
            for line in result.sessions
        ),
    )


def session_shown(result: SessionShown) -> RenderableType:
    """What a session is and where it stands."""
    record = result.record
    revision = f" at {record.revision}" if record.revision else ""
    statistics = record.statistics
    watch = Watch.of(record.watch)
    second_moment = "C = I" if statistics is None else json.dumps(statistics, ensure_ascii=False)
    rows: list[tuple[str, Text | str]] = [
        ("model", parts.shown(f"{record.model}{revision} ({record.model_type})")),
        ("held in", f"{record.dtype} on {record.device}"),
        ("rule", record.rule),
        ("weight", parts.shown(record.weight_name)),
        ("C", parts.shown(second_moment)),
        ("watch", f"{watch.vitals} vitals, guard {watch.guard}"),
        ("contexts", f"{len(record.contexts)}, seed {record.seed}"),
        ("steps", f"{result.steps:,}"),
        (
            "cursor",
            parts.line(
                f"{step_name(result.cursor.step)} on ",
                parts.shown(result.cursor.branch, parts.CURSOR),
            ),
        ),
        ("branches", parts.shown(", ".join(branch.name for branch in result.branches))),
        ("queue", f"{parts.count(result.pending, 'request')} waiting"),
        ("model hash", record.model_sha256),
        ("tokenizer hash", record.tokenizer_sha256),
        ("base weight hash", record.base_weight_sha256),
        ("made", parts.when(record.created_at) + " UTC"),
        ("used", parts.when(record.used_at) + " UTC"),
        ("with", ", ".join(f"{name} {version}" for name, version in record.versions.items())),
    ]
    if record.source is not None:
        rows.append(("source", parts.shown(json.dumps(record.source, ensure_ascii=False))))
    return Group(parts.shown(record.name, "bold"), parts.facts(rows))


def session_changed(result: SessionChanged) -> RenderableType:
    """What became of a session."""
    name = parts.shown(result.name, parts.CURSOR)
    if result.was is not None:
        return parts.line("session ", parts.shown(result.was), " is now ", name)
    steps = f" ({parts.count(result.steps, 'step')})" if result.action != "created" else ""
    return parts.line(f"{result.action} session ", name, steps)


def exported(result: Exported) -> RenderableType:
    """A file that was written."""
    return parts.line(
        f"wrote {parts.count(result.steps, 'step')} of ",
        parts.shown(result.session, "bold"),
        " to ",
        parts.shown(result.path),
        f" ({parts.size(result.size_bytes)})",
    )


def imported(result: Imported) -> RenderableType:
    """A session that came from a file."""
    text = parts.line(
        "read session ",
        parts.shown(result.session, parts.CURSOR),
        f" ({parts.count(result.steps, 'step')})",
    )
    if result.copied_from is not None:
        text.append(", called ").append_text(parts.shown(result.copied_from)).append(" in the file")
    if not result.same_session:
        text.append("; a copy, the store has the original already")
    return text


def replayed(result: Replayed) -> RenderableType:
    """Whether the stored deltas give the recorded weights."""
    if result.mismatch is None:
        took = f" ({parts.seconds(result.elapsed_s)})"
        return Text(
            f"{parts.count(result.checked, 'step')} replayed, every weight hash equal{took}"
        )
    return Group(
        Text(f"step {result.mismatch} gives another weight hash", style="bold red"),
        parts.facts([("recorded", result.expected or ""), ("found", result.found or "")]),
    )


def verified(result: Verified) -> RenderableType:
    """Whether what is stored agrees with itself."""
    if not result.problems:
        steps, deltas = parts.count(result.steps, "step"), parts.count(result.deltas, "delta")
        return Text(f"{steps} and {deltas} checked, all sound")
    return Group(*(parts.shown(problem, "red") for problem in result.problems))


def model_list(result: ModelList) -> RenderableType:
    """Models known by name."""
    known = parts.table(
        "model",
        "hparams",
        "",
        rows=(
            (parts.shown(line.name, "bold"), line.preset or "", parts.shown(line.about))
            for line in result.models
        ),
    )
    families = ", ".join(result.architectures)
    note = f"any decoder-only model of these types, by hub name or folder: {families}"
    return Group(known, Text(note, style=parts.LABEL))


def model_shown(result: ModelShown) -> RenderableType:
    """A model, and how it is edited."""
    how = "found by structure" if result.probed else "from the registry"
    rows: list[tuple[str, Text | str]] = [
        ("path", parts.shown(result.path)),
        ("type", parts.shown(result.model_type)),
        ("parameters", f"{result.parameters:,}"),
        ("held in", f"{result.dtype} on {result.device}"),
        ("layers", str(result.n_layers)),
        ("key, value", f"{result.d_in} → {result.d_out}"),
        ("positions", "no limit" if result.max_positions is None else str(result.max_positions)),
        ("hparams", result.preset or "no preset: a reasoned default, or --hparams FILE"),
        ("sites", parts.shown(f"{result.sites[0]} … {result.sites[-1]}")),
        ("adapter", how),
        *(
            (f"  {name}", parts.shown(value))
            for name, value in result.facts.items()
            if name not in ("model_type", "probed")
        ),
        *_trial(result.trial),
        ("model hash", result.model_sha256),
        ("tokenizer hash", result.tokenizer_sha256),
    ]
    return Group(parts.shown(result.name, "bold"), parts.facts(rows))


def _trial(trial: TrialEdit | None) -> list[tuple[str, Text | str]]:
    """The trial edit, as rows."""
    if trial is None:
        return []
    found = f"{trial.prob_before:.2g} → {trial.prob_after:.2g}"
    rows: list[tuple[str, Text | str]] = [
        ("trial edit", f"{trial.rule} at {trial.weight_name}, {parts.seconds(trial.elapsed_s)}"),
        ("  residual", f"{trial.residual:.1e} of what the rule writes"),
        ("  p(target)", found),
        ("  taken back", "to the bit" if trial.restored else Text("NOT exactly", style="bold red")),
    ]
    if trial.agreement is not None:
        rows.append(("  by registry", f"the same edit to {trial.agreement:.1e}"))
    return rows


def hparams_list(result: HparamsList) -> RenderableType:
    """The presets."""
    return parts.table(
        "preset",
        ">layer",
        ">v* steps",
        "second moment",
        rows=(
            (
                parts.shown(line.name, "bold"),
                str(line.layer),
                str(line.v_num_grad_steps),
                "C" if line.mom2_adjustment else "C = I",
            )
            for line in result.presets
        ),
    )


def hparams_shown(result: HparamsShown) -> RenderableType:
    """Hyperparameters in the field's keys."""
    rows = (
        (name, parts.shown(json.dumps(value, ensure_ascii=False)))
        for name, value in result.values.items()
    )
    return Group(parts.shown(result.name, "bold"), parts.facts(rows))


def places(result: Places) -> RenderableType:
    """The files and folders."""
    rows = [
        (place.name, parts.line(parts.shown(place.path), ("" if place.exists else "  (not yet)")))
        for place in result.places
    ]
    home = result.home if result.home is not None else "not set"
    return parts.facts([*rows, ("ROMEBENCH_HOME", parts.shown(home))])


def diagnosis(result: Diagnosis) -> RenderableType:
    """The findings."""
    rows = []
    for check in result.checks:
        mark, style = _STATUS[check.status]
        rows.append((Text(mark, style=style), check.name, parts.shown(check.detail)))
    return parts.table("", "", "", rows=rows)
