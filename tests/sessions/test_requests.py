"""Every shape of request people have, and broken files named by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from romebench.engine.request import EditRequest
from romebench.errors import FileFormatError, RequestError
from romebench.sessions.requests import find_requests, read_requests
from romebench.sessions.shapes import requests_of, template

DATA = Path(__file__).parent / "data"
JOBS = {"prompt": "{} was the founder of", "subject": "Steve Jobs"}


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


def test_counterfact() -> None:
    found = find_requests(DATA / "counterfact_3.json")
    assert len(found) == 3
    first = found[0].request
    assert (first.prompt, first.subject) == ("{} is located in", "Angola")
    assert (first.target_new, first.target_true) == ("Antarctica", "Africa")
    assert first.case_id == "20952"
    assert len(first.paraphrase_prompts) == 2
    assert len(first.neighborhood_prompts) == 10
    assert len(first.attribute_prompts) == 10
    assert len(first.generation_prompts) == 10
    lines = (DATA / "counterfact_3.json").read_text(encoding="utf-8").split("\n")
    assert [lines[f.line - 1].strip() for f in found] == ["{"] * 3


def test_zsre() -> None:
    first = read_requests(DATA / "zsre_3.jsonl")[0]
    assert first == EditRequest(
        prompt="When was the inception of {}?",
        subject="IAAF Combined Events Challenge",
        target_new="2006",
        target_true="1998",
        paraphrase_prompts=("When was the IAAF Combined Events Challenge launched?",),
        neighborhood_prompts=("nq question: what is the name of the last episode of spongebob",),
    )


def test_zsre_without_alt_takes_the_first_answer() -> None:
    record = {"src": "Who made Volvo B12M?", "subject": "Volvo B12M", "answers": ["Volvo Buses"]}
    (request,) = requests_of(record)
    assert request.target_new == "Volvo Buses"


@pytest.mark.parametrize("target", ["Microsoft", {"str": "Microsoft"}, ["Microsoft", "MS"]])
def test_rome_dicts(tmp_path: Path, target: object) -> None:
    path = write(tmp_path, "r.json", [{**JOBS, "target_new": target, "note": "ignored"}])
    assert read_requests(path) == [EditRequest(**JOBS, target_new="Microsoft")]


def test_our_own_form_goes_round(tmp_path: Path) -> None:
    request = EditRequest(
        **JOBS,
        target_new=" Microsoft",
        target_true="Apple",
        case_id="7",
        paraphrase_prompts=("a",),
        neighborhood_prompts=("b",),
        attribute_prompts=("c", "d"),
        generation_prompts=("e",),
    )
    assert read_requests(write(tmp_path, "one.json", request.to_json())) == [request]


def test_easyedit_parallel_lists(tmp_path: Path) -> None:
    lists = {
        "prompts": ["Ray Charles, the", "Grant Hill is a professional"],
        "subject": ["Ray Charles", "Grant Hill"],
        "target_new": ["violin", "soccer"],
        "ground_truth": ["piano", "basketball"],
        "rephrase_prompts": ["Ray Charles plays the", ["Grant Hill plays", "Hill plays"]],
        "locality_inputs": {
            "neighborhood": {
                "prompt": ["Joseph Fischhof, the", ["Larry Bird is a professional", "x"]],
                "ground_truth": ["piano", ["basketball", "y"]],
            }
        },
    }
    one, two = read_requests(write(tmp_path, "lists.json", lists))
    assert one.prompt == "{}, the"
    assert (two.target_new, two.target_true) == ("soccer", "basketball")
    assert two.paraphrase_prompts == ("Grant Hill plays", "Hill plays")
    assert one.neighborhood_prompts == ("Joseph Fischhof, the",)
    assert two.neighborhood_prompts == ("Larry Bird is a professional", "x")


def test_easyedit_records() -> None:
    record = {
        "prompt": "The official language of Iceland is",
        "subject": "Iceland",
        "target_new": "Danish",
        "ground_truth": [["Icelandic"]],
        "rephrase_prompt": "In Iceland they speak",
        "locality": {"Relation_Specificity": [{"prompt": "Norway speaks", "ground_truth": ["no"]}]},
    }
    (request,) = requests_of(record)
    assert request.prompt == "The official language of {} is"
    assert request.target_true == "Icelandic"
    assert request.paraphrase_prompts == ("In Iceland they speak",)
    assert request.neighborhood_prompts == ("Norway speaks",)


def test_typed_lines(tmp_path: Path) -> None:
    text = "# mine\n[Poland] has the capital => Paris\n\nThe home of [Lego] is => Oslo\n"
    found = find_requests(write(tmp_path, "r.txt", text))
    assert [f.line for f in found] == [2, 4]
    assert found[1].request.prompt == "The home of {} is"


@pytest.mark.parametrize(
    ("prompt", "subject", "expected"),
    [
        ("Arthur likes Art", "Art", "Arthur likes {}"),
        ("Rome: what is Rome?", "Rome", "{}: what is Rome?"),
        ("東京都の首都は", "東京", "{}都の首都は"),
        ("Who is C++ for?", "C++", "Who is {} for?"),
        ("{} and Art", "Art", "{} and Art"),
    ],
)
def test_template(prompt: str, subject: str, expected: str) -> None:
    assert template(prompt, subject) == expected


def test_template_without_its_subject() -> None:
    with pytest.raises(RequestError, match="'Oslo' does not occur in the prompt"):
        template("The capital of Norway is", "Oslo")


GOOD = json.dumps({**JOBS, "target_new": "x"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "", "no requests in it|broken|Expecting"),
        ("a.json", "[]", "no requests in it"),
        ("a.json", f"[{GOOD},\n{{]", r"a\.json:2: "),
        ("a.json", f"[{GOOD}\n{GOOD}]", r"a\.json:2: expecting ','"),
        ("a.json", f"[{GOOD}]\nmore", r"a\.json:2: text after the end"),
        ("a.json", f"[{GOOD},\n\n", r"a\.json:3: "),
        ("a.json", '{\n "prompt": "x"\n "y": 1}', r"a\.json:3: "),
        ("a.json", f"{GOOD}\n{GOOD}\n{{broken\n", r"a\.json:3: "),
        ("a.jsonl", f"{GOOD}\n\n[1, 2\n", r"a\.jsonl:3: "),
        ("a.jsonl", f"{GOOD}\n42\n", r"a\.jsonl:2: not a request but 42"),
        ("a.json", '["[a] b => c"]', r"a\.json:1: not a request but"),
        ("a.json", [JOBS], r"a\.json:1: the request has no target_new"),
        ("a.json", [{"subject": "x", "template": "y"}], "no request with the keys 'subject'"),
        ("a.json", [{**JOBS, "target_new": 5}], "5 for target_new"),
        ("a.json", [{**JOBS, "target_new": ""}], "the target is empty"),
        ("a.json", [{**JOBS, "subject": " ", "target_new": "x"}], "the subject is empty"),
        ("a.json", [{**JOBS, "prompt": "{} {}", "target_new": "x"}], "has 2 {}"),
        ("a.json", [{"requested_rewrite": 3}], "requested_rewrite is 3"),
        ("a.json", [{**JOBS, "target_new": "x", "rephrase": 3}], "rephrase holds 3"),
        ("a.json", {"prompts": ["a b", "c"], "subject": ["a"]}, "target_new is None"),
        (
            "a.json",
            {"prompts": ["a b", "c"], "subject": ["a"], "target_new": ["x", "y"]},
            "subject has 1 entries where prompts has 2",
        ),
        (
            "a.json",
            {"prompts": ["a b", "c"], "subject": ["a", "d"], "target_new": ["x", "y"]},
            "entry 1 of the lists: the subject 'd' does not occur",
        ),
        ("a.txt", "[a] b => c\nno arrow\n", r"a\.txt:2: no =>"),
        ("deep.json", "[" * 200_000, "nested too deeply"),
    ],
)
def test_broken_files_are_named_by_line(
    tmp_path: Path, name: str, content: object, message: str
) -> None:
    with pytest.raises(FileFormatError, match=message):
        read_requests(write(tmp_path, name, content))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="No such file"):
        read_requests(tmp_path / "absent.json")
    with pytest.raises(FileFormatError, match="directory"):
        read_requests(tmp_path)
    (tmp_path / "latin.json").write_bytes(b"[\xe9]")
    with pytest.raises(FileFormatError, match=r"not UTF-8 text \(byte 1\)"):
        read_requests(tmp_path / "latin.json")


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "bom.json"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert len(read_requests(path)) == 1
