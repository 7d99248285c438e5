"""How Results look: rich renderables for people; the one door model text goes through.

Importing this package costs nothing; rich is imported when something is rendered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..commands.results import Result, StepBrief


def render(result: Result) -> RenderableType:
    """A Result as something to look at."""
    from .present import present

    return present(result)


def render_step_line(step: StepBrief) -> RenderableType:
    """One step of a run, on one line."""
    from .steps import step_line

    return step_line(step)
