"""The cases of an evaluation: records of CounterFact or zsRE with all the prompts that test them.

Knows files and the embedded evaluation set; knows no model and no store.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from ...engine.request import EditRequest
from ...errors import FileFormatError, RequestError, UsageError
from ...store.records import Json
from ..requests import read_records
from ..shapes import requests_of, template

POCKET_DATA = "pocket"
"""What names the embedded evaluation set instead of a file."""


class Dataset(StrEnum):
    """A kind of evaluation."""

    COUNTERFACT = "counterfact"
    ZSRE = "zsre"


class ZsreTarget(StrEnum):
    """Which answer of a zsRE record is written."""

    ANSWERS = "answers"
    """The first of `answers`, the true one, as kmeng01/rome does."""
    ALT = "alt"
    """`alt`, a false one, as MEND and EasyEdit do."""


@dataclass(frozen=True, slots=True)
class EvalCase:
    """One record.

    Attributes:
        case_id: Its number: CounterFact's own, zsRE's place in the file.
        request: The edit.
        rewrite: The record's `requested_rewrite`, as published case files repeat it.
        paraphrase_prompts: Other ways to ask.
        neighborhood_prompts: CounterFact: the same question of other subjects.
        attribute_prompts: CounterFact: prompts of subjects that have the new target already.
        neighborhood_answers: zsRE: unrelated questions with their answers.
        generation_prompts: Openings to write on from.
    """

    case_id: int
    request: EditRequest
    rewrite: Json
    paraphrase_prompts: tuple[str, ...]
    neighborhood_prompts: tuple[str, ...] = ()
    attribute_prompts: tuple[str, ...] = ()
    neighborhood_answers: tuple[tuple[str, str], ...] = ()
    generation_prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseData:
    """The cases of a source.

    Attributes:
        source: "pocket test", or the file's name.
        sha256: Of the file, or of the embedded set.
        cases: In the source's order.
    """

    source: str
    sha256: str
    cases: tuple[EvalCase, ...]

    def chosen(self, limit: int | None, seed: int) -> tuple[EvalCase, ...]:
        """All cases in order, or so many of them drawn with a seed, in the order drawn.

        Raises:
            UsageError: There are fewer.
        """
        if limit is None:
            return self.cases
        if limit > len(self.cases):
            raise UsageError(
                f"{self.source} has {len(self.cases)} cases, not {limit}",
                "leave --limit out to take all",
            )
        return tuple(random.Random(seed).sample(self.cases, limit))


def read_cases(
    data: str, dataset: Dataset, *, split: str = "test", target: ZsreTarget = ZsreTarget.ANSWERS
) -> CaseData:
    """The cases of a file, or of the embedded set.

    Args:
        data: A file, or "pocket".
        split: Part of the embedded set.
        target: Which answer of a zsRE record is written.

    Raises:
        FileFormatError: The file can't be read, or a record isn't of the data set; names the line.
        UsageError: Two records have one case id; the embedded set is not of this kind.
    """
    counterfact = dataset is Dataset.COUNTERFACT
    make = counterfact_case if counterfact else partial(zsre_case, target=target)
    if data != POCKET_DATA:
        path = Path(data).expanduser()
        found = _made(data, read_records(path), make)
        return CaseData(data, hashlib.sha256(path.read_bytes()).hexdigest(), found)
    if not counterfact:
        raise UsageError("the embedded set is in CounterFact's form", "name a file of zsRE records")
    from ...engine.pocket import evaluation_set

    records = evaluation_set(split)
    digest = hashlib.sha256(json.dumps(records, ensure_ascii=False).encode()).hexdigest()
    return CaseData(f"pocket {split}", digest, _made("pocket", enumerate(records, 1), make))


def _made(
    source: str, records: Iterable[tuple[int, Any]], make: Callable[[int, Any], EvalCase]
) -> tuple[EvalCase, ...]:
    cases: dict[int, EvalCase] = {}
    for number, (line, record) in enumerate(records):
        try:
            case = make(number, record)
        except RequestError as error:
            raise FileFormatError(f"{source}:{line}: {error.message}", error.hint) from None
        if case.case_id in cases:
            raise FileFormatError(
                f"{source}:{line}: case {case.case_id} is there already", "give each its own id"
            )
        cases[case.case_id] = case
    if not cases:
        raise FileFormatError(f"{source}: no records in it", "name a file of records")
    return tuple(cases.values())


def counterfact_case(number: int, record: Any) -> EvalCase:
    """A CounterFact record.

    Args:
        number: Its place, which stands for a missing `case_id`.

    Raises:
        RequestError: It is no such record.
    """
    if not isinstance(record, Mapping) or not isinstance(record.get("requested_rewrite"), Mapping):
        raise RequestError("not a CounterFact record", "it has requested_rewrite")
    (request,) = requests_of(record)
    if request.target_true is None:
        raise RequestError("the record has no target_true", "CounterFact compares it with the new")
    given = record.get("case_id", number)
    if not isinstance(given, int):
        raise RequestError(f"the case_id is {given!r:.40}", "it is a whole number")
    return EvalCase(
        case_id=given,
        request=_bare(request, given),
        rewrite=dict(record["requested_rewrite"]),
        paraphrase_prompts=request.paraphrase_prompts,
        neighborhood_prompts=request.neighborhood_prompts,
        attribute_prompts=request.attribute_prompts,
        generation_prompts=request.generation_prompts,
    )


def zsre_case(number: int, record: Any, target: ZsreTarget = ZsreTarget.ANSWERS) -> EvalCase:
    """A zsRE record in MEND's form; only the first mention of the subject becomes `{}`.

    Raises:
        RequestError: A part is missing.
    """
    if not isinstance(record, Mapping):
        raise RequestError("not a zsRE record", "it has src, rephrase, answers, loc, loc_ans")
    answers = record.get("answers")
    answer = answers[0] if isinstance(answers, list) and answers else None
    if target is ZsreTarget.ALT:
        answer = record.get("alt")
    parts = {key: record.get(key) for key in ("subject", "src", "rephrase", "loc", "loc_ans")}
    parts[str(target)] = answer
    for key, value in parts.items():
        if not isinstance(value, str) or not value.strip():
            raise RequestError(f"the zsRE record has no text for {key}", f"it is {value!r:.60}")
    text = {key: str(value) for key, value in parts.items()}
    prompt = template(text["src"], text["subject"])
    request = EditRequest(prompt, text["subject"], text[str(target)])
    rewrite = {
        "prompt": prompt,
        "subject": text["subject"],
        "target_new": {"str": text[str(target)]},
        "target_true": {"str": "<|endoftext|>"},
    }
    return EvalCase(
        case_id=number,
        request=_bare(request, number),
        rewrite=rewrite,
        paraphrase_prompts=(text["rephrase"],),
        neighborhood_answers=((text["loc"] + "?", text["loc_ans"]),),
    )


def _bare(request: EditRequest, case_id: int) -> EditRequest:
    """The request without what the evaluation itself writes on from."""
    return replace(request, case_id=str(case_id), generation_prompts=())
