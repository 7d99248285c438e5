"""What a run will do, fixed before its first edit and stored with the session.

A run that goes on must be the run that began: the plan is compared part by part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from ...engine.metrics.words import DEFAULT_TOKENISER, Tokeniser
from ...errors import StoreError, UsageError
from ...store.records import Json


class Mode(StrEnum):
    """What each edit is made on."""

    BASE = "base"
    """Each on the unedited model, as the ROME paper evaluates."""
    SEQUENTIAL = "sequential"
    """Each on top of those before it."""


@dataclass(frozen=True, slots=True)
class EvalPlan:
    """One evaluation.

    Attributes:
        dataset: "counterfact" or "zsre".
        source: Where the cases came from.
        sha256: Of that source.
        method: The editing method: a rule of ROME, or a baseline.
        mode: Base or sequential.
        case_ids: The cases, in the order they are taken.
        generate: Write texts and score their fluency.
        tokeniser: How texts are cut into words.
        references: What consistency is scored against; None where it isn't.
        options: What else decides the figures: which zsRE answer, a baseline's hyperparameters.
    """

    dataset: str
    source: str
    sha256: str
    method: str
    mode: Mode
    case_ids: tuple[int, ...]
    generate: bool = True
    tokeniser: Tokeniser = DEFAULT_TOKENISER
    references: Json | None = None
    options: Json | None = None

    @property
    def method_hparams(self) -> Json | None:
        """A baseline's hyperparameters; None for a rule, whose are the session's."""
        found = (self.options or {}).get("hparams")
        return found if isinstance(found, dict) else None

    @property
    def uses_second_moment(self) -> bool:
        """Whether C means anything to the method."""
        return self.method_hparams is None

    def to_json(self) -> Json:
        """A JSON object."""
        return {**asdict(self), "case_ids": list(self.case_ids)}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> EvalPlan:
        """Read what `to_json` wrote.

        Raises:
            StoreError: It is no plan.
        """
        try:
            values = dict(data)
            values["mode"] = Mode(str(values["mode"]))
            values["tokeniser"] = Tokeniser(str(values["tokeniser"]))
            values["case_ids"] = tuple(values["case_ids"])  # type: ignore[arg-type]
            return cls(**values)  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"the stored plan of the evaluation is damaged ({error})") from None

    def check_same(self, asked: EvalPlan, session: str) -> None:
        """Raise where another run was asked for than the one that began.

        Raises:
            UsageError: Names the first part that differs.
        """
        old, new = self.to_json(), asked.to_json()
        for key, value in old.items():
            # Where a file lies may change; what is in it may not.
            if key == "source" or new[key] == value:
                continue
            raise UsageError(
                f"the evaluation in session {session!r} has another {_NAMES.get(key, key)}"
                f"{_difference(value, new[key])}",
                "ask for the same again to go on with it, or give another --name",
            )


_NAMES = {"sha256": "data file, by its sha256", "case_ids": "sample", "generate": "choice of texts"}
"""What a part of the plan is called, where its key says too little."""


def _difference(old: object, new: object) -> str:
    if isinstance(old, list) and isinstance(new, list):
        return f" ({len(old)} cases, not {len(new)}, or others)"
    return f": {old}, not {new}" if not isinstance(old, Mapping | None) else ""
