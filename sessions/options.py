"""What can be asked of a session before it exists, and whether an existing one agrees.

Knows no model; never imports torch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from ..engine.rules import DEFAULT_RULE, Rule
from ..errors import UsageError
from ..hparams import (
    Hparams,
    load_preset,
    preset_for,
    preset_names,
    read_hparams,
    rule_of_flags,
)
from ..store.records import SessionRecord
from .watch.levels import Watch

DEFAULT_MODEL = "pocket"
"""The model of a session that names none: the embedded one."""

NO_STATISTICS = "none"
"""What `stats` says for C = I."""

MAX_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What was asked for; None: nothing was.

    Attributes:
        model: "pocket", a folder, or a hub name.
        revision: Commit or tag of a hub model.
        rule: Update rule.
        hparams: A preset's name or a JSON file.
        contexts: A JSON file of context templates; drawn from the model where None.
        stats: A file of second moments, or "none" for C = I.
        device: auto, cpu, cuda, cuda:N or map.
        dtype: auto or a dtype.
        seed: Seeds contexts and generations.
        trust_remote_code: Run code that comes with the model.
        vitals: cheap or full; what is taken after each step.
        guard: off, warn, stop or undo; what a verdict does.
    """

    model: str | None = None
    revision: str | None = None
    rule: str | None = None
    hparams: str | None = None
    contexts: str | None = None
    stats: str | None = None
    device: str | None = None
    dtype: str | None = None
    seed: int | None = None
    trust_remote_code: bool | None = None
    vitals: str | None = None
    guard: str | None = None

    def __post_init__(self) -> None:
        if self.rule is not None and self.rule not in set(Rule):
            raise UsageError(f"{self.rule!r} is no rule", f"rules: {', '.join(Rule)}")
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise UsageError(f"the seed is {self.seed}", f"give 0 to {MAX_SEED}")
        Watch().changed(self.vitals, self.guard)

    @property
    def watch(self) -> Watch:
        """How a new session is watched: with the full vitals where nothing else was asked for."""
        return Watch.of(None).changed(self.vitals, self.guard)

    @property
    def model_name(self) -> str:
        """The model's name as a session records it: a folder by its full path, so that the
        session can be taken up again from anywhere."""
        return full_name(self.model or DEFAULT_MODEL)


def full_name(model: str) -> str:
    """A folder's full path; any other name as it is."""
    folder = Path(model).expanduser()
    return str(folder.resolve()) if model != DEFAULT_MODEL and folder.is_dir() else model


def session_stem(model: str) -> str:
    """What a session on a model is called where no name is given."""
    last = model.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in last).strip("-.")
    return kept[:48] or "session"


def choose_hparams(options: SessionOptions) -> tuple[Hparams | None, Rule]:
    """Hyperparameters and rule for a new session; None where none are known for the model.

    A file with rebuilding-rome's flags names its rule itself; a rule that was asked for wins.
    Statistics that were asked for are used, also with a preset that was published with C = I.

    Raises:
        HparamsError: No such preset; a key is wrong.
        FileFormatError: The file can't be read.
    """
    model = options.model or DEFAULT_MODEL
    name = options.hparams if options.hparams is not None else preset_for(model)
    if name is None:
        return None, Rule(options.rule or DEFAULT_RULE)
    hparams = with_statistics(find_hparams(name), options.stats)
    return hparams, Rule(options.rule or rule_in_file(name) or DEFAULT_RULE)


def with_statistics(hparams: Hparams, stats: str | None) -> Hparams:
    """The hyperparameters with C in use where a file of it was named."""
    if stats is None or stats == NO_STATISTICS:
        return hparams
    return replace(hparams, mom2_adjustment=True)


def find_hparams(name: str) -> Hparams:
    """Hyperparameters by a preset's name, else from a file.

    Raises:
        HparamsError: Neither a preset nor a file, or a key is wrong.
        FileFormatError: The file can't be read.
    """
    if name in preset_names():
        return load_preset(name)
    path = Path(name).expanduser()
    if not path.exists() and path.suffix != ".json":
        return load_preset(name)
    return read_hparams(path)


def rule_in_file(name: str) -> str | None:
    """The rule that a file of hyperparameters names; None for a preset, and where there is none."""
    path = Path(name).expanduser()
    if name in preset_names() or not path.is_file():
        return None
    return rule_of_flags(json.loads(path.read_text(encoding="utf-8")))


def check_options(options: SessionOptions, record: SessionRecord) -> None:
    """Raise where something that was asked for contradicts a session that exists.

    Device and code trust may differ each time; contexts and statistics are compared when read.

    Raises:
        UsageError: Names the option, the session's value and the one asked for.
    """
    _agree(record, "model", record.model, options.model and options.model_name)
    _agree(record, "revision", record.revision, options.revision)
    _agree(record, "rule", record.rule, options.rule)
    _agree(record, "dtype", record.dtype, None if options.dtype == "auto" else options.dtype)
    _agree(record, "seed", record.seed, options.seed)
    if options.hparams is not None:
        recorded = Hparams.from_json(record.hparams)
        found = find_hparams(options.hparams)
        # C that was asked for with `--stats FILE` is no contradiction to a preset without it.
        if recorded not in (found, replace(found, mom2_adjustment=True)):
            raise _contradiction(record, "hparams", "others", options.hparams)
    if options.contexts is not None:
        from ..engine.contexts import read_contexts

        if read_contexts(Path(options.contexts).expanduser()) != record.contexts:
            raise _contradiction(record, "contexts", "others", options.contexts)
    if options.stats is not None and (options.stats == NO_STATISTICS) != (
        record.statistics is None
    ):
        had = "none (C = I)" if record.statistics is None else "statistics"
        raise _contradiction(record, "stats", had, options.stats)


def _agree(record: SessionRecord, option: str, recorded: object, asked: object) -> None:
    if asked is not None and asked != recorded:
        raise _contradiction(record, option, recorded, asked)


def _contradiction(
    record: SessionRecord, option: str, recorded: object, asked: object
) -> UsageError:
    return UsageError(
        f"session {record.name!r} was made with {option} {recorded}, not {asked}",
        f"leave --{option} out, or make another session with --session NAME",
    )
