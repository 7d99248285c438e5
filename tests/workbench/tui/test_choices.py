"""How texts are generated, and paths as they are typed: without a screen."""

from __future__ import annotations

import pytest

from romebench.errors import UsageError
from romebench.workbench.settings import Settings
from romebench.workbench.tui.dialogs.paths import Files, completed
from romebench.workbench.tui.sampling import Choice
from romebench.workbench.tui.understand import understand

FORM = {"max_new_tokens": "12", "temperature": "0.7", "top_k": "0", "top_p": "1", "seed": ""}


def test_a_form_is_read_as_parameters():
    choice = Choice.typed(greedy=False, **FORM)
    assert choice == Choice(12, False, 0.7, 0, 1.0, None)
    assert choice.words() == ["12 tokens", "temperature 0.7", "the session's seed"]
    assert Choice(1, True).words() == ["1 token", "greedy"]


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("temperature", "0", "temperature is 0"),
        ("top_k", "many", "top_k is 'many'"),
        ("max_new_tokens", "", "max_new_tokens is empty"),
        ("top_p", "1.5", "top_p is 1.5"),
        ("seed", "-1", "seed is -1"),
    ],
)
def test_what_cannot_be_sampled_with_is_refused(field, text, message):
    with pytest.raises(UsageError, match=message):
        Choice.typed(greedy=False, **{**FORM, field: text})


def test_plain_text_is_generated_with_the_choice():
    asked = understand("Once upon", Choice.of(Settings(max_new_tokens=7, greedy=True)))
    assert (asked.params.max_new_tokens, asked.params.greedy) == (7, True)
    asked = understand("Once upon", Choice(seed=3, top_k=9))
    assert (asked.params.seed, asked.params.top_k, asked.params.greedy) == (3, 9, False)


def test_a_path_is_completed_from_its_folder(tmp_path, monkeypatch):
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "one.jsonl").write_text("")
    (tmp_path / ".hidden").write_text("")
    monkeypatch.chdir(tmp_path)
    assert completed("fa") == "facts/"
    assert completed("facts/o") == "facts/one.jsonl"
    assert completed(f"{tmp_path}/facts/") == f"{tmp_path}/facts/one.jsonl"
    assert completed("nothing") is None
    assert completed("nowhere/at/all") is None
    assert completed("") is None
    assert completed(".h") == ".hidden"
    files = Files(tmp_path, (".jsonl",))
    found = [tmp_path / "facts", tmp_path / ".hidden", tmp_path / "facts" / "one.jsonl"]
    assert list(files.filter_paths(found)) == [found[0], found[2]]
