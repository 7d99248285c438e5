"""Column types of the store: JSON, whole numbers of any size, and floats that may be NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect, Double, Text
from sqlalchemy.types import TypeDecorator


def to_text(value: Any) -> str:
    """Compact JSON in the value's own key order.

    Text stays readable in the file; only strings that no UTF-8 can hold (lone surrogates, as a
    shell with broken bytes hands them over) are written as escapes. NaN and the infinities are
    kept, as Python writes them: the diagnostics of an edit that went wrong hold them.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text


def canonical(value: Any) -> str:
    """JSON that is the same text for equal values: sorted keys, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class JsonText(TypeDecorator[Any]):
    """A JSON value as text; None is NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Python value to text."""
        return None if value is None else to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Text to Python value."""
        return None if value is None else json.loads(value)


class WholeNumber(TypeDecorator[int]):
    """An integer as decimal text: a torch seed goes to 2**64 - 1, SQLite's own to 2**63 - 1."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """Integer to decimal text."""
        return None if value is None else str(int(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        """Decimal text to integer."""
        return None if value is None else int(value)


class AnyFloat(TypeDecorator[float]):
    """A float that may be NaN, which SQLite would turn into NULL: a probe that ran, and failed.

    NaN is kept as text, which a column of numbers leaves as it is. The processors are replaced
    whole, since `Double`'s own would make a float of the text again.
    """

    impl = Double
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Python value to what SQLite is given."""

        def bind(value: float | None) -> float | str | None:
            return "NaN" if value is not None and math.isnan(value) else value

        return bind

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any]:
        """What SQLite gives back to a Python value."""

        def result(value: float | str | None) -> float | None:
            return None if value is None else float(value)

        return result
