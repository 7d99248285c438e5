"""Generation: seeded, streamed, stoppable, and harmless to the process's random state."""

from __future__ import annotations

import threading

import pytest
import torch

from romebench.engine.contexts import draw_contexts, read_contexts
from romebench.engine.generation import Sampling, generate
from romebench.engine.model import LoadedModel
from romebench.engine.tokens import split_template
from romebench.errors import FileFormatError, RequestError, UsageError

PROMPT = "Steve Jobs was the founder of"


def test_the_same_seed_gives_the_same_text(tiny_gpt2: LoadedModel) -> None:
    a = generate(tiny_gpt2, PROMPT, Sampling(max_new_tokens=12, seed=3, top_k=0))
    b = generate(tiny_gpt2, PROMPT, Sampling(max_new_tokens=12, seed=3, top_k=0))
    c = generate(tiny_gpt2, PROMPT, Sampling(max_new_tokens=12, seed=4, top_k=0))
    assert a.token_ids == b.token_ids
    assert a.token_ids != c.token_ids


def test_greedy_is_the_argmax_of_whole_passes(tiny_gpt2: LoadedModel) -> None:
    found = generate(tiny_gpt2, PROMPT, Sampling(max_new_tokens=6, greedy=True))
    ids = tiny_gpt2.tokenizer(PROMPT)["input_ids"]
    for token in found.token_ids:
        with torch.no_grad():
            logits = tiny_gpt2.model(torch.tensor([ids])).logits[0, -1]
        assert int(logits.argmax()) == token
        ids = [*ids, token]


def test_top_k_of_one_is_greedy(tiny_gpt2: LoadedModel) -> None:
    greedy = generate(tiny_gpt2, PROMPT, Sampling(max_new_tokens=5, greedy=True))
    sampled = generate(tiny_gpt2, PROMPT, Sampling(max_new_tokens=5, top_k=1, seed=9))
    assert greedy.token_ids == sampled.token_ids


def test_the_stream_adds_up_to_the_text(tiny_gpt2: LoadedModel) -> None:
    pieces: list[str] = []
    found = generate(
        tiny_gpt2, PROMPT, Sampling(max_new_tokens=30, top_k=0, seed=1), on_text=pieces.append
    )
    assert "".join(pieces) == found.new_text
    assert found.text == PROMPT + found.new_text


def test_the_process_random_state_is_left_alone(tiny_gpt2: LoadedModel) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    generate(tiny_gpt2, PROMPT, Sampling(max_new_tokens=4))
    draw_contexts(tiny_gpt2, [(5, 2)], 0)
    assert torch.equal(torch.rand(3), expected)


def test_a_stop_keeps_what_was_written(tiny_gpt2: LoadedModel) -> None:
    stop = threading.Event()
    found = generate(
        tiny_gpt2, PROMPT, Sampling(max_new_tokens=50, top_k=0, seed=2),
        on_text=lambda _: stop.set(), stop=stop,
    )  # fmt: skip
    assert found.finish == "stopped"
    assert 1 <= len(found.token_ids) < 50


def test_the_context_ends_a_text(tiny_gpt2: LoadedModel) -> None:
    tiny_gpt2.model.generation_config.eos_token_id = 10**6
    found = generate(tiny_gpt2, PROMPT, Sampling(max_new_tokens=500, top_k=0, seed=0))
    assert found.finish == "context"
    assert found.prompt_tokens + len(found.token_ids) == tiny_gpt2.max_positions


def test_prompts_that_cannot_be_continued(tiny_gpt2: LoadedModel) -> None:
    with pytest.raises(RequestError, match="empty"):
        generate(tiny_gpt2, "", Sampling())
    with pytest.raises(RequestError, match=r"\d+ tokens"):
        generate(tiny_gpt2, "word " * 300, Sampling())


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_new_tokens", 0), ("temperature", 0.0), ("top_k", -1), ("top_p", 0.0), ("seed", -1)],
)
def test_sampling_names_what_is_out_of_range(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        Sampling(**{name: value})  # type: ignore[arg-type]


def test_contexts_are_drawn_by_seed_and_are_templates(tiny_gpt2: LoadedModel) -> None:
    drawn = draw_contexts(tiny_gpt2, [(5, 4), (10, 3)], seed=7)
    assert drawn == draw_contexts(tiny_gpt2, [(5, 4), (10, 3)], seed=7)
    assert drawn != draw_contexts(tiny_gpt2, [(5, 4), (10, 3)], seed=8)
    assert drawn[0] == "{}"
    assert len(drawn) == 8
    for template in drawn:
        before, after = split_template(template)
        assert after == ""
        assert "\n" not in before


def test_braces_in_templates_are_literal_when_doubled() -> None:
    assert split_template("a {{b}} c. {}") == ("a {b} c. ", "")
    for bad in ("no hole", "{} and {}", "{0}", "{name}", "stray { here {}", "{!r}"):
        with pytest.raises(RequestError, match="context template"):
            split_template(bad)


def test_contexts_file(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    good = folder / "contexts.json"
    good.write_text('["One. {}", "Two. {}"]')
    assert read_contexts(good) == ("{}", "One. {}", "Two. {}")
    for text, named in (
        ("[1]", "not a list of texts"),
        ('["ok. {}",\n"', "contexts.json:2"),
        ('["{}", "none"]', "item 2"),
    ):
        good.write_text(text)
        with pytest.raises(FileFormatError, match=named):
            read_contexts(good)
    with pytest.raises(FileFormatError, match="No such file"):
        read_contexts(folder / "missing.json")
