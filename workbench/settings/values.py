"""The settings as the program reads them: one frozen value. Their sources are in layers.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .schema import EditingMode, Pager


@dataclass(frozen=True, slots=True)
class Settings:
    """What counts where the command line says nothing. None: the session or the program decides.

    Attributes:
        model: Model of a new session.
        rule: Update rule of a new session.
        hparams: Hyperparameters of a new session.
        device: Where models are held.
        dtype: Precision of a new session.
        seed: Seed of a new session.
        vitals: What is measured after each step.
        guard: What a verdict does.
        max_new_tokens: Tokens a generation writes.
        greedy: Generations take the likeliest token.
        temperature: Of a generation.
        top_k: Of a generation; 0: all tokens.
        top_p: Of a generation.
        theme: Name of the workbench's theme; None: the one chosen there last.
        color: Colour on the command line: "auto", "always" or "never".
        editing_mode: How lines are edited in the REPL.
        pager: When the REPL pages a long result.
        keys: Action to keys, as written: "u" or "u,ctrl+z"; an empty text takes the key away.
    """

    model: str | None = None
    rule: str | None = None
    hparams: str | None = None
    device: str | None = None
    dtype: str | None = None
    seed: int | None = None
    vitals: str | None = None
    guard: str | None = None
    max_new_tokens: int = 40
    greedy: bool = False
    temperature: float = 1.0
    top_k: int = 5
    top_p: float = 1.0
    theme: str | None = None
    color: str = "auto"
    editing_mode: EditingMode = EditingMode.EMACS
    pager: Pager = Pager.AUTO
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
