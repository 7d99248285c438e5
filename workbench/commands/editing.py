"""Commands that talk to the model: edit, preview, generate."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ...engine.request import EditRequest, parse_typed
from ...engine.sampling import Sampling
from ...errors import SessionBusyError, UsageError
from .context import Chunk, Context, Side
from .method import check_method, chosen_method, method_hparams_param, method_param
from .options import RULES, SessionChoices
from .spec import Command, Effect, Params, Scope, param

if TYPE_CHECKING:
    from ...engine.rules import Rule
    from ...hparams import Hparams
    from ...sessions.live import LiveSession
    from ...store.records import GenerationRecord
    from ..settings import Settings
    from .results import Edited, Previewed, Written

GROUP = "Editing"
_TYPED = "[LeBron James] plays the sport of => football"


class PreviewParams(Params):
    """A request: typed in one piece, or in its parts."""

    text: tuple[str, ...] = param(
        f"The edit as one line: {_TYPED}. - reads it from standard input.",
        default=(),
        argument=True,
        completes="request",
        metavar="EDIT",
    )
    prompt: str | None = param("Prompt template with one {} for the subject.", "-p", default=None)
    subject: str | None = param("What stands in the {}.", "-s", default=None)
    target: str | None = param("What the model should say next.", "-t", default=None)
    true: str | None = param("What it says now, to be compared with.", default=None)


class EditParams(PreviewParams):
    """A request, and what this one edit does differently from its session."""

    rule: str | None = param(
        "Update rule of this edit; of the session too where it is new.",
        "-r",
        default=None,
        choices=RULES,
    )
    hparams: str | None = param(
        "Hyperparameters of this edit: a preset or a JSON file; of the session where it is new.",
        default=None,
        completes="preset",
        metavar="PRESET|FILE",
    )
    method: str | None = method_param()
    method_hparams: str | None = method_hparams_param()


class GenerateParams(Params):
    """A prompt and how to sample; the settings may give other defaults."""

    prompt: tuple[str, ...] = param(
        "The text to write on from. - reads it from standard input.",
        argument=True,
        completes="text",
        metavar="PROMPT",
    )
    greedy: bool = param("Take the likeliest token each time.", "-g", default=False)
    max_new_tokens: int | None = param(
        "Tokens to write. [default: 40]", "-n", default=None, minimum=1
    )
    temperature: float | None = param(
        "Flattens (above 1) or sharpens. [default: 1.0]", default=None, minimum=0.0
    )
    top_k: int | None = param(
        "Draw from the k likeliest tokens; 0: from all. [default: 5]", default=None, minimum=0
    )
    top_p: float | None = param(
        "Draw from the likeliest tokens that have this much probability together. [default: 1.0]",
        default=None,
        minimum=0.0,
        maximum=1.0,
    )
    seed: int | None = param("Seeds the draw. [default: the session's]", default=None)
    at: str = param("Which weights write.", default="cursor", choices=("cursor", "base"))
    compare: bool = param("Base and edited model, one beside the other.", "-c", default=False)


def request_of(params: PreviewParams, context: Context) -> EditRequest:
    """The request that was typed, in either form.

    Raises:
        UsageError: Both forms, or neither.
        RequestError: The request can't be edited.
    """
    parts = {"--prompt": params.prompt, "--subject": params.subject, "--target": params.target}
    given = [flag for flag, value in parts.items() if value is not None]
    if params.text and given:
        raise UsageError(
            f"the edit is given twice: as {' '.join(params.text)!r} and by {given[0]}",
            "use one of the two forms",
        )
    if params.text:
        return _from_line(params, context)
    missing = [flag for flag, value in parts.items() if value is None]
    if missing:
        raise UsageError(
            f"no {missing[0]} is given" if given else "no edit is given", f'for example "{_TYPED}"'
        )
    return EditRequest(
        prompt=cast(str, params.prompt),
        subject=cast(str, params.subject),
        target_new=cast(str, params.target),
        target_true=params.true,
    )


def _from_line(params: PreviewParams, context: Context) -> EditRequest:
    from dataclasses import replace

    line = context.read_input().strip() if params.text == ("-",) else " ".join(params.text)
    request = parse_typed(line)
    return replace(request, target_true=params.true) if params.true is not None else request


def edit(context: Context, params: EditParams) -> Edited:
    """Compute an edit, apply it and record it as a step."""
    from .results import Edited

    request = request_of(params, context)
    check_method(params.method, params.method_hparams, rule=params.rule, hparams=params.hparams)
    live = context.live(new=SessionChoices(rule=params.rule, hparams=params.hparams))
    before = live.session.cursor.branch
    record = live.edit(
        request,
        rule=_rule(params.rule),
        hparams=_hparams(params.hparams),
        way=chosen_method(params.method, params.method_hparams, live.session.record.model),
        progress=context.progress,
        stop=context.stop,
    )
    after = live.session.cursor.branch
    name = live.session.record.name
    return Edited(name, after, after if after != before else None, record)


def preview(context: Context, params: PreviewParams) -> Previewed:
    """Show what an edit would start from: tokens, lookup position, the target's rank."""
    from .results import Previewed

    request = request_of(params, context)
    live = context.live(write=False)
    return Previewed(live.session.record.name, request.to_json(), live.preview(request))


def generate(context: Context, params: GenerateParams) -> Written:
    """Write on from a prompt with the model as it stands, at the base, or both."""
    from .results import Written

    prompt = _prompt(params, context)
    live = _live_to_ask(context)
    sampling = sampling_of(params, context.bench.settings, live.session.record.seed)

    def write(at: Side) -> GenerationRecord:
        stream = _Stream(context, at, prompt)
        record = live.generate(prompt, sampling, at=at, on_text=stream.take, stop=context.stop)
        stream.begin()
        return record

    name = live.session.record.name
    if not params.compare:
        return Written(name, params.at, write(cast(Side, params.at)))
    base = write("base")
    return Written(name, "cursor", write("cursor"), base)


def sampling_of(params: GenerateParams, settings: Settings, seed: int) -> Sampling:
    """How to sample: as typed, else as the settings say.

    Whoever types how to draw does not want the settings' greedy.

    Args:
        seed: Seeds the draw where none was typed.
    """
    typed = {name: getattr(params, name) for name in ("temperature", "top_k", "top_p")}
    drawn = {name: getattr(settings, name) for name in typed}
    drawn.update((name, value) for name, value in typed.items() if value is not None)
    draws = params.seed is not None or any(value is not None for value in typed.values())
    return Sampling(
        max_new_tokens=(
            settings.max_new_tokens if params.max_new_tokens is None else params.max_new_tokens
        ),
        greedy=params.greedy or (settings.greedy and not draws),
        seed=seed if params.seed is None else params.seed,
        **drawn,
    )


class _Stream:
    """Emits a text as it is written, its prompt first; nothing where the model was never asked."""

    def __init__(self, context: Context, at: Side, prompt: str) -> None:
        self._context, self._at, self._prompt = context, at, prompt
        self._begun = False

    def begin(self) -> None:
        """Emit the prompt, once."""
        if not self._begun:
            self._begun = True
            self._context.emit(Chunk(self._at, self._prompt, prompt=True))

    def take(self, text: str) -> None:
        """Emit what was written."""
        self.begin()
        self._context.emit(Chunk(self._at, text))


def _live_to_ask(context: Context) -> LiveSession:
    """The live session; where another process writes to it, for reading: a model can be asked."""
    try:
        return context.live()
    except SessionBusyError as error:
        context.note(f"{error.message}; the text is not recorded")
        return context.live(write=False)


def _prompt(params: GenerateParams, context: Context) -> str:
    piped = params.prompt == ("-",)
    prompt = context.read_input().removesuffix("\n") if piped else " ".join(params.prompt)
    if not prompt:
        raise UsageError("the prompt is empty", "give the model a few words to write on from")
    return prompt


def _rule(name: str | None) -> Rule | None:
    from ...engine.rules import Rule

    return None if name is None else Rule(name)


def _hparams(name: str | None) -> Hparams | None:
    from ...sessions.options import find_hparams

    return None if name is None else find_hparams(name)


COMMANDS = (
    Command(
        name="edit",
        summary="write one fact into the model and record it as a step",
        params=EditParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=edit,
        group=GROUP,
        long=True,
        creates=True,
        examples=(
            f'edit "{_TYPED}"',
            'edit --prompt "{} was founded by" --subject Microsoft --target "Steve Jobs"',
            f'edit --rule rome "{_TYPED}"',
            f'edit --method ft-l "{_TYPED}"',
        ),
    ),
    Command(
        name="preview",
        summary="show what an edit would start from: tokens, lookup position, the target's rank",
        params=PreviewParams,
        effect=Effect.READ,
        scope=Scope.MODEL,
        run=preview,
        group=GROUP,
        long=True,
        creates=True,
        examples=(f'preview "{_TYPED}"',),
    ),
    Command(
        name="generate",
        summary="let the model write on from a prompt",
        params=GenerateParams,
        effect=Effect.WRITE,
        scope=Scope.MODEL,
        run=generate,
        group=GROUP,
        long=True,
        creates=True,
        examples=(
            'generate "LeBron James plays the sport of" --greedy --max-new-tokens 8',
            'generate "The Eiffel Tower is in" --compare --seed 3',
        ),
    ),
)
