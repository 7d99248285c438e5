"""The small pieces every rendering is made of: text, numbers, tables, verdicts.

Nothing here parses markup: what others wrote goes through `visible` into `rich.text.Text`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from .text import shortened, visible

LABEL = "dim"
CURSOR = "bold green"

_VERDICTS = {"ok": "green", "warn": "yellow", "collapsed": "bold red", "uncalibrated": "dim"}


def shown(text: object, style: str = "", *, width: int | None = None) -> Text:
    """What somebody wrote, on one line, at most `width` characters."""
    line = str(text)
    cut = visible(line, one_line=True) if width is None else shortened(line, width)
    return Text(cut, style=style)


def line(*parts: Text | str) -> Text:
    """Pieces one after the other; a plain string is our own text."""
    return Text.assemble(*parts)


def verdict(word: str) -> Text:
    """A verdict in its colour."""
    return Text(word, style=_VERDICTS.get(word, ""))


def ratio(value: object) -> str:
    """A relative norm, "0.0123"; an en dash where it is unknown."""
    return f"{value:.4f}" if isinstance(value, float | int) else "–"


def percent(value: object) -> str:
    """A probability, "0.04 %"; an en dash where it is unknown."""
    if not isinstance(value, float | int):
        return "–"
    return f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.1f} %"


def number(value: object) -> str:
    """A figure of any size in five digits."""
    if isinstance(value, bool) or not isinstance(value, float | int):
        return shortened(str(value), 60)
    return f"{value:.5g}" if isinstance(value, float) else f"{value:,}"


def seconds(value: object) -> str:
    """A duration, "1.24 s"."""
    return f"{value:.2f} s" if isinstance(value, float | int) else "–"


def size(count: int) -> str:
    """A file's size, "1.4 MB"."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def count(amount: int, noun: str) -> str:
    """A number of things, "1 step" or "3 steps"; nouns in -ch and -s take -es."""
    if amount == 1:
        return f"1 {noun}"
    return f"{amount:,} {noun}" + ("es" if noun.endswith(("ch", "s")) else "s")


def when(stamp: str) -> str:
    """A stored time, "2026-03-01 12:30", UTC as stored."""
    return stamp[:16].replace("T", " ")


def table(*columns: str, rows: Iterable[Sequence[Text | str]]) -> Table:
    """A plain table; a column whose name begins with ">" is set to the right."""
    made = Table(
        box=None,
        pad_edge=False,
        header_style=LABEL,
        padding=(0, 2, 0, 0),
        show_header=any(columns),
    )
    for name in columns:
        right = name.startswith(">")
        made.add_column(
            name.lstrip(">"),
            justify="right" if right else "left",
            # Numbers, and marks of one cell, are never what is cut where it gets narrow.
            min_width=max(1, cell_len(name.lstrip(">"))) if right or not name else None,
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in rows:
        made.add_row(*row)
    return made


def facts(rows: Iterable[tuple[str, Text | str]]) -> Table:
    """Names and values, one pair on a line; long values fold."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style=LABEL, no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, value)
    return made


class Fitting:
    """The first of several that is no wider than the terminal, else the last."""

    def __init__(self, *choices: RenderableType) -> None:
        self._choices = choices

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Measured without a limit: a table within one says that it fits."""
        free = options.update(max_width=10_000)
        for choice in self._choices[:-1]:
            if Measurement.get(console, free, choice).maximum <= options.max_width:
                yield choice
                return
        yield self._choices[-1]
