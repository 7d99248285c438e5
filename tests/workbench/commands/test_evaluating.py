"""The evaluation commands on the pocket model: run, go on, write, and put side by side."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from romebench.hparams import load_preset

from ..conftest import Outcome

Romebench = Callable[..., Outcome]
RUN = ("eval", "counterfact", "pocket", "--skip-generation", "--rule", "rome")


@pytest.fixture
def quick(tmp_path: Path) -> tuple[str, ...]:
    """Options of sessions whose edits take little time."""
    hparams, contexts = tmp_path / "hparams.json", tmp_path / "contexts.json"
    few = {**load_preset("pocket").to_json(), "v_num_grad_steps": 6}
    hparams.write_text(json.dumps(few), encoding="utf-8")
    contexts.write_text(json.dumps(["{}", "The train was late. {}"]), encoding="utf-8")
    return ("--hparams", str(hparams), "--contexts", str(contexts))


def figures_of(run: dict[str, list[dict[str, float]]]) -> dict[str, float]:
    return {str(figure["key"]): figure["mean"] for figure in run["figures"]}


def test_a_run_is_told_continued_and_summarised(
    romebench: Romebench, tmp_path: Path, quick: tuple[str, ...]
) -> None:
    results = tmp_path / "results"
    made = romebench(*RUN, *quick, "-n", "2", "--results", str(results), "--json")
    assert made.code == 0, made.err
    told = json.loads(made.out)
    name = told["session"]
    assert name == "pocket-counterfact"
    assert (told["taken"], told["run"]["cases"]) == (2, 2)
    assert told["run"]["second_moment"] == "C"
    assert told["tokeniser"] is None
    es = figures_of(told["run"])["post_rewrite_success"]
    assert sorted(p.name for p in Path(told["results"]).iterdir())[-1] == "params.json"

    again = romebench(*RUN, "-n", "2", "--name", name)
    assert again.code == 0, again.err
    assert "2, 0 of them now" in again.out
    assert "cheap vitals, guard stop" in romebench("sessions", "show", name).out
    for others, message in (
        (("-n", "1"), "another sample"),
        (("-n", "2", "--sequential"), "another mode"),
        (("-n", "2", "--rule", "p-rome"), "was made with rule rome"),
    ):
        other = romebench(*RUN, *others, "--name", name)
        assert other.code == 2
        assert message in other.err

    summary = json.loads(romebench("eval", "summarize", name, str(results), "--json").out)
    assert [run["method"] for run in summary["runs"]] == ["rome", "ROME"]
    assert figures_of(summary["runs"][0]) == pytest.approx(figures_of(summary["runs"][1]))
    assert [run["second_moment"] for run in summary["runs"]] == ["C", "C"]

    table = romebench("eval", "summarize", name).out
    assert table.splitlines()[1].split()[0] == "S"
    rows = list(csv.DictReader(io.StringIO(
        romebench("eval", "summarize", name, "--layout", "csv").out
    )))  # fmt: skip
    (row,) = [row for row in rows if row["key"] == "post_rewrite_success"]
    assert (row["metric"], float(row["mean"]), row["n"]) == ("ES", es, "2")
    latex = romebench("eval", "summarize", str(results / "ROME"), "--layout", "latex").out
    assert latex.startswith("\\begin{tabular}{lrrrrrrr}")
    assert "ROME/run\\_000 (2) & " in latex
    first = json.loads(romebench("eval", "summarize", name, "--first", "1", "--json").out)
    assert first["runs"][0]["cases"] < 2


def test_texts_are_scored_and_say_with_what(romebench: Romebench, quick: tuple[str, ...]) -> None:
    made = romebench(
        "eval", "counterfact", "pocket", "-n", "1", "--snippets", "pocket", *quick, "--stats",
        "none", "--name", "texts",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert "nltk-words, for GE" in made.out
    assert "tf-idf of the snippets of pocket" in made.out
    assert "r-rome with C=I" in made.out
    assert "GE before" in made.out
    shown = romebench("eval", "summarize", "texts").out
    assert "texts (1, C=I)" in shown


def test_a_baseline_is_evaluated_and_edits(romebench: Romebench, quick: tuple[str, ...]) -> None:
    made = romebench(
        "eval", "counterfact", "pocket", "-n", "1", "--skip-generation", "--method", "ft-l", *quick,
        "--name", "tuned",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert "ft-l, each on the unedited model" in made.out
    assert "✗" not in made.out
    shown = json.loads(romebench("eval", "summarize", "tuned", "--json").out)["runs"][0]
    assert (shown["method"], shown["second_moment"]) == ("ft-l", "")
    shown = json.loads(romebench("log", "--session", "tuned", "--json").out)
    assert [(step["rule"], step["depth"]) for step in shown["steps"]] == [("ft-l", 1)]
    # And by hand, in the same session: one command line for each way to ask for it.
    typed = "[LeBron James] plays the sport of => football"
    edited = romebench("edit", typed, "--method", "ft", "--session", "tuned")
    assert edited.code == 0, edited.err
    assert "u·k" not in edited.out
    assert romebench("replay", "--session", "tuned").code == 0
    for wrong, told in (
        (("--method", "ft", "--rule", "rome"), "--method ft and --rule rome"),
        (("--method", "ft", "--hparams", "pocket"), "--method-hparams"),
        (("--method-hparams", "x.json"), "--method-hparams without --method"),
        (("--method", "ft", "--method-hparams", "x.json"), "x.json"),
    ):
        refused = romebench("edit", typed, *wrong, "--session", "tuned")
        assert refused.code in (2, 4)
        assert told in refused.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("eval", "counterfact", "missing.json"), "missing.json"),
        (("eval", "zsre", "pocket"), "CounterFact's form"),
        (("eval", "counterfact", "pocket", "-n", "99999"), "cases, not 99999"),
        (("eval", "counterfact", "pocket", "--tfidf", "x"), "--tfidf without --snippets"),
        (("eval", "summarize"), "RUNS"),
        (("eval", "summarize", "nothing"), "no session named 'nothing'"),
    ],
)
def test_bad_use_is_named_before_a_model_is_loaded(
    romebench: Romebench, arguments: tuple[str, ...], message: str
) -> None:
    outcome = romebench(*arguments)
    assert outcome.code in (2, 4)
    assert message in outcome.err


def test_a_session_without_a_run_is_named(romebench: Romebench, study: Path) -> None:
    outcome = romebench("eval", "summarize", "study")
    assert outcome.code == 2
    assert "holds no evaluation" in outcome.err
    outcome = romebench(*RUN, "--name", "study")
    assert outcome.code == 2


def test_probes_are_told_along_the_path(romebench: Romebench, study: Path) -> None:
    arguments = ("eval", "glue", "--tasks", "me-ppl", "--every", "1", "-n", "3")
    made = romebench(*arguments, "--json")
    assert made.code == 0, made.err
    lines = json.loads(made.out)["lines"]
    assert [(line["step"], line["probe"], line["known"]) for line in lines] == [
        (0, "me-ppl", False),
        (1, "me-ppl", False),
    ]
    assert lines[0]["distance"] == 0.0 < lines[1]["distance"]
    assert romebench(*arguments).out.count("known") == 2


def test_tasks_that_pocket_is_too_short_for_say_so(romebench: Romebench, study: Path) -> None:
    outcome = romebench("eval", "glue", "--tasks", "mrpc")
    assert outcome.code == 3
    assert "pocket takes 192 tokens, and mrpc needs" in outcome.err
    outcome = romebench("eval", "glue", "--tasks", "sst3")
    assert outcome.code == 2
    assert "'sst3' is no task" in outcome.err
    outcome = romebench("eval", "harness", "--tasks", "x", "--include-path", str(study / "no"))
    assert outcome.code == 2
    assert "romebench[lm-eval]" in outcome.err or "no folder" in outcome.err


def test_what_the_harness_had_to_cut_is_said() -> None:
    from romebench.workbench.cli.output import to_text
    from romebench.workbench.commands.probed import HarnessAsked, HarnessLine
    from romebench.workbench.render import render

    line = HarnessLine(2, 2, "capitals", "acc", 0.75, 0.25, 4, 0, 0, 16, 1e-5, False)
    asked = HarnessAsked("study", 192, "0.4.13", (line,))
    whole = to_text(render(asked), color="never", tty=False)
    assert "0.7500    0.2500" in whole
    assert "lm-eval 0.4.13" in whole
    assert "192" not in whole
    cut = HarnessAsked("study", 192, "0.4.13", (replace(line, cut=3, stderr=None, known=True),))
    told = to_text(render(cut), color="never", tty=False)
    assert "3 of 16" in told
    assert "takes 192 tokens: longer requests lost their beginning" in told


def test_what_must_not_fold_is_whole_at_any_width(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.text import Text

    from romebench.workbench.cli.output import to_text

    monkeypatch.setenv("COLUMNS", "20")
    line = ",".join(["a value"] * 20)
    raw = Text(f"{line}\nnext\n", no_wrap=True, overflow="ignore", end="")
    assert to_text(raw, color="never", tty=False) == f"{line}\nnext\n"
