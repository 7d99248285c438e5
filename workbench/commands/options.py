"""The options of a session that a command may have to create first."""

from __future__ import annotations

from ...engine.rules import DEFAULT_RULE, Rule
from .spec import Params, param

RULES = tuple(rule.value for rule in Rule)


class SessionChoices(Params):
    """What was asked of a session. None: nothing was, so an existing session decides.

    They take effect where the session does not exist yet; against an existing session they are
    checked, and a contradiction is a UsageError.
    """

    model: str | None = param(
        "Model: pocket (the embedded one), a hub name, or a folder. [default: pocket]",
        "-m",
        default=None,
        completes="model",
    )
    revision: str | None = param("Commit or tag of the model on the hub.", default=None)
    rule: str | None = param(
        f"Update rule of the session. [default: {DEFAULT_RULE}]",
        "-r",
        default=None,
        choices=RULES,
    )
    hparams: str | None = param(
        "Hyperparameters: a preset or a JSON file in the field's keys. [default: the model's]",
        default=None,
        completes="preset",
        metavar="PRESET|FILE",
    )
    contexts: str | None = param(
        "JSON list of context templates. [default: drawn from the model with the seed]",
        default=None,
        completes="file",
        metavar="FILE",
    )
    stats: str | None = param(
        "Second moments C of the site's inputs; none means C = I. [default: the model's own]",
        default=None,
        completes="file",
        metavar="FILE|none",
    )
    device: str | None = param("auto, cpu, cuda, cuda:N. [default: auto]", default=None)
    dtype: str | None = param(
        "Precision the model is held in. [default: auto]",
        default=None,
        choices=("auto", "float16", "bfloat16", "float32", "float64"),
    )
    seed: int | None = param("Seeds contexts and generations. [default: 0]", default=None)
    trust_remote_code: bool | None = param(
        "Run code that comes with the model (off unless asked for).", default=None
    )
    vitals: str | None = param(
        "What is measured after each step: cheap (norms, u·k, the edit itself) or full (also "
        "perplexity, entropy, earlier edits). [default: full; eval: cheap]",
        default=None,
        choices=("cheap", "full"),
    )
    guard: str | None = param(
        "What a verdict does: off, warn, stop (the run ends), undo (the step too). [default: stop]",
        default=None,
        choices=("off", "warn", "stop", "undo"),
    )

    @property
    def typed(self) -> dict[str, object]:
        """The options that were given."""
        return {name: value for name, value in self.values().items() if value is not None}

    @property
    def for_any_session(self) -> SessionChoices:
        """Those that say nothing of the session, only of how it is loaded and watched."""
        return SessionChoices(
            device=self.device,
            trust_remote_code=self.trust_remote_code,
            vitals=self.vitals,
            guard=self.guard,
        )

    def over(self, other: SessionChoices) -> SessionChoices:
        """These choices, and `other`'s where none was made here."""
        return SessionChoices(**{**other.values(), **self.typed})
