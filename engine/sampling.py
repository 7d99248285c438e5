"""How a text is sampled. Needs no tensors, so that front ends can validate without them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Sampling:
    """Parameters of one generation.

    Attributes:
        max_new_tokens: How many tokens are written at most.
        greedy: Always take the likeliest token; the rest below is then unused.
        temperature: Divides the logits.
        top_k: Only the k likeliest tokens are drawn from; 0 for all.
        top_p: Only the likeliest tokens that hold this much probability are drawn from.
        seed: Of this generation alone; the same seed gives the same text.

    Raises:
        UsageError: A value is out of range.
    """

    max_new_tokens: int = 40
    greedy: bool = False
    temperature: float = 1.0
    top_k: int = 5
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        bounds = (
            (self.max_new_tokens >= 1, "max_new_tokens", self.max_new_tokens, "1 or more"),
            (self.temperature > 0, "temperature", self.temperature, "above 0, or use greedy"),
            (self.top_k >= 0, "top_k", self.top_k, "0 or more"),
            (0 < self.top_p <= 1, "top_p", self.top_p, "above 0 and at most 1"),
            (0 <= self.seed < 2**63, "seed", self.seed, "0 or more"),
        )
        for holds, name, value, bound in bounds:
            if not holds:
                raise UsageError(f"{name} is {value}", f"give {bound}")

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)
