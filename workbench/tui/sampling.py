"""How the workbench generates what is typed: the settings' parameters until they are changed.

Knows no widget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...engine.sampling import Sampling
from ...errors import UsageError
from ..settings import Settings

_KINDS: dict[str, type[int] | type[float]] = {
    "max_new_tokens": int,
    "temperature": float,
    "top_k": int,
    "top_p": float,
    "seed": int,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Parameters of the generations to come. `seed` None: the session's."""

    max_new_tokens: int = 40
    greedy: bool = False
    temperature: float = 1.0
    top_k: int = 5
    top_p: float = 1.0
    seed: int | None = None

    @classmethod
    def of(cls, settings: Settings) -> Choice:
        """What the settings say."""
        return cls(
            settings.max_new_tokens,
            settings.greedy,
            settings.temperature,
            settings.top_k,
            settings.top_p,
        )

    @classmethod
    def typed(cls, *, greedy: bool, **texts: str) -> Choice:
        """What was typed in a form.

        Raises:
            UsageError: A text is no number, or out of range.
        """
        found: dict[str, Any] = {}
        for name, text in texts.items():
            if text.strip():
                found[name] = _number(name, text.strip())
            elif name != "seed":
                raise UsageError(f"{name} is empty", "give a number")
        choice = cls(greedy=greedy, **found)
        choice.check()
        return choice

    def check(self) -> None:
        """Refuse what can't be sampled with.

        Raises:
            UsageError: A value is out of range.
        """
        Sampling(
            self.max_new_tokens, self.greedy, self.temperature, self.top_k, self.top_p,
            self.seed or 0,
        )  # fmt: skip

    def shown(self, name: str) -> str:
        """A parameter as it is typed."""
        value = getattr(self, name)
        return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    def params(self) -> dict[str, Any]:
        """As the command `generate` takes them."""
        if self.greedy:
            return {"greedy": True, "max_new_tokens": self.max_new_tokens}
        return {
            "max_new_tokens": self.max_new_tokens,
            "temperature": self.temperature,
            "top_k": self.top_k,
            "top_p": self.top_p,
            "seed": self.seed,
        }

    def words(self) -> list[str]:
        """In a few words each, for a line."""
        length = f"{self.max_new_tokens} token{'' if self.max_new_tokens == 1 else 's'}"
        if self.greedy:
            return [length, "greedy"]
        drawn = [f"temperature {self.temperature:g}"]
        drawn += [f"top-k {self.top_k}"] if self.top_k else []
        drawn += [f"top-p {self.top_p:g}"] if self.top_p < 1 else []
        seed = "the session's seed" if self.seed is None else f"seed {self.seed}"
        return [length, *drawn, seed]


def _number(name: str, text: str) -> int | float:
    try:
        return _KINDS[name](text)
    except ValueError:
        raise UsageError(f"{name} is {text!r}", "give a number") from None
