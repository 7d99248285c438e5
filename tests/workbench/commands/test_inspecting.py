"""The inspecting commands from the command line, on a small trained model."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from romebench.errors import RequestError
from romebench.workbench.commands.inspecting import marked_prompt

from ..conftest import Outcome

PROMPT = "Steve Jobs was the founder of"
MARKED = "[Steve Jobs] was the founder of"
HPARAMS = {
    "layers": [1], "fact_token": "subject_last", "v_num_grad_steps": 12, "v_lr": 0.5,
    "v_loss_layer": 3, "v_weight_decay": 0.5, "clamp_norm_factor": 4, "kl_factor": 0.0625,
    "mom2_adjustment": False, "context_template_length_params": [[5, 10], [10, 10]],
    "rewrite_module_tmp": "transformer.h.{}.mlp.c_proj", "layer_module_tmp": "transformer.h.{}",
    "mlp_module_tmp": "transformer.h.{}.mlp", "attn_module_tmp": "transformer.h.{}.attn",
    "ln_f_module": "transformer.ln_f", "lm_head_module": "lm_head",
    "mom2_dataset": "wikipedia", "mom2_n_samples": 100, "mom2_dtype": "float32",
}  # fmt: skip


@pytest.fixture
def call(
    romebench: Callable[..., Outcome], goldens: Path, tmp_path: Path
) -> Callable[..., Outcome]:
    """The command line on a session with one edit."""
    hparams, contexts = tmp_path / "hparams.json", tmp_path / "contexts.json"
    hparams.write_text(json.dumps(HPARAMS))
    contexts.write_text(json.dumps(["{}", "Yesterday. {}"]))
    made = romebench(
        "edit", f"{MARKED} => Microsoft", "--model", str(goldens / "models" / "gpt2t"),
        "--hparams", str(hparams), "--contexts", str(contexts), "--stats", "none",
    )  # fmt: skip
    assert made.code == 0, made.err
    return romebench


def of(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out)
    assert isinstance(found, dict)
    return found


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_a_lens_of_base_and_edited(call: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "lens.csv"
    found = of(
        call("lens", PROMPT, "--compare", "-w", "Apple, Microsoft", "--csv", str(path), "--json")
    )
    assert (found["step"], found["against_step"], found["stored"]) == (1, 0, True)
    assert found["answer"] == " Microsoft"
    comparison = found["comparison"]
    assert comparison["before"]["rows"][-1]["tokens"][0] == " Apple"
    assert comparison["changed"][-1] is True
    assert comparison["flip"] is not None
    assert found["lens"]["rows"][-1]["watched_ranks"][1] == 1
    rows = table(path)
    assert len(rows) == 2 * 4 * 5
    assert rows[0]["step"] == "0"
    last = [row for row in rows if (row["step"], row["layer"], row["rank"]) == ("1", "3", "1")]
    assert last[0]["token"] == " Microsoft"
    shown = call("lens", PROMPT, "--compare").out
    assert "the answer flips at layer" in shown
    assert "◆" in shown
    same = call("lens", PROMPT, "--at", "base", "--compare").out
    assert "the answer is the same" in same
    kept = [m for m in of(call("show", "1", "--json"))["measurements"] if m["probe"] == "lens"]
    assert len(kept) == 2


def test_a_trace_of_base_and_edited(call: Callable[..., Outcome], tmp_path: Path) -> None:
    figures, picture = tmp_path / "trace.csv", tmp_path / "trace.svg"
    arguments = ("trace", MARKED, "--compare", "--samples", "3", "--csv", str(figures))
    found = of(call(*arguments, "--json"))
    assert found["trace"]["answer"] == " Microsoft"
    assert found["against"]["answer"] == " Apple"
    assert found["trace"]["scores"][-1][-1] == pytest.approx(found["trace"]["high"], rel=1e-4)
    rows = table(figures)
    assert len(rows) == 2 * 6 * 4
    assert {row["subject"] for row in rows if row["token"] in "01"} == {"1"}
    again = call(*arguments)
    assert again.code == 2
    assert "there is a file" in again.err
    shown = call(*arguments, "--force", "--plot", str(picture), "--answer", "Apple")
    assert shown.code == 0, shown.err
    assert "Steve*" in shown.out
    assert "p(·Apple)" in shown.out
    assert picture.read_text().startswith("<?xml")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--kind", "mlp", "--window", "2", "--at", "base"),
        ("--kind", "attn", "--noise", "u0.5"),
        ("--severed", "mlp", "--noise", "m", "--replace"),
        ("--noise", "t3", "--against", "1"),
    ],
)
def test_kinds_and_noises(call: Callable[..., Outcome], arguments: tuple[str, ...]) -> None:
    found = of(call("trace", MARKED, "--samples", "2", *arguments, "--json"))
    assert len(found["trace"]["scores"]) == 6
    assert call("trace", MARKED, "--samples", "2", *arguments).code == 0


def test_an_average_over_facts(call: Callable[..., Outcome], tmp_path: Path) -> None:
    facts, cases = tmp_path / "facts.json", tmp_path / "cases.jsonl"
    known = {"known_id": 1, "prompt": PROMPT, "subject": "Steve Jobs", "attribute": "Apple"}
    facts.write_text(json.dumps([known, {**known, "known_id": 2, "attribute": "Google"}]))
    arguments = ("trace", "--facts", str(facts), "--cases", str(cases), "--samples", "2")
    found = of(call(*arguments, "--at", "base", "--json"))["average"]
    assert (found["facts"], found["unknown"]) == (1, 1)
    assert found["curves"][-1]["role"] == "last token"
    assert found["curves"][-1]["low"] == [None] * 4, "one fact has no interval"
    assert len(cases.read_text().splitlines()) == 3
    picture, figures = tmp_path / "aie.png", tmp_path / "aie.csv"
    shown = call(*arguments, "--at", "base", "--plot", str(picture), "--csv", str(figures))
    assert "1 fact traced, 1 that the model doesn't know left out" in shown.out
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert {row["role"] for row in table(figures)} >= {"last subject token", "last token"}
    refused = call(*arguments)
    assert refused.code == 2
    assert "of other weights or settings" in refused.err
    everything = of(
        call("trace", "--facts", str(facts), "--any-answer", "--samples", "2", "--json")
    )
    assert everything["average"]["facts"] == 2
    nothing = call(
        "trace", "--facts", str(facts), "--samples", "2"
    )  # the edited model says Microsoft
    assert "the model knows none of these facts" in nothing.out


def test_vectors_and_their_controls(call: Callable[..., Outcome], tmp_path: Path) -> None:
    figures, picture = tmp_path / "v.csv", tmp_path / "v.pdf"
    found = of(
        call(
            "vectors",
            PROMPT,
            "--at",
            "base",
            "-n",
            "9",
            "--csv",
            str(figures),
            "--plot",
            str(picture),
            "--json",
        )
    )
    arithmetic = found["arithmetic"]
    assert arithmetic["answer"] == " Apple"
    assert found["layer_scores"].keys() == {"0", "1", "2", "3", "4", "5"}
    controls = arithmetic["scores"][0]["controls"]
    assert [c["kind"] for c in controls] == ["random", "low-cosine", "shuffled", "several"]
    assert {len(c["scores"]) for c in controls} == {9}
    assert len(table(figures)) == 6 * 4
    assert picture.read_bytes()[:4] == b"%PDF"
    text = call("vectors", PROMPT, "--from", "France is a | Steve Jobs is", "--act", "residual",
                "-l", "2", "-x", "-2", "-n", "5").out  # fmt: skip
    assert "residual, scale -2 at layer 2" in text
    assert "low-cosine (mean, p)" in text
    swept = of(call("vectors", PROMPT, "--act", "ffn", "-l", "1", "--sweep", "-1,1", "--json"))
    assert len(swept["sweep"]["probs"]) == 4
    assert call("vectors", PROMPT, "--act", "ffn", "-l", "1", "--sweep", "-1,1").code == 0


def test_an_explanation(call: Callable[..., Outcome]) -> None:
    found = of(call("explain", "1", "--trace", "--json"))["explanation"]
    assert found["lens"]["after"]["rows"][-1]["tokens"][0] == " Microsoft"
    assert len(found["direction"]["promoted"]) == 8
    assert found["traces"][0]["answer"] == " Microsoft"
    shown = call("explain", "1").out
    for word in ("read by the head", "logits raised", "u·k", "p(new) before", "the answer flips"):
        assert word in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lens",), "the prompt is empty"),
        (("lens", "x", "--position", "9"), "no position 9"),
        (("lens", "x", "--at", "7"), "no step 7"),
        (("lens", "x", "--plot", "x.gif"), "no picture file"),
        (("trace", "Steve Jobs was"), "no subject is given"),
        (("trace", "Steve Jobs was", "-s", "Gates"), "'Gates' is not in"),
        (("trace", MARKED, "--noise", "x3"), "is no noise"),
        (("trace", MARKED, "--kind", "mlp", "--severed", "mlp"), "can't be severed"),
        (("trace", "--facts", "none.json"), "none.json"),
        (("vectors", PROMPT, "--vector", "none.npy"), "none.npy"),
        (("vectors", PROMPT, "--layer", "9"), "no layer 9"),
        (("vectors", PROMPT, "--sweep", "a,b"), "are no scales"),
        (("vectors", PROMPT, "--sweep", "1"), "a sweep needs scales"),
        (("explain", "base"), "the base is no edit"),
    ],
)
def test_bad_words_are_one_clear_line(
    call: Callable[..., Outcome], arguments: tuple[str, ...], said: str
) -> None:
    outcome = call(*arguments)
    assert outcome.code in (2, 3), outcome.err
    assert said in outcome.err
    assert not outcome.out
    assert "Traceback" not in outcome.err


def test_a_marked_prompt_may_name_its_answer() -> None:
    assert marked_prompt("The capital of [Poland] is") == (
        "The capital of Poland is", "Poland", 15, None,
    )  # fmt: skip
    assert marked_prompt("The capital of [Poland] is => Warsaw")[3] == "Warsaw"
    with pytest.raises(RequestError):
        marked_prompt("[a] and [b]")
