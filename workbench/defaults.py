"""What the settings say of a session that is made now. Knows settings and options, no session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .commands.options import SessionChoices

if TYPE_CHECKING:
    from .settings import Settings


def session_defaults(settings: Settings, asked: SessionChoices) -> SessionChoices:
    """The settings for a new session, without those that what was asked for speaks against.

    Hyperparameters belong to a model: those of the settings count for the model of the settings
    only. A rule that a file of hyperparameters names is nearer than the rule of the settings.
    """
    same_model = asked.model is None or asked.model == settings.model
    rule = settings.rule
    if asked.hparams is not None and rule is not None:
        from ..sessions.options import rule_in_file

        rule = None if rule_in_file(asked.hparams) else rule
    return SessionChoices(
        model=settings.model,
        rule=rule,
        hparams=settings.hparams if same_model else None,
        device=settings.device,
        dtype=settings.dtype,
        seed=settings.seed,
        vitals=settings.vitals,
        guard=settings.guard,
    )
