"""Which Results a command gives, read from its declaration. Imports the whole command layer."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from .results import Result

if TYPE_CHECKING:
    from .spec import Command


@cache
def results_of(command: Command) -> tuple[type[Result], ...]:
    """The Results a command gives, from the return annotation of what runs it."""
    annotation = str(inspect.signature(command.run).return_annotation)
    return tuple(_kinds()[name.strip()] for name in annotation.split("|"))


@cache
def _kinds() -> dict[str, type[Result]]:
    """Every Result by the name of its class: what runs a command imports its own only then."""
    found: dict[str, type[Result]] = {}
    package = __name__.rpartition(".")[0]
    folder = importlib.import_module(package).__path__
    for module in pkgutil.iter_modules(folder, package + "."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, type) and issubclass(value, Result):
                found[name] = value
    return found


def gives_table(command: Command) -> bool:
    """Whether what it gives can be printed as CSV."""
    return all(kind.is_table() for kind in results_of(command))
