"""Every required parameter is missed, in every command."""

from __future__ import annotations

import pytest

from romebench.errors import UsageError
from romebench.workbench.commands.parsing import parse
from romebench.workbench.commands.registry import COMMANDS
from romebench.workbench.commands.spec import fields_of

REQUIRED = [
    (command, spec) for command in COMMANDS for spec in fields_of(command.params) if spec.required
]


@pytest.mark.parametrize(("command", "spec"), REQUIRED, ids=lambda value: value.name)
def test_a_required_parameter_is_missed(command, spec):
    words = command.name.split()
    for other in fields_of(command.params):
        if other.required and other.name != spec.name and not other.argument:
            words += [other.flags[0], "1"]
    # Arguments are filled from the left, so those before the missing one are given.
    if spec.argument:
        before = [s for s in fields_of(command.params) if s.argument and s.required]
        words += ["x"] * before.index(spec)
    else:
        words += ["x" for s in fields_of(command.params) if s.argument]
    with pytest.raises(UsageError, match="missing"):
        parse(words)
