"""Edit requests: what a user asks the model to say, and how a typed line becomes one.

Knows no tensors: the front ends validate with this module as the user types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..errors import RequestError

_EXAMPLE = "[LeBron James] plays the sport of => football"


@dataclass(frozen=True, slots=True)
class EditRequest:
    """One fact to write: with `subject` in the `{}` of `prompt`, the model should say `target_new`.

    Attributes:
        prompt: Prompt template with exactly one `{}`, where the subject goes.
        subject: The subject as it stands in the text.
        target_new: What the model should say next. A missing leading space is added by the engine.
        target_true: What it says now, where that is known.
        case_id: The record's own number in its data set.
        paraphrase_prompts: Other ways to ask, subject filled in.
        neighborhood_prompts: The same question of other subjects, which should not change.
        attribute_prompts: Prompts of other subjects that have `target_new` already.
        generation_prompts: Openings to write on from, before and after the edit.

    Raises:
        RequestError: A part is missing or malformed; the message names it.
    """

    prompt: str
    subject: str
    target_new: str
    target_true: str | None = None
    case_id: str | None = None
    paraphrase_prompts: tuple[str, ...] = ()
    neighborhood_prompts: tuple[str, ...] = ()
    attribute_prompts: tuple[str, ...] = ()
    generation_prompts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        holes = self.prompt.count("{}")
        if holes != 1:
            raise RequestError(
                f"the prompt {self.prompt!r} has {holes or 'no'} {{}}",
                "put exactly one {} where the subject goes",
            )
        if not self.subject.strip():
            raise RequestError("the subject is empty", f"for example {_EXAMPLE}")
        if not self.target_new.strip():
            raise RequestError("the target is empty", f"for example {_EXAMPLE}")
        if self.target_true is not None and not self.target_true.strip():
            raise RequestError("the true target is empty", "give a word, or leave it out")

    @property
    def text(self) -> str:
        """The prompt with the subject in it."""
        return self.prompt.replace("{}", self.subject)

    @property
    def typed(self) -> str:
        """The request in the form a user types."""
        before, after = self.prompt.split("{}")
        return f"{before}[{self.subject}]{after} => {self.target_new.strip()}"

    def to_json(self) -> dict[str, Any]:
        """A JSON object; parts that are empty are left out."""
        out: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or value == ():
                continue
            out[field.name] = list(value) if isinstance(value, tuple) else value
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EditRequest:
        """Read what `to_json` wrote.

        Raises:
            RequestError: A key is missing or unknown, or a value is of the wrong type.
        """
        known = {field.name for field in fields(cls)}
        for key in data:
            if key not in known:
                raise RequestError(f"unknown request key {key!r}", f"keys: {', '.join(known)}")
        for key in ("prompt", "subject", "target_new"):
            if not isinstance(data.get(key), str):
                raise RequestError(f"the request has no text for {key!r}", f"it is {data!r:.120}")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
        }
        return cls(**values)


def parse_typed(line: str) -> EditRequest:
    """Read `The capital of [Poland] is => Paris`.

    The subject stands in square brackets, once; `\\[` and `\\]` are literal brackets. What stands
    before and after it, up to the last ` =>`, is the prompt.

    Raises:
        RequestError: The line isn't of that form; the message says what is missing.
    """
    literal = line.replace("\\[", "\0").replace("\\]", "\1")
    left, arrow, target = literal.rpartition("=>")
    if not arrow:
        raise RequestError(f"no => in {line!r}", f"for example {_EXAMPLE}")
    if left.count("[") != 1 or left.count("]") != 1 or left.index("[") > left.index("]"):
        raise RequestError(
            f"the subject isn't in one pair of [ ] in {line!r}", f"for example {_EXAMPLE}"
        )
    before, rest = left.split("[")
    subject, after = rest.split("]")
    if "{}" in before + after:
        raise RequestError(
            f"{line!r} has {{}} beside the subject in [ ]", "use one of the two forms"
        )
    prompt = _restore(before.lstrip() + "{}" + after.rstrip())
    return EditRequest(prompt, _restore(subject), _restore(target.strip()))


def _restore(text: str) -> str:
    """Bring escaped brackets back."""
    return text.replace("\0", "[").replace("\1", "]")
