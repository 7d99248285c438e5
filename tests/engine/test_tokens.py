"""One tokenisation with offsets decides every index: BOS or none, any script, any place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from romebench.engine.loading import load_model
from romebench.engine.model import LoadedModel
from romebench.engine.request import EditRequest
from romebench.engine.tokens import context_row, encode, kl_row, merge_rows, show_tokens
from romebench.hparams import FactToken

LAST = FactToken.SUBJECT_LAST


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def model(request: pytest.FixtureRequest) -> LoadedModel:
    """Without and with a BOS in front of every text."""
    from pathlib import Path

    goldens = Path(__file__).parents[1] / "data" / "goldens"
    return load_model(str(goldens / "models" / request.param), device="cpu")


def text_up_to(model: LoadedModel, ids: tuple[int, ...]) -> str:
    return str(model.tokenizer.decode(ids, skip_special_tokens=True))


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        ("{} was the founder of", "Steve Jobs"),
        ("The capital of {} is", "France"),
        ("The official language of {}", "New Amsterdam"),
        ("{}'s mother tongue is", "Danielle Darrieux"),
        ("Oslo is nice, and {} is", "Oslo"),
        ("{} は", "東京タワー"),
        ("Город {} находится в", "Екатеринбург"),
        ("({}) lies in", "St. John's"),
        ("{} is", "🗼 Tower"),
        ("{} is", " padded "),
    ],
)
@pytest.mark.parametrize("template", ["{}", "In the beginning there. {}", "He said: '{}'"])
def test_the_lookup_token_ends_the_subject(
    model: LoadedModel, prompt: str, subject: str, template: str
) -> None:
    row = context_row(model.tokenizer, EditRequest(prompt, subject, "Paris"), template, LAST)
    through = text_up_to(model, row.ids[: row.lookup + 1])
    before = template.split("{}")[0] + prompt.split("{}")[0] + subject.rstrip()
    assert through.startswith(before)
    one_less = text_up_to(model, row.ids[: row.lookup])
    assert not one_less.startswith(before)
    assert text_up_to(model, row.targets) == " Paris"


def test_ids_are_those_of_the_final_string(model: LoadedModel) -> None:
    request = EditRequest("The home of {} is", "Søren", "a long, odd answer")
    row = context_row(model.tokenizer, request, "Well. {}", LAST)
    whole = encode(model.tokenizer, "Well. The home of Søren is a long, odd answer").ids
    assert (*row.ids, row.targets[-1]) == whole
    assert row.ids[-(len(row.targets) - 1) :] == row.targets[:-1]


def test_a_space_is_added_once(model: LoadedModel) -> None:
    rows = [
        context_row(model.tokenizer, EditRequest("{} is", "Oslo", target), "{}", LAST)
        for target in ("big", " big")
    ]
    assert rows[0] == rows[1]


def test_merging_adds_weights(model: LoadedModel) -> None:
    request = EditRequest("{} is", "Oslo", "big")
    rows = [context_row(model.tokenizer, request, t, LAST) for t in ("{}", "Well. {}", "{}")]
    merged = merge_rows(rows)
    assert [row.weight for row in merged] == [2, 1]
    assert merged[0].ids == rows[0].ids


def test_the_kl_row_is_read_at_the_subject(model: LoadedModel) -> None:
    row = kl_row(model.tokenizer, "Steve Jobs", LAST)
    assert text_up_to(model, row.ids) == "Steve Jobs is a"
    assert text_up_to(model, row.ids[: row.lookup + 1]) == "Steve Jobs"
    assert row.targets == ()


def test_tokens_for_a_person_add_up(model: LoadedModel) -> None:
    shown = show_tokens(model, EditRequest("{} is", "Steve Jobs", "big"), LAST)
    assert len(shown["ids"]) == len(shown["pieces"])
    assert "".join(shown["target_pieces"]) == " big"
    assert shown["pieces"][shown["lookup_index"]].strip() in "Jobs"


words = st.text(st.characters(codec="utf-8", exclude_characters="{}\0"), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(before=words, subject=words, after=words, target=words)
def test_any_text_has_its_subject_found(
    any_model: LoadedModel, before: str, subject: str, after: str, target: str
) -> None:
    if not subject.strip() or not target.strip():
        return
    request = EditRequest(before + "{}" + after, subject, target)
    row = context_row(any_model.tokenizer, request, "{}", LAST)
    encoding = encode(any_model.tokenizer, request.text + " " + target.lstrip(" "))
    end = len(before) + len(subject.rstrip())
    start, stop = encoding.spans[row.lookup]
    assert start < end <= stop or start < end
    assert all(a >= end for a, b in encoding.spans[row.lookup + 1 : len(row.ids)] if b > a)


@pytest.fixture(scope="module")
def any_model(model: LoadedModel) -> LoadedModel:
    return model
