"""One record of a data set, in any of the field's shapes, as edit requests.

Knows the keys of ROME's dicts, CounterFact, zsRE (MEND) and EasyEdit; knows no files. A shape is
told by its keys, never by a file's name.

Sources of the shapes: kmeng01/rome (`requested_rewrite`, `dsets/zsre.py`), eric-mitchell/mend (zsRE
records), zjunlp/EasyEdit (`editor.edit` arguments and its KnowEdit files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..engine.request import EditRequest
from ..errors import RequestError

_Record = Mapping[str, Any]

_PARAPHRASES = ("paraphrase_prompts", "rephrase_prompts", "rephrase_prompt", "rephrase")
_NEIGHBOURS = ("neighborhood_prompts", "locality_prompts", "locality_prompt", "locality", "loc")
_CASE_IDS = ("case_id", "id")
_KNOWN_SHAPES = "give prompt, subject and target_new, or a record of CounterFact, zsRE or EasyEdit"


def requests_of(record: object) -> Iterator[EditRequest]:
    """The requests in one record: one, or as many as its parallel lists are long.

    Raises:
        RequestError: The record has no known shape, or a part is missing or malformed.
    """
    if not isinstance(record, Mapping):
        raise RequestError(f"not a request but {_short(record)}", _KNOWN_SHAPES)
    if isinstance(record.get("prompts"), (list, str)):
        yield from _parallel(record)
    elif "requested_rewrite" in record:
        yield _counterfact(record)
    elif "src" in record:
        yield _zsre(record)
    elif "prompt" in record:
        yield _flat(record)
    else:
        raise RequestError(f"no request with the keys {_keys(record)}", _KNOWN_SHAPES)


def template(prompt: str, subject: str) -> str:
    """`prompt` with `{}` for the subject: as it is where it has one, else at the subject's first
    mention as a word of its own, else at its first mention.

    Only one mention is replaced: the others stay text (the published loaders replace all, and an
    edit with two places for the subject can't be made).

    Raises:
        RequestError: The subject does not occur.
    """
    if "{}" in prompt or not subject.strip():
        return prompt
    literal = re.escape(subject)
    found = re.search(rf"(?<!\w){literal}(?!\w)", prompt) or re.search(literal, prompt)
    if found is None:
        raise RequestError(
            f"the subject {subject!r} does not occur in the prompt {prompt!r}",
            "put {} into the prompt where the subject goes",
        )
    return prompt[: found.start()] + "{}" + prompt[found.end() :]


def _counterfact(record: _Record) -> EditRequest:
    rewrite = record["requested_rewrite"]
    if not isinstance(rewrite, Mapping):
        raise RequestError(f"requested_rewrite is {_short(rewrite)}", "it should be an object")
    return _flat({**record, **rewrite})


def _zsre(record: _Record) -> EditRequest:
    """MEND's records: `alt` is the edit's target where it is given (as in the record's own `cond`
    line and in EasyEdit), else the first of `answers` (as in kmeng01/rome)."""
    answers = record.get("answers")
    target = record["alt"] if "alt" in record else record.get("target_new", answers)
    return _flat(
        {**record, "prompt": record["src"], "target_new": target, "ground_truth": answers},
    )


def _flat(record: _Record) -> EditRequest:
    """ROME's dicts, EasyEdit's records, and romebench's own form."""
    subject = _text(record, "subject")
    return EditRequest(
        prompt=template(_text(record, "prompt"), subject),
        subject=subject,
        target_new=_target(record, "target_new"),
        target_true=_true_target(record),
        case_id=_case_id(record),
        paraphrase_prompts=_first_prompts(record, _PARAPHRASES),
        neighborhood_prompts=_first_prompts(record, _NEIGHBOURS),
        attribute_prompts=_first_prompts(record, ("attribute_prompts",)),
        generation_prompts=_first_prompts(record, ("generation_prompts",)),
    )


def _parallel(record: _Record) -> Iterator[EditRequest]:
    """EasyEdit's `editor.edit` arguments: one list for each part, all of one length."""
    columns = {
        "prompt": _column(record, "prompts"),
        "subject": _column(record, "subjects" if "subjects" in record else "subject"),
        "target_new": _column(record, "target_new"),
    }
    for key, name in (("ground_truth", "ground_truth"), ("rephrase_prompts", "rephrase_prompts")):
        if record.get(key) is not None:
            columns[name] = _column(record, key)
    columns.update(_locality_columns(record.get("locality_inputs")))
    length = len(columns["prompt"])
    for name, column in columns.items():
        if len(column) != length:
            raise RequestError(
                f"{name} has {len(column)} entries where prompts has {length}",
                "parallel lists are of one length",
            )
    for i in range(length):
        row = {name: column[i] for name, column in columns.items()}
        row["locality"] = {name: row.pop(name) for name in list(row) if name.startswith("loc:")}
        try:
            yield _flat(row)
        except RequestError as error:
            raise RequestError(f"entry {i} of the lists: {error.message}", error.hint) from None


def _locality_columns(inputs: object) -> dict[str, list[Any]]:
    if not isinstance(inputs, Mapping):
        return {}
    return {
        f"loc:{name}": _column(part, "prompt")
        for name, part in inputs.items()
        if isinstance(part, Mapping) and "prompt" in part
    }


def _column(record: _Record, key: str) -> list[Any]:
    value = record.get(key)
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise RequestError(f"{key} is {_short(value)}", "it should be a list, as prompts is")
    return value


def _text(record: _Record, key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        what = "no" if value is None else f"{_short(value)} for"
        raise RequestError(f"the request has {what} {key}", f"{key} should be text")
    return value


def _target(record: _Record, key: str) -> str:
    """A target as text: plain, as `{"str": …}`, or the first of a list of answers."""
    value = record.get(key)
    while isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, Mapping):
        value = value.get("str")
    return _text({key: value}, key)


def _true_target(record: _Record) -> str | None:
    for key in ("target_true", "ground_truth"):
        if record.get(key) not in (None, "", [], "<|endoftext|>"):
            return _target(record, key)
    return None


def _case_id(record: _Record) -> str | None:
    for key in _CASE_IDS:
        if isinstance(record.get(key), (int, str)):
            return str(record[key])
    return None


def _first_prompts(record: _Record, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The prompts under the first of `keys` that the record has."""
    for key in keys:
        if record.get(key) is not None:
            return tuple(_prompts(key, record[key]))
    return ()


def _prompts(key: str, value: object) -> Iterator[str]:
    """Prompts however nested: text, a list, `{"prompt": …}`, or categories of these."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _prompts(key, item)
    elif isinstance(value, Mapping):
        for item in [value["prompt"]] if "prompt" in value else value.values():
            yield from _prompts(key, item)
    elif value is not None:
        raise RequestError(f"{key} holds {_short(value)}", "prompts are text")


def _keys(record: _Record) -> str:
    return ", ".join(repr(str(key)) for key in list(record)[:8]) or "(none)"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
