"""What `f1` shows of a pane: a title and a few lines about what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Help:
    """Help on a pane.

    Attributes:
        title: The pane's name.
        text: Plain text; blank lines part paragraphs. Keys are listed below it by themselves.
    """

    title: str
    text: str


@runtime_checkable
class Helpable(Protocol):
    """A widget that can be asked what it is for."""

    help: Help
