"""`romebench --spec`: every command, option, setting and exit code as one JSON object."""

from __future__ import annotations

import json
from typing import Any

import click

from ... import __version__
from ..commands.common import common_params, session_option
from ..commands.describe import gives_table, results_of
from ..commands.options import SessionChoices
from ..commands.registry import declared
from ..commands.spec import Command, ParamSpec, fields_of
from ..settings import SETTINGS, Setting
from .fronts import OWN_WORDS
from .group import EXIT_CODES

VERSION = 1
"""Of this description; it grows when something in it changes its meaning."""


def spec_text() -> str:
    """The description as JSON."""
    return json.dumps(specification(), ensure_ascii=False, indent=1)


def specification() -> dict[str, Any]:
    """The description as plain data."""
    return {
        "spec": VERSION,
        "romebench": __version__,
        "exit_codes": {str(code.value): text for code, text in EXIT_CODES.items()},
        "common_options": [_option(each) for each in (session_option(), *common_params())],
        "session_options": [_param(each) for each in fields_of(SessionChoices)],
        "front_ends": OWN_WORDS,
        "commands": [_command(each) for each in declared()],
        "settings": [_setting(each) for each in SETTINGS],
    }


def _command(command: Command) -> dict[str, Any]:
    return {
        "name": command.name,
        "aliases": list(command.aliases),
        "group": command.group,
        "summary": command.summary,
        "effect": command.effect,
        "needs": command.scope,
        "long": command.long,
        "takes_session": command.takes_session,
        "takes_session_options": command.creates,
        "params": [_param(each) for each in fields_of(command.params)],
        "options": [_option(each) for each in common_params(command)],
        "results": [kind.kind for kind in results_of(command)],
        "csv": gives_table(command),
        "examples": list(command.examples),
    }


def _param(spec: ParamSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "flags": list(spec.flags),
        "argument": spec.argument,
        "many": spec.many,
        "required": spec.required,
        "type": spec.kind.__name__,
        "default": spec.default,
        "choices": list(spec.choices),
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "completes": spec.completes,
        "metavar": spec.metavar,
        "help": spec.help,
    }


def _option(option: click.Parameter) -> dict[str, Any]:
    assert isinstance(option, click.Option)
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    return {
        "flags": list(option.opts),
        "type": "bool" if option.is_flag else "int" if option.count else "str",
        "choices": list(choices),
        "help": option.help,
    }


def _setting(found: Setting) -> dict[str, Any]:
    return {
        "key": found.key,
        "variable": found.variable,
        "type": found.kind.__name__,
        "choices": list(found.choices),
        "minimum": found.minimum,
        "maximum": found.maximum,
        "help": found.about,
    }
