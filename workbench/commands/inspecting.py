"""Commands that look inside the model: lens, trace, vectors, explain."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.request import parse_typed
from ...errors import SessionBusyError, UsageError
from .context import Context
from .inspect_params import ExplainParams, LensParams, LookParams, TraceParams, VectorsParams
from .spec import Command, Effect, Params, Scope

if TYPE_CHECKING:
    from torch import Tensor

    from ...engine.lens import Lens
    from ...engine.trace import Trace, TraceSettings
    from ...sessions.inspection import Reading
    from ...sessions.live import LiveSession
    from .inspected import (
        AverageShown,
        Explained,
        Inspected,
        LensShown,
        SweepShown,
        TraceShown,
        VectorsShown,
    )

GROUP = "Inspection"
_MARKED = "[LeBron James] plays the sport of"


def lens(context: Context, params: LensParams) -> LensShown:
    """The logit lens at any step, with another step beside it."""
    from ...engine.lens import compare
    from ...sessions.inspection import keep, take_lens
    from .inspected import LensShown

    prompt = _prompt(context, params.prompt)
    watch = tuple(word.strip() for word in (params.watch or "").split(",") if word.strip())
    files = _files(params)
    live = _live(context)

    def take(at: str) -> Reading[Lens]:
        return take_lens(
            live, prompt, at=at, position=params.position, top_k=params.top, watch=watch
        )

    found = take(params.at)
    stored = keep(live, "lens", found.found.rows[-1].probs[0], found, _asked(params, prompt))
    beside = _beside(params.compare, params.against)
    other = None if beside is None else take(beside)
    result = LensShown(
        live.session.record.name, found.step, stored, files, found.elapsed_s, found.found,
        None if other is None else other.step,
        None if other is None else compare(other.found, found.found),
    )  # fmt: skip
    _write(result, params)
    return result


def trace(context: Context, params: TraceParams) -> TraceShown | AverageShown:
    """A causal trace of one prompt, or averaged over a file of facts."""
    from ...sessions.inspection import keep, take_trace
    from .inspected import TraceShown

    settings = _settings(params)
    files = _files(params)
    if params.facts is not None:
        return _average(context, params, settings, files)
    prompt, subject, start, answer = _marked(context, params)
    live = _live(context)

    def take(at: str) -> Reading[Trace]:
        return take_trace(
            live, prompt, subject, settings, at=at, start=start, answer=answer,
            progress=context.progress, stop=context.stop,
        )  # fmt: skip

    found = take(params.at)
    effect = max((max(row) for row in found.found.scores), default=0.0) - found.found.low
    stored = keep(live, "trace", effect, found, _asked(params, prompt))
    beside = _beside(params.compare, params.against)
    other = None if beside is None else take(beside)
    result = TraceShown(
        live.session.record.name, found.step, stored, files, found.elapsed_s, found.found,
        None if other is None else other.step, None if other is None else other.found,
    )  # fmt: skip
    _write(result, params)
    return result


def _average(
    context: Context, params: TraceParams, settings: TraceSettings, files: tuple[str, ...]
) -> AverageShown:
    from ...sessions.facts import read_facts, take_average
    from ...sessions.inspection import keep
    from .inspected import AverageShown

    if params.prompt or params.compare or params.against:
        raise UsageError("--facts takes no prompt and no comparison", "leave one of them out")
    facts = read_facts(Path(str(params.facts)))
    if params.any_answer:
        facts = [replace(fact, answer=None) for fact in facts]
    live = _live(context)
    cases = None if params.cases is None else Path(params.cases)
    found = take_average(
        live,
        facts,
        settings,
        at=params.at,
        limit=params.limit,
        cases=cases,
        progress=context.progress,
        stop=context.stop,
    )
    value = max((max(c.mean) for c in found.found.curves), default=0.0)
    stored = keep(live, "trace-average", value, found, _asked(params, str(params.facts)))
    result = AverageShown(
        live.session.record.name, found.step, stored, files, found.elapsed_s, found.found
    )
    _write(result, params)
    return result


def vectors(context: Context, params: VectorsParams) -> VectorsShown | SweepShown:
    """Push the residual stream with a vector, and hold it against random ones."""
    from ...engine.arithmetic import Act, Push
    from ...sessions.inspection import keep, take_arithmetic, take_sweep
    from .inspected import SweepShown, VectorsShown

    prompt = _prompt(context, params.prompt)
    scales = _scales(params.sweep)
    files = _files(params)
    live = _live(context)
    began = time.perf_counter()
    vector, layer, named = _vector(live, prompt, params)
    push = Push(
        Act(params.act), layer if params.to is None else params.to, params.scale, params.position,
        params.layers, params.span,
    )  # fmt: skip
    shared: dict[str, Any] = {"named": named, "answer": params.answer, "copied": params.copied}
    calls: dict[str, Any] = {"at": params.at, "progress": context.progress, "stop": context.stop}
    name, asked = live.session.record.name, _asked(params, prompt)
    result: VectorsShown | SweepShown
    if scales:
        swept = take_sweep(live, prompt, vector, push, scales, **shared, **calls)
        best = max((p for row in swept.found.probs for p in row), default=0.0)
        stored = keep(live, "sweep", best, swept, asked)
        took = time.perf_counter() - began
        result = SweepShown(name, swept.step, stored, files, took, swept.found)
    else:
        seed = live.session.record.seed if params.seed is None else params.seed
        found = take_arithmetic(
            live,
            prompt,
            vector,
            push,
            count=params.controls,
            seed=seed,
            **shared,
            **calls,
        )
        stored = keep(live, "vectors", found.found.score.score.value, found, asked)
        took = time.perf_counter() - began
        result = VectorsShown(name, found.step, stored, files, took, found.found)
    _write(result, params)
    return result


def explain(context: Context, params: ExplainParams) -> Explained:
    """What an edit did: norms, promoted tokens, lens, trace, and prompts that moved."""
    from ...engine.trace import TraceSettings
    from ...sessions.inspection import explain as explain_step
    from ...sessions.inspection import keep
    from .inspected import Explained

    live = _live(context)
    found = explain_step(
        live, params.step or "cursor", settings=TraceSettings() if params.trace else None,
        top_k=params.top, progress=context.progress, stop=context.stop,
    )  # fmt: skip
    stored = keep(
        live, "explain", found.found.delta_norm, found, {"step": found.step, "trace": params.trace}
    )
    return Explained(live.session.record.name, found.step, stored, (), found.elapsed_s, found.found)


def _live(context: Context) -> LiveSession:
    """The live session; for reading alone where another process writes to it."""
    try:
        return context.live()
    except SessionBusyError as error:
        context.note(f"{error.message}; what is read is not recorded")
        return context.live(write=False)


def _prompt(context: Context, words: tuple[str, ...]) -> str:
    prompt = context.read_input().removesuffix("\n") if words == ("-",) else " ".join(words)
    if not prompt.strip():
        raise UsageError("the prompt is empty", 'for example "LeBron James plays the sport of"')
    return prompt


def marked_prompt(text: str) -> tuple[str, str, int, str | None]:
    """Text, subject, where it begins, and answer of `The capital of [Poland] is => Warsaw`.

    The answer may be left out.

    Raises:
        RequestError: No subject, or more than one, is in [ ].
    """
    request = parse_typed(text if "=>" in text else f"{text} => ?")
    answer = request.target_new if "=>" in text else None
    return request.text, request.subject, request.prompt.index("{}"), answer


def _marked(context: Context, params: TraceParams) -> tuple[str, str, int | None, str | None]:
    text = _prompt(context, params.prompt)
    if params.subject is not None:
        return text, params.subject, None, params.answer
    if "[" not in text:
        raise UsageError(
            "no subject is given to put noise on", f'put it in [ ]: "{_MARKED}", or use --subject'
        )
    prompt, subject, start, answer = marked_prompt(text)
    return prompt, subject, start, params.answer or answer


def _settings(params: TraceParams) -> TraceSettings:
    from ...engine.noise import parse_noise
    from ...engine.trace import Severed, TraceKind, TraceSettings

    noise = parse_noise(params.noise, replace=params.replace)
    return TraceSettings(
        TraceKind(params.kind), params.window, Severed(params.severed), noise, params.samples
    )


def _beside(compare: bool, against: str | None) -> str | None:
    return against if against is not None else "base" if compare else None


def _scales(text: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in (text or "").split(",") if part.strip())
    except ValueError:
        raise UsageError(f"{text!r} are no scales", "for example --sweep 0.5,1,2,4") from None


def _vector(live: LiveSession, prompt: str, params: VectorsParams) -> tuple[Tensor, int, str]:
    """The vector, the layer it belongs to, and where it came from in words."""
    from ...engine.lens import lens as read_lens
    from ...engine.vectors import mlp_vector, read_vector
    from ...sessions.inspection import weights_at

    if params.vector is not None and params.source is not None:
        raise UsageError("--vector and --from both give the vector", "leave one of them out")
    with weights_at(live, params.at):
        layer = params.layer
        if layer is None:
            layer = min(read_lens(live.model, prompt).settled, live.model.n_layers - 1)
        live.model.check_layer(layer)
        if params.vector is not None:
            return read_vector(Path(params.vector), live.model), layer, Path(params.vector).name
        texts = [text.strip() for text in (params.source or prompt).split("|") if text.strip()]
        return mlp_vector(live.model, texts, layer), layer, f"MLP {layer} of " + " | ".join(texts)


def _asked(params: LookParams, prompt: str) -> dict[str, object]:
    """What an operation records of the call: what was set, not where files went."""
    left_out = {"prompt", "csv", "plot", "force", "cases"}
    set_ = {
        name: value
        for name, value in params.values().items()
        if name not in left_out and value != params.declared[name].default
    }
    return {"prompt": prompt, **set_}


def _files(params: LookParams) -> tuple[str, ...]:
    """The files asked for; refused before any work is done where they can't be written."""
    from ..render.export import check_paths

    return check_paths(params.csv, params.plot, force=params.force)


def _write(result: Inspected, params: LookParams) -> None:
    from ..render.export import write_files

    write_files(result, params.csv, params.plot, force=params.force)


def _command(
    name: str, summary: str, params: type[Params], run: object, examples: Sequence[str]
) -> Command:
    return Command(
        name=name, summary=summary, params=params, effect=Effect.WRITE, scope=Scope.MODEL,
        run=run, group=GROUP, long=True, creates=name != "explain", examples=tuple(examples),  # type: ignore[arg-type]
    )  # fmt: skip


COMMANDS = (
    _command(
        "lens",
        "read every layer through the head: top tokens, entropy, base beside edited",
        LensParams,
        lens,
        (
            'lens "LeBron James plays the sport of"',
            'lens "LeBron James plays the sport of" --compare --watch football,basketball',
            'lens "Steve Jobs was the founder of" --at 3 --csv lens.csv',
        ),
    ),
    _command(
        "trace",
        "find the states that carry a fact, by corrupting the subject and restoring them",
        TraceParams,
        trace,
        (
            f'trace "{_MARKED}"',
            f'trace "{_MARKED}" --kind mlp --window 3 --compare --plot trace.png',
            "trace --facts known_1000.json --cases cases.jsonl --limit 100",
        ),
    ),
    _command(
        "vectors",
        "push the residual stream with a vector, and hold it against random ones",
        VectorsParams,
        vectors,
        (
            'vectors "The capital of Poland is"',
            'vectors "The capital of Poland is" --from "The capital of France is" --act residual',
            'vectors "The capital of Poland is" --act ffn --sweep -2,-1,1,2',
        ),
    ),
    _command(
        "explain",
        "show what an edit did: promoted tokens, lens, trace, prompts that moved",
        ExplainParams,
        explain,
        ("explain 1", "explain 3 --trace"),
    ),
)
